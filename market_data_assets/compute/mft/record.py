"""The record of a mid-frequency feature. The registry, the schemas, the descriptions and the data dictionary derive from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from market_data_assets.compute.features import Array, Merge
from market_data_assets.compute.mft.bars import Bars
from market_data_assets.domain.datasets import Column, Encoding

_FLOAT = pa.float64()


@dataclass(frozen=True, slots=True, kw_only=True)
class MftFeature:
    """One column of the features of a timeframe.

    A value depends on its own bar and earlier ones only. A window that touches a hole, or reaches before the first bar, gives
    null and never a shorter window; what is recursive starts anew after a hole, with its seeding and its warm-up.

    Attributes:
        formula: The definition a reader could check by hand; C, H, L, O, V are the columns of the bars, t is the bar itself.
        null_rule: When the value is null.
        source: Author and year of the formula, or the standard it follows.
        group: The heading of the feature catalogue it stands under, in lower case.
        family: Which of the two tables of DECISIONS D07 repeats it.
        look_back_bars: Bars needed before the bar of the first value.
        look_back_days: Whole days needed before it, where the window is in days.
        recursive: The value depends on every bar since the last hole; before it stands the warm-up of ``look_back_bars``.
        inputs: Columns of the bars that are read.
        default: Whether it is computed when nobody asks for it by name.
        version: Raised when the meaning changes; days computed before must be rebuilt.
        value: One value per bar, those of the look-back included; NaN = null.
    """

    name: str
    formula: str
    unit: str
    null_rule: str
    source: str
    group: str
    family: Literal["technical", "fundamental"] = "technical"
    look_back_bars: int
    look_back_days: int = 0
    recursive: bool = False
    inputs: tuple[str, ...]
    type: pa.DataType = _FLOAT
    version: int = 1
    default: bool = True
    value: Callable[[Bars], Array]
    encoding: Encoding = Encoding.PLAIN

    @property
    def merge(self) -> Merge:
        """How a coarser bucket's value follows: never from finer ones, always from candles of its own timeframe."""
        return Merge.LOOK_BACK

    def column(self) -> Column:
        """The feature as a stored column."""
        source = f" ({self.source})" if self.source else ""
        nullable = self.null_rule != "never"
        doc = f"{self.formula}{source}; null: {self.null_rule}" if nullable else f"{self.formula}{source}"
        return Column(self.type, self.unit, doc, nullable=nullable, encoding=self.encoding, merge=str(self.merge), version=self.version)


def unbroken(bars: int, also: str = "") -> str:
    """The null rule of a window: ``bars`` bars before this one, and whatever else makes the value undefined."""
    rule = f"a hole, a bar without a known price, or no bar at all among the bar and the {bars} before it" if bars else "no known price"
    return f"{rule}; {also}" if also else rule
