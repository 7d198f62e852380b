"""True range, and bands around a mean."""

import numpy as np

from market_data_assets.compute.mft import recursive, rolling
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.ratios import distance, ratio, ratio_or_zero
from market_data_assets.compute.mft.record import MftFeature, unbroken

_RANGE = ("high", "low", "close")
_LENGTH = 20
_WIDTH = 2.0
_KELTNER_RANGE = 10


def typical_price(bars: Bars) -> Floats:
    """(H + L + C) / 3."""
    return np.asarray((bars["high"] + bars["low"] + bars["close"]) / 3.0)


def true_range(bars: Bars) -> Floats:
    """max(H, previous C) − min(L, previous C); NaN on the first bar after a hole."""
    before = rolling.previous(bars["close"])
    return np.asarray(np.maximum(bars["high"], before) - np.minimum(bars["low"], before))


def average_true_range(bars: Bars, length: int) -> Floats:
    """Wilder's mean of the true range, seeded by its plain mean."""
    return recursive.wilder(true_range(bars), length)


def _natr(bars: Bars) -> Floats:
    return 100.0 * ratio_or_zero(average_true_range(bars, 14), bars["close"])


def _percent_b(bars: Bars) -> Floats:
    close = bars["close"]
    half = _WIDTH * rolling.deviation(close, _LENGTH, 0)
    return ratio(close - rolling.mean(close, _LENGTH) + half, 2.0 * half)


def _width(bars: Bars) -> Floats:
    close = bars["close"]
    return ratio(2.0 * _WIDTH * rolling.deviation(close, _LENGTH, 0), rolling.mean(close, _LENGTH))


def _keltner(bars: Bars) -> tuple[Floats, Floats]:
    """Middle of the channel, and its half width, seeded on the same bar, as TA-Lib does."""
    typical = typical_price(bars)
    # The first bar has no true range, so the last of its _LENGTH − 1 are those that end on the bar of the middle's seed.
    span = recursive.wilder(true_range(bars), _KELTNER_RANGE, _LENGTH - 1 - _KELTNER_RANGE)
    return recursive.exponential(typical, _LENGTH), _WIDTH * span


def _keltner_position(bars: Bars) -> Floats:
    middle, half = _keltner(bars)
    return ratio(bars["close"] - middle + half, 2.0 * half)


def _keltner_width(bars: Bars) -> Floats:
    middle, half = _keltner(bars)
    return ratio(2.0 * half, middle)


def _donchian_position(bars: Bars) -> Floats:
    high, low = rolling.maximum(bars["high"], _LENGTH), rolling.minimum(bars["low"], _LENGTH)
    return ratio(bars["close"] - low, high - low)


def _donchian_width(bars: Bars) -> Floats:
    return distance(rolling.maximum(bars["high"], _LENGTH), rolling.minimum(bars["low"], _LENGTH))


_CHANNEL = "EMA_20 of (H + L + C) / 3 ± 2 · ATR_10 (Wilder), both seeded on the 20th bar"

FEATURES: tuple[MftFeature, ...] = (
    MftFeature(
        name="atr_14",
        formula="Wilder mean, n = 14, of max(H, C_(t−1)) − min(L, C_(t−1)), seeded by its plain mean",
        unit="quote",
        null_rule=unbroken(14),
        source="Wilder 1978; TA-Lib ATR",
        group="bands",
        look_back_bars=14,
        recursive=True,
        inputs=_RANGE,
        value=lambda bars: average_true_range(bars, 14),
    ),
    MftFeature(
        name="natr_14",
        formula="100 · atr_14 / C",
        unit="percent",
        null_rule=unbroken(14),
        source="TA-Lib NATR",
        group="bands",
        look_back_bars=14,
        recursive=True,
        inputs=_RANGE,
        value=_natr,
    ),
    MftFeature(
        name="bollinger_percent_b_20",
        formula="(C − lower) / (upper − lower), bands SMA_20(C) ± 2 population standard deviations",
        unit="1, 0 at the lower and 1 at the upper band",
        null_rule=unbroken(19, "the price did not change"),
        source="Bollinger 2001; TA-Lib BBANDS",
        group="bands",
        look_back_bars=19,
        inputs=("close",),
        value=_percent_b,
    ),
    MftFeature(
        name="bollinger_width_20",
        formula="(upper − lower) / SMA_20(C), bands SMA_20(C) ± 2 population standard deviations",
        unit="1",
        null_rule=unbroken(19),
        source="Bollinger 2001; TA-Lib BBANDS",
        group="bands",
        look_back_bars=19,
        inputs=("close",),
        value=_width,
    ),
    MftFeature(
        name="keltner_position_20",
        formula=f"(C − lower) / (upper − lower), channel {_CHANNEL}",
        unit="1, 0 at the lower and 1 at the upper edge",
        null_rule=unbroken(19, "no range"),
        source="Keltner 1960; TA-Lib KC",
        group="bands",
        look_back_bars=19,
        recursive=True,
        inputs=_RANGE,
        default=False,
        value=_keltner_position,
    ),
    MftFeature(
        name="keltner_width_20",
        formula=f"(upper − lower) / middle, channel {_CHANNEL}",
        unit="1",
        null_rule=unbroken(19),
        source="Keltner 1960; TA-Lib KC",
        group="bands",
        look_back_bars=19,
        recursive=True,
        inputs=_RANGE,
        default=False,
        value=_keltner_width,
    ),
    MftFeature(
        name="donchian_position_20",
        formula="(C − lowest L) / (highest H − lowest L) of 20 bars, this one included",
        unit="[0, 1]",
        null_rule=unbroken(19, "no range"),
        source="Donchian 1960; TA-Lib DONCHIAN",
        group="bands",
        look_back_bars=19,
        inputs=_RANGE,
        default=False,
        value=_donchian_position,
    ),
    MftFeature(
        name="donchian_width_20",
        formula="highest H / lowest L − 1 of 20 bars, this one included",
        unit="1",
        null_rule=unbroken(19),
        source="Donchian 1960; TA-Lib DONCHIAN",
        group="bands",
        look_back_bars=19,
        inputs=("high", "low"),
        default=False,
        value=_donchian_width,
    ),
)
