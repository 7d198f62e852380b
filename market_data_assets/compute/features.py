"""The record of a feature and of a component. Schemas, compute order, descriptions and the data dictionary derive from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy.typing as npt
import pyarrow as pa

from market_data_assets.domain.datasets import Column, Encoding

Array = npt.NDArray[Any]
Components = Mapping[str, Array]
"""Component name → one value per bucket. Buckets that have no value hold NaN (floats) or a sentinel the component declares."""

_FLOAT = pa.float64()


class Merge(StrEnum):
    """How a coarser bucket's value follows from the finer ones (the classes of the feature catalogue)."""

    ADDITIVE = "A"
    """A sum, count, minimum, maximum, first or last: exact."""
    ALGEBRAIC = "B"
    """An expression over components that merge exactly."""
    CARRIED = "C"
    """Additive, because each change belongs to the bucket of its later event and state carries through the day."""
    LOOK_BACK = "D"
    """Computed on candles of the same timeframe."""
    FROM_TICKS = "E"
    """Not mergeable: computed from ticks for every timeframe."""


class Fold(StrEnum):
    """How one component of several finer buckets becomes that of the coarser one."""

    SUM = "sum"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Component:
    """A per-bucket quantity that folds exactly into coarser buckets."""

    name: str
    fold: Fold
    unit: str
    doc: str


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a computed table.

    Attributes:
        formula: The definition a reader could check by hand.
        null_rule: When the value is null.
        minimum_observations: Fewer than this many observations in the bucket give null.
        source: Author and year of the formula, or the standard it follows.
        version: Raised when the meaning changes; days computed before must be rebuilt.
        value: The column from the components of the buckets; None where the kernel writes it directly.
        tolerance: Largest relative difference between merging and computing from ticks; 0 = always the same to the last bit.
    """

    name: str
    formula: str
    unit: str
    merge: Merge
    inputs: str
    null_rule: str = "never"
    minimum_observations: int = 0
    source: str = ""
    version: int = 1
    type: pa.DataType = _FLOAT
    value: Callable[[Components], Array] | None = None
    encoding: Encoding = Encoding.PLAIN
    tolerance: float = 0.0

    def column(self) -> Column:
        """The feature as a stored column."""
        source = f" ({self.source})" if self.source else ""
        nullable = self.null_rule != "never"
        doc = f"{self.formula}{source}; null: {self.null_rule}" if nullable else f"{self.formula}{source}"
        return Column(self.type, self.unit, doc, nullable=nullable, encoding=self.encoding, merge=str(self.merge), version=self.version)
