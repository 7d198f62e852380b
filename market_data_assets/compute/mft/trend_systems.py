"""Trend systems that are computed on request: Aroon, Kaufman, regression lines, Supertrend, Ichimoku."""

from collections.abc import Callable

import numpy as np

from market_data_assets.compute.mft import recursive, regression, rolling
from market_data_assets.compute.mft.bands import average_true_range
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.ratios import distance, ratio
from market_data_assets.compute.mft.record import MftFeature, unbroken

_RANGE = ("high", "low", "close")
_LINE = 20


def aroon(values: Floats, beats: np.ufunc, length: int) -> Floats:
    """100 · (n − bars since the newest extreme of the last n + 1 bars) / n."""
    return 100.0 * (length - rolling.age(values, length + 1, beats)) / length


def efficiency(values: Floats, length: int) -> Floats:
    """Kaufman's ratio of the way made to the way gone, over ``length`` changes; 1 where nothing moved, as in TA-Lib."""
    way = rolling.total(np.abs(rolling.change(values)), length)
    made = np.abs(values - rolling.previous(values, length))
    found = np.minimum(ratio(made, way), 1.0)
    found[way == 0.0] = 1.0
    return found


def kaufman(values: Floats, length: int) -> Floats:
    """Kaufman's adaptive moving average."""
    return recursive.adaptive(values, efficiency(values, length))


def supertrend(bars: Bars, length: int, width: float) -> tuple[Floats, Floats]:
    """The trailing band, quote, and its direction, 1 or −1."""
    middle, span = (bars["high"] + bars["low"]) / 2.0, width * average_true_range(bars, length)
    lines, directions = recursive.supertrend(middle + span, middle - span, bars["close"])
    return lines, directions


def midpoint(bars: Bars, length: int) -> Floats:
    """(highest H + lowest L) / 2 of ``length`` bars."""
    return np.asarray((rolling.maximum(bars["high"], length) + rolling.minimum(bars["low"], length)) / 2.0)


def _aroon_up(bars: Bars) -> Floats:
    return aroon(bars["high"], np.greater_equal, 25)


def _aroon_down(bars: Bars) -> Floats:
    return aroon(bars["low"], np.less_equal, 25)


def _kama_distance(bars: Bars) -> Floats:
    return distance(bars["close"], kaufman(bars["close"], 10))


def _slope(bars: Bars) -> Floats:
    return ratio(regression.lines(bars["close"], _LINE).slope, bars["close"])


def _residual(bars: Bars) -> Floats:
    return ratio(regression.lines(bars["close"], _LINE).residual, bars["close"])


def _supertrend_distance(bars: Bars) -> Floats:
    return distance(bars["close"], supertrend(bars, 10, 3.0)[0])


def _first_span(bars: Bars) -> Floats:
    return distance(bars["close"], (midpoint(bars, 9) + midpoint(bars, 26)) / 2.0)


def _system(
    name: str,
    formula: str,
    value: Callable[[Bars], Floats],
    *,
    before: int,
    inputs: tuple[str, ...],
    source: str,
    unit: str = "1",
    also: str = "",
    recursive: bool = False,
) -> MftFeature:
    """A column of this file; ``before`` is the number of bars before the first value's."""
    return MftFeature(
        name=name,
        formula=formula,
        unit=unit,
        null_rule=unbroken(before, also),
        source=source,
        group="trend",
        look_back_bars=before,
        recursive=recursive,
        inputs=inputs,
        default=False,
        value=value,
    )


def _ichimoku(name: str, length: int) -> MftFeature:
    return _system(
        f"ichimoku_{name}_distance_{length}",
        f"C / ((highest H + lowest L of {length} bars) / 2) − 1, not shifted forward",
        lambda bars: distance(bars["close"], midpoint(bars, length)),
        before=length - 1,
        inputs=_RANGE,
        source="Hosoda 1969",
    )


_LINES = f"of the least-squares line through C of {_LINE} bars"

FEATURES: tuple[MftFeature, ...] = (
    _system(
        "aroon_up_25",
        "100 (25 − bars since the newest highest H of 26 bars) / 25",
        _aroon_up,
        before=25,
        inputs=("high",),
        source="Chande 1995; TA-Lib AROON",
        unit="percent",
    ),
    _system(
        "aroon_down_25",
        "100 (25 − bars since the newest lowest L of 26 bars) / 25",
        _aroon_down,
        before=25,
        inputs=("low",),
        source="Chande 1995; TA-Lib AROON",
        unit="percent",
    ),
    _system(
        "efficiency_ratio_10",
        "|C_t − C_(t−10)| / Σ |C_i − C_(i−1)| of 10 changes; 1 where nothing moved, as TA-Lib",
        lambda bars: efficiency(bars["close"], 10),
        before=10,
        inputs=("close",),
        source="Kaufman 1995; TA-Lib ER",
        unit="[0, 1]",
    ),
    _system(
        "kama_distance_10",
        "C / KAMA_10(C) − 1; weight (efficiency_ratio_10 (2/3 − 2/31) + 2/31)², seeded by C of the bar before the first value",
        _kama_distance,
        before=10,
        inputs=("close",),
        source="Kaufman 1995; TA-Lib KAMA",
        recursive=True,
    ),
    _system(
        "linear_slope_20", f"slope {_LINES} / C", _slope, before=19, inputs=("close",), source="TA-Lib LINEARREG_SLOPE", unit="per bar"
    ),
    _system(
        "linear_r2_20",
        f"R² {_LINES}",
        lambda bars: regression.lines(bars["close"], _LINE).r_squared,
        before=19,
        inputs=("close",),
        source="",
        unit="[0, 1]",
        also="the price did not change",
    ),
    _system("linear_residual_20", f"(C − value at t {_LINES}) / C", _residual, before=19, inputs=("close",), source="TA-Lib LINEARREG"),
    _system(
        "supertrend_distance_10",
        "C / S − 1, S the trailing one of (H + L) / 2 ± 3 ATR_10 (Wilder): below the price while it rises, above while it falls",
        _supertrend_distance,
        before=10,
        inputs=_RANGE,
        source="Seban 2008; TA-Lib SUPERTREND",
        recursive=True,
    ),
    _system(
        "supertrend_direction_10",
        "1 where the Supertrend line lies below the price, −1 where above; it begins with 1",
        lambda bars: supertrend(bars, 10, 3.0)[1],
        before=10,
        inputs=_RANGE,
        source="Seban 2008; TA-Lib SUPERTREND",
        unit="−1 | 1",
        recursive=True,
    ),
    _ichimoku("conversion", 9),
    _ichimoku("base", 26),
    _system(
        "ichimoku_span_a_distance",
        "C / ((conversion line + base line) / 2) − 1, not shifted forward",
        _first_span,
        before=25,
        inputs=_RANGE,
        source="Hosoda 1969",
    ),
    _ichimoku("span_b", 52),
)
