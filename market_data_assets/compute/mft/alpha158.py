"""The 158 price and volume features of qlib's Alpha158, computed on request.

qlib rolls over the rows that are there; here a window is of consecutive bars and touches no hole. qlib adds 1e-12 to denominators,
which says something huge of a bar without volume; here what is divided by 0 is null.
"""

from collections.abc import Callable

import numpy as np

from market_data_assets.compute.features import Array
from market_data_assets.compute.mft import regression, rolling
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.ratios import ratio
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.compute.mft.rolling_order import quantile

WINDOWS = (5, 10, 20, 30, 60)
_SOURCE = "Microsoft qlib, Alpha158"
_CANDLE = ("open", "high", "low", "close")

Windowed = Callable[[Bars, int], Array]


def _record(name: str, formula: str, before: int, inputs: tuple[str, ...], value: Callable[[Bars], Array]) -> MftFeature:
    return MftFeature(
        name=f"alpha158_{name}",
        formula=formula,
        unit="1",
        null_rule=unbroken(before, "a denominator of 0"),
        source=_SOURCE,
        group="alpha158",
        look_back_bars=before,
        inputs=inputs,
        default=False,
        value=value,
    )


def _top(bars: Bars) -> Floats:
    return np.maximum(bars["open"], bars["close"])


def _bottom(bars: Bars) -> Floats:
    return np.minimum(bars["open"], bars["close"])


def _range(bars: Bars) -> Floats:
    return bars["high"] - bars["low"]


def _shift(bars: Bars) -> Floats:
    return 2.0 * bars["close"] - bars["high"] - bars["low"]


_BAR = (
    _record("kmid", "(C − O) / O", 0, ("open", "close"), lambda b: ratio(b["close"] - b["open"], b["open"])),
    _record("klen", "(H − L) / O", 0, ("open", "high", "low"), lambda b: ratio(_range(b), b["open"])),
    _record("kmid2", "(C − O) / (H − L)", 0, _CANDLE, lambda b: ratio(b["close"] - b["open"], _range(b))),
    _record("kup", "(H − max(O, C)) / O", 0, _CANDLE, lambda b: ratio(b["high"] - _top(b), b["open"])),
    _record("kup2", "(H − max(O, C)) / (H − L)", 0, _CANDLE, lambda b: ratio(b["high"] - _top(b), _range(b))),
    _record("klow", "(min(O, C) − L) / O", 0, _CANDLE, lambda b: ratio(_bottom(b) - b["low"], b["open"])),
    _record("klow2", "(min(O, C) − L) / (H − L)", 0, _CANDLE, lambda b: ratio(_bottom(b) - b["low"], _range(b))),
    _record("ksft", "(2 C − H − L) / O", 0, _CANDLE, lambda b: ratio(_shift(b), b["open"])),
    _record("ksft2", "(2 C − H − L) / (H − L)", 0, _CANDLE, lambda b: ratio(_shift(b), _range(b))),
)


def _price(column: str) -> MftFeature:
    return _record(f"{column}_0", f"{column} / C", 0, (column, "close"), lambda bars: ratio(bars[column], bars["close"]))


_PRICES = tuple(_price(column) for column in ("open", "high", "low", "vwap"))


def _of_close(window: Callable[[Floats, int], Array]) -> Windowed:
    """A window of closes over the close."""
    return lambda bars, n: ratio(window(bars["close"], n), bars["close"])


def _highest(bars: Bars, n: int) -> Array:
    return ratio(rolling.maximum(bars["high"], n), bars["close"])


def _lowest(bars: Bars, n: int) -> Array:
    return ratio(rolling.minimum(bars["low"], n), bars["close"])


def _stochastic(bars: Bars, n: int) -> Array:
    low = rolling.minimum(bars["low"], n)
    return ratio(bars["close"] - low, rolling.maximum(bars["high"], n) - low)


def _since_start(values: Floats, n: int, beats: np.ufunc) -> Array:
    """qlib's IdxMax and IdxMin: 1 for the window's oldest bar, the oldest among equals."""
    return n - rolling.age(values, n, beats)


def _highest_at(bars: Bars, n: int) -> Array:
    return _since_start(bars["high"], n, np.greater) / n


def _lowest_at(bars: Bars, n: int) -> Array:
    return _since_start(bars["low"], n, np.less) / n


def _apart(bars: Bars, n: int) -> Array:
    return (_since_start(bars["high"], n, np.greater) - _since_start(bars["low"], n, np.less)) / n


def _growth(values: Floats) -> Floats:
    return ratio(values, rolling.previous(values))


def _price_volume(bars: Bars, n: int) -> Array:
    return rolling.correlation(bars["close"], np.log1p(bars["volume"]), n)


def _changes_correlation(bars: Bars, n: int) -> Array:
    return rolling.correlation(_growth(bars["close"]), np.log1p(_growth(bars["volume"])), n)


def _share_of(sign: float, bars: Bars, n: int) -> Array:
    moves = rolling.change(bars["close"])
    return rolling.mean(np.where(np.isnan(moves), np.nan, (sign * moves > 0.0).astype(np.float64)), n)


def _sum_of(sign: float, column: str, bars: Bars, n: int) -> Array:
    moves = rolling.change(bars[column])
    return ratio(rolling.total(np.maximum(sign * moves, 0.0), n), rolling.total(np.abs(moves), n))


def _of_volume(window: Callable[[Floats, int], Array]) -> Windowed:
    return lambda bars, n: ratio(window(bars["volume"], n), bars["volume"])


def _sample_deviation(values: Floats, n: int) -> Array:
    return rolling.deviation(values, n, 1)


def _weighted_volatility(bars: Bars, n: int) -> Array:
    moved = np.abs(_growth(bars["close"]) - 1.0) * bars["volume"]
    return ratio(_sample_deviation(moved, n), rolling.mean(moved, n))


_C, _V, _HLC = ("close",), ("volume",), ("high", "low", "close")

_ROLLING: tuple[tuple[str, str, tuple[str, ...], int, Windowed], ...] = (
    # name, formula, columns, bars needed before the window's first, value
    ("roc", "C_(t−n) / C", _C, 1, _of_close(rolling.oldest)),
    ("ma", "mean C / C", _C, 0, _of_close(rolling.mean)),
    ("std", "sample standard deviation of C / C", _C, 0, _of_close(_sample_deviation)),
    ("beta", "slope of the line through C, per bar / C", _C, 0, _of_close(lambda values, n: regression.lines(values, n).slope)),
    ("rsqr", "R² of the line through C", _C, 0, lambda bars, n: regression.lines(bars["close"], n).r_squared),
    ("resi", "(C − line through C at t) / C", _C, 0, _of_close(lambda values, n: regression.lines(values, n).residual)),
    ("max", "highest H / C", ("high", "close"), 0, _highest),
    ("min", "lowest L / C", ("low", "close"), 0, _lowest),
    ("qtlu", "0.8 quantile of C / C", _C, 0, _of_close(lambda values, n: quantile(values, n, 0.8))),
    ("qtld", "0.2 quantile of C / C", _C, 0, _of_close(lambda values, n: quantile(values, n, 0.2))),
    ("rank", "rank of C among the bars / n, ties at their mean", _C, 0, lambda bars, n: rolling.rank(bars["close"], n)),
    ("rsv", "(C − lowest L) / (highest H − lowest L)", _HLC, 0, _stochastic),
    ("imax", "place of the first highest H in the window, 1 to n, / n", ("high",), 0, _highest_at),
    ("imin", "place of the first lowest L in the window, 1 to n, / n", ("low",), 0, _lowest_at),
    ("imxd", "imax − imin", ("high", "low"), 0, _apart),
    ("corr", "correlation of C and ln(V + 1)", ("close", "volume"), 0, _price_volume),
    ("cord", "correlation of C / C_(t−1) and ln(V / V_(t−1) + 1)", ("close", "volume"), 1, _changes_correlation),
    ("cntp", "share of bars with C > C_(t−1)", _C, 1, lambda bars, n: _share_of(1.0, bars, n)),
    ("cntn", "share of bars with C < C_(t−1)", _C, 1, lambda bars, n: _share_of(-1.0, bars, n)),
    ("cntd", "cntp − cntn", _C, 1, lambda bars, n: _share_of(1.0, bars, n) - _share_of(-1.0, bars, n)),
    ("sump", "Σ rises of C / Σ |changes of C|", _C, 1, lambda bars, n: _sum_of(1.0, "close", bars, n)),
    ("sumn", "Σ falls of C / Σ |changes of C|", _C, 1, lambda bars, n: _sum_of(-1.0, "close", bars, n)),
    ("sumd", "sump − sumn", _C, 1, lambda bars, n: _sum_of(1.0, "close", bars, n) - _sum_of(-1.0, "close", bars, n)),
    ("vma", "mean V / V", _V, 0, _of_volume(rolling.mean)),
    ("vstd", "sample standard deviation of V / V", _V, 0, _of_volume(_sample_deviation)),
    ("wvma", "sample standard deviation / mean of |C / C_(t−1) − 1| V", ("close", "volume"), 1, _weighted_volatility),
    ("vsump", "Σ rises of V / Σ |changes of V|", _V, 1, lambda bars, n: _sum_of(1.0, "volume", bars, n)),
    ("vsumn", "Σ falls of V / Σ |changes of V|", _V, 1, lambda bars, n: _sum_of(-1.0, "volume", bars, n)),
    ("vsumd", "vsump − vsumn", _V, 1, lambda bars, n: _sum_of(1.0, "volume", bars, n) - _sum_of(-1.0, "volume", bars, n)),
)


def _windowed(value: Windowed, n: int) -> Callable[[Bars], Array]:
    return lambda bars: value(bars, n)


FEATURES: tuple[MftFeature, ...] = (
    *_BAR,
    *_PRICES,
    *(
        _record(f"{name}_{n}", f"{formula}; n = {n} bars", n - 1 + more, inputs, _windowed(value, n))
        for name, formula, inputs, more, value in _ROLLING
        for n in WINDOWS
    ),
)
