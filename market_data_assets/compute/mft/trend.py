"""Where the price stands to its averages, and how directed its moves are: the systems of :mod:`trend_systems` are among them."""

import numpy as np

from market_data_assets.compute.mft import recursive, rolling, trend_systems
from market_data_assets.compute.mft.bands import true_range
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.ratios import distance, ratio_or_zero
from market_data_assets.compute.mft.record import MftFeature, unbroken

_FAST, _SLOW, _SIGNAL = 12, 26, 9
_MACD_WARM = _SLOW + _SIGNAL - 2
_DIRECTIONAL = 14
_RANGE = ("high", "low", "close")


def ema_distance(bars: Bars, length: int) -> Floats:
    """C / EMA − 1."""
    return distance(bars["close"], recursive.exponential(bars["close"], length))


def sma_distance(bars: Bars, length: int) -> Floats:
    """C / SMA − 1."""
    return distance(bars["close"], rolling.mean(bars["close"], length))


def _macd_line(bars: Bars) -> Floats:
    """EMA_12 − EMA_26, the fast one seeded by the 12 bars that end with the slow one's seed, as TA-Lib does."""
    close = bars["close"]
    return recursive.exponential(close, _FAST, _SLOW - _FAST) - recursive.exponential(close, _SLOW)


def _macd_signal(bars: Bars) -> Floats:
    return recursive.exponential(_macd_line(bars), _SIGNAL)


def _macd_histogram(bars: Bars) -> Floats:
    line = _macd_line(bars)
    return line - recursive.exponential(line, _SIGNAL)


def _macd(bars: Bars) -> Floats:
    """Null until the signal is there, as in TA-Lib: the three columns begin on the same bar."""
    line = _macd_line(bars)
    return np.where(np.isnan(recursive.exponential(line, _SIGNAL)), np.nan, line)


def directional(bars: Bars, length: int) -> tuple[Floats, Floats]:
    """Wilder's +DI and −DI, percent; 0 where there was no range."""
    up, down = rolling.change(bars["high"]), -rolling.change(bars["low"])
    holes = np.where(np.isnan(up) | np.isnan(down), np.nan, 0.0)
    span = recursive.wilder_sum(true_range(bars), length)
    plus = recursive.wilder_sum(np.where((up > down) & (up > 0.0), up, holes), length)
    minus = recursive.wilder_sum(np.where((down > up) & (down > 0.0), down, holes), length)
    return 100.0 * ratio_or_zero(plus, span), 100.0 * ratio_or_zero(minus, span)


def _adx(bars: Bars) -> Floats:
    plus, minus = directional(bars, _DIRECTIONAL)
    return recursive.wilder(100.0 * ratio_or_zero(np.abs(plus - minus), plus + minus), _DIRECTIONAL)


def _ema_distance(length: int, *, default: bool) -> MftFeature:
    return MftFeature(
        name=f"ema_distance_{length}",
        formula=f"C / EMA_{length}(C) − 1; EMA of weight 2 / (n + 1), seeded by the mean of n bars",
        unit="1",
        null_rule=unbroken(length - 1),
        source="TA-Lib EMA",
        group="trend",
        look_back_bars=length - 1,
        recursive=True,
        inputs=("close",),
        default=default,
        value=lambda bars: ema_distance(bars, length),
    )


def _sma_distance(length: int) -> MftFeature:
    return MftFeature(
        name=f"sma_distance_{length}",
        formula=f"C / (mean C of {length} bars) − 1",
        unit="1",
        null_rule=unbroken(length - 1),
        source="TA-Lib SMA",
        group="trend",
        look_back_bars=length - 1,
        inputs=("close",),
        default=False,
        value=lambda bars: sma_distance(bars, length),
    )


_MACD = {
    "macd": ("EMA_12(C) − EMA_26(C)", _macd),
    "macd_signal": ("EMA_9 of macd", _macd_signal),
    "macd_histogram": ("macd − macd_signal", _macd_histogram),
}
_DIRECTIONS = {
    "adx_14": ("Wilder mean, n = 14, of 100 |+DI − −DI| / (+DI + −DI), 0 where both are 0", 2 * _DIRECTIONAL - 1, _adx),
    "plus_di_14": (
        "100 · Wilder sum of +DM / Wilder sum of the true range, 0 without a range",
        _DIRECTIONAL,
        lambda b: directional(b, 14)[0],
    ),
    "minus_di_14": (
        "100 · Wilder sum of −DM / Wilder sum of the true range, 0 without a range",
        _DIRECTIONAL,
        lambda b: directional(b, 14)[1],
    ),
}

FEATURES: tuple[MftFeature, ...] = (
    *(_ema_distance(length, default=True) for length in (12, 26, 50)),
    *(
        MftFeature(
            name=name,
            formula=f"{formula}; both averages of C are seeded on the slow one's first bar, the signal by the mean of 9",
            unit="quote",
            null_rule=unbroken(_MACD_WARM),
            source="Appel 1979; TA-Lib MACD",
            group="trend",
            look_back_bars=_MACD_WARM,
            recursive=True,
            inputs=("close",),
            value=value,
        )
        for name, (formula, value) in _MACD.items()
    ),
    *(
        MftFeature(
            name=name,
            formula=formula,
            unit="percent",
            null_rule=unbroken(warm),
            source="Wilder 1978; TA-Lib ADX, PLUS_DI, MINUS_DI",
            group="trend",
            look_back_bars=warm,
            recursive=True,
            inputs=_RANGE,
            value=value,
        )
        for name, (formula, warm, value) in _DIRECTIONS.items()
    ),
    *(_ema_distance(length, default=False) for length in (5, 10, 20, 200)),
    *(_sma_distance(length) for length in (5, 10, 20, 50, 200)),
    *trend_systems.FEATURES,
)
