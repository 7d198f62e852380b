"""The components of a candle: what one pass over trades collects per bucket, and how each folds into coarser buckets.

Sums that must not depend on the order of merging are pairs of doubles, ``name`` and ``name_low``: the exact sum is
high + low, high being the double nearest to it. Their terms are whole numbers (amounts in lots, prices in ticks) or
multiples of a fixed power of two, so that adding pairs is exact up to 2^100 units (see :mod:`.arithmetic`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

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
    """

    kind: Kind = Kind.NUMBER
    public: bool = False
    empty: float = 0

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a row in memory."""
        return (self.name, f"{self.name}_low") if self.kind is Kind.EXACT else (self.name,)

    @property
    def columns(self) -> tuple[str, ...]:
        """The stored columns, one per field."""
        return self.fields if self.public else tuple(f"_{field}" for field in self.fields)


def _exact(name: str, unit: str, doc: str, fold: Fold = Fold.SUM) -> CandleComponent:
    return CandleComponent(name, fold, unit, doc, Kind.EXACT)


def _count(name: str, doc: str, unit: str = "1", *, public: bool = False) -> CandleComponent:
    return CandleComponent(name, Fold.SUM, unit, doc, Kind.INTEGER, public)


def _number(name: str, fold: Fold, unit: str, doc: str, *, public: bool = False) -> CandleComponent:
    return CandleComponent(name, fold, unit, doc, Kind.NUMBER, public, np.nan)


def _constant(name: str, doc: str) -> CandleComponent:
    return CandleComponent(name, Fold.LAST, "decimals", doc, Kind.INTEGER)


COMPONENTS: tuple[CandleComponent, ...] = (
    CandleComponent("available_at", Fold.MAXIMUM, "µs UTC", "latest of the bucket's end and the arrivals", Kind.INTEGER, True),
    CandleComponent("bucket_status", Fold.MAXIMUM, "code", "in the order of Status", Kind.INTEGER, True),
    CandleComponent("first_trade_at", Fold.MINIMUM, "µs UTC", "time of the first trade", Kind.INTEGER, True, NEVER),
    CandleComponent("last_trade_at", Fold.MAXIMUM, "µs UTC", "time of the last trade", Kind.INTEGER, True, -NEVER),
    CandleComponent("gap_us", Fold.MAXIMUM, "µs", "longest time without a trade inside the bucket", Kind.INTEGER, True),
    _count("dup_trades", "rows dropped because their id had been seen", public=True),
    _count("out_of_order_trades", "trades that arrived after a later one", public=True),
    _number("open", Fold.FIRST, "quote", "first price", public=True),
    _number("high", Fold.MAXIMUM, "quote", "highest price", public=True),
    _number("low", Fold.MINIMUM, "quote", "lowest price", public=True),
    _number("close", Fold.LAST, "quote", "last price", public=True),
    _count("trade_count", "trades", public=True),
    _count("buy_count", "trades whose aggressor bought", public=True),
    _count("sell_count", "trades whose aggressor sold", public=True),
    _number("trade_size_max", Fold.MAXIMUM, "base", "largest trade", public=True),
    _count("up_ticks", "trades above the price before", public=True),
    _count("down_ticks", "trades below the price before", public=True),
    _number("delay_min", Fold.MINIMUM, "ms", "shortest delay", public=True),
    _number("delay_max", Fold.MAXIMUM, "ms", "longest delay", public=True),
    _constant("price_decimals", "prices of the day times 10^this are whole ticks; 0 where no power up to 12 does it"),
    _constant("base_decimals", "base sums are in units of 10^-this"),
    _constant("quote_decimals", "quote sums are in units of 10^-this"),
    _exact("buy_base", "base units", "bought base"),
    _exact("sell_base", "base units", "sold base"),
    _exact("unknown_base", "base units", "base of trades without a side"),
    _exact("buy_quote", "quote units", "bought quote"),
    _exact("sell_quote", "quote units", "sold quote"),
    _exact("unknown_quote", "quote units", "quote of trades without a side"),
    _exact("base_squares", "base units²", "sum of squared sizes"),
    _exact("flow_day", "base units", "bought less sold base since 00:00", Fold.LAST),
    _count("changes", "trades that have a trade before them in the day"),
    _count("change_pairs", "trades that have two trades before them in the day"),
    _exact("up_squares", "log²", "squared returns of trades above the price before"),
    _exact("down_squares", "log²", "squared returns of trades below the price before"),
    _exact("bipower", "log²", "products of neighbouring absolute returns"),
    _exact("quartic", "log⁴", "fourth powers of returns"),
    _exact("path", "log", "absolute returns"),
    _number("price_from", Fold.FIRST, "quote", "price before the first trade; the first price on the day's first trade"),
    _exact("change_products", "ticks²", "products of neighbouring price changes"),
    _number("pair_from", Fold.FIRST, "quote", "price one trade before the first change pair's end"),
    _number("pair_from_earlier", Fold.FIRST, "quote", "price two trades before the first change pair's end"),
    _number("pair_last", Fold.LAST, "quote", "price one trade before the last change pair's end"),
    _count("seconds", "seconds with trades"),
    _exact("second_squares", "log²", "squared returns between last prices of seconds"),
    _exact("second_flow_squares", "base units²", "squared bought less sold base of a second"),
    _exact("second_flow_changes", "ticks × base units", "price change of a second times its bought less sold base"),
    _exact("illiquidity", "1e6/quote", "absolute return of a second over its quote volume"),
    _count("interval_sum", "times since the trade before", "µs"),
    _exact("interval_squares", "µs²", "squared times since the trade before"),
    _count("delay_sum", "arrival less exchange time", "µs"),
)

ROW = np.dtype([(field, np.int64 if part.kind is Kind.INTEGER else np.float64) for part in COMPONENTS for field in part.fields])
"""One bucket in memory. Its fields are part of the compiled functions' signatures, so a new component recompiles them."""


_BLOCK = 256
FIELDS = tuple(field for part in COMPONENTS for field in part.fields)


_EMPTY = np.array([tuple(part.empty for part in COMPONENTS for _ in part.fields)], ROW)


def empty_rows(count: int) -> npt.NDArray[np.void]:
    """``count`` buckets without trades."""
    # Copied as plain numbers: numpy copies records field by field, a hundred times slower.
    matrix = np.empty((count, len(FIELDS)))
    matrix[:] = numbers(_EMPTY)
    return matrix.view(ROW).reshape(count)


def numbers(rows: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
    """The memory of rows as a matrix of doubles, one row per bucket; whole numbers show as their bits."""
    return rows.view(np.float64).reshape(len(rows), len(FIELDS))


def columns(parts: Sequence[npt.NDArray[np.void]]) -> npt.NDArray[np.float64]:
    """Rows, one part after the other, as a matrix with one row per field; whole numbers show as their bits."""
    matrix = np.empty((len(FIELDS), sum(len(rows) for rows in parts)))
    place = 0
    for rows in parts:
        # In blocks that stay in the cache: a transposition in one go takes three times as long.
        for start in range(0, len(rows), _BLOCK):
            block = numbers(rows)[start : start + _BLOCK]
            matrix[:, place : place + len(block)] = block.T
            place += len(block)
    return matrix


def by_field(matrix: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[Any]]:
    """The rows of :func:`columns` by the names of their fields, each of its own type."""
    return {field: column.view(ROW[field]) for field, column in zip(FIELDS, matrix, strict=True)}
