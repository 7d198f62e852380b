"""The record of a component of candles.

Sums that must not depend on the order of merging are pairs of doubles, ``name`` and ``name_low``: the exact sum is
high + low, high being the double nearest to it. Their terms are whole numbers (amounts in lots, prices in ticks) or
multiples of a fixed power of two, so that adding pairs is exact up to 2^100 units (see :mod:`..arithmetic`).
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from market_data_assets.compute.features import Component, Fold

NEVER = np.iinfo(np.int64).max
"""First time of a bucket without trades; negated, its last time."""


class Kind(Enum):
    """How a component is held."""

    NUMBER = "float64, NaN where the bucket has none"
    INTEGER = "int64"
    EXACT = "two float64: the sum and what it lacks"


@dataclass(frozen=True, slots=True)
class CandleComponent(Component):
    """A component of candles.

    Attributes:
        kind: How it is held in memory and stored.
        public: Stored as the visible column of the same name; otherwise in a hidden column with the prefix ``_``.
        empty: Value in a bucket without trades.
        feed: The whole-number component that is 0 in every bucket of a day on which the instrument has no such feed: there
            this component is stored as null, and neither folded nor computed from. None: it comes from trades.
    """

    kind: Kind = Kind.NUMBER
    public: bool = False
    empty: float = 0
    feed: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a row in memory."""
        return (self.name, f"{self.name}_low") if self.kind is Kind.EXACT else (self.name,)

    @property
    def columns(self) -> tuple[str, ...]:
        """The stored columns, one per field."""
        return self.fields if self.public else tuple(f"_{field}" for field in self.fields)


def exact(name: str, unit: str, doc: str, fold: Fold = Fold.SUM, *, feed: str | None = None) -> CandleComponent:
    """A sum that merges to the last bit."""
    return CandleComponent(name, fold, unit, doc, Kind.EXACT, feed=feed)


def count(name: str, doc: str, unit: str = "1", *, public: bool = False, feed: str | None = None) -> CandleComponent:
    """A sum of whole numbers."""
    return CandleComponent(name, Fold.SUM, unit, doc, Kind.INTEGER, public, feed=feed)


def number(name: str, fold: Fold, unit: str, doc: str, *, public: bool = False, feed: str | None = None) -> CandleComponent:
    """A first, last, smallest or largest value; NaN where there is none."""
    return CandleComponent(name, fold, unit, doc, Kind.NUMBER, public, np.nan, feed)


def constant(name: str, doc: str, unit: str = "decimals", *, feed: str | None = None) -> CandleComponent:
    """A whole number that is the same in every bucket of a day."""
    return CandleComponent(name, Fold.LAST, unit, doc, Kind.INTEGER, feed=feed)
