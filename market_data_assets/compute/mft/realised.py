"""Realised measures over windows: sums of what the candles measured within their buckets."""

from functools import partial

import numpy as np

from market_data_assets.compute.mft import day_windows
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.ratios import ratio
from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.compute.mft.rolling import deviation, mean, total
from market_data_assets.domain.timeframes import MICROSECONDS

_HOUR_SECONDS = 3_600


def or_zero(bars: Bars, column: str) -> Floats:
    """A realised measure of the candles, 0 in known bars without returns: nothing moved in them."""
    values = bars[column]
    return np.where(bars.known & np.isnan(values), 0.0, values)


def _sum(column: str, length: int, bars: Bars) -> Floats:
    return total(or_zero(bars, column), length)


def _last_hour(bars: Bars) -> Floats:
    seconds = bars.timeframe.microseconds // MICROSECONDS
    if seconds > _HOUR_SECONDS:
        return np.full(len(bars), np.nan)
    return _sum("rv_1s", _HOUR_SECONDS // seconds, bars)


def _last_days(days: int, bars: Bars) -> Floats:
    return day_windows.total(bars, or_zero(bars, "rv_1s"), days)


def _semivariance_ratio(bars: Bars) -> Floats:
    up, down = _sum("rs_up", 20, bars), _sum("rs_down", 20, bars)
    return ratio(up, up + down)


def _jump_share(bars: Bars) -> Floats:
    variance = _sum("rv_tick", 20, bars)
    return ratio(np.maximum(variance - _sum("bipower_variation", 20, bars), 0.0), variance)


def _variation_of_volatility(bars: Bars) -> Floats:
    volatility = np.sqrt(or_zero(bars, "rv_1s"))
    return ratio(deviation(volatility, 20, freedom=1), mean(volatility, 20))


_REALISED = partial(MftFeature, group="realised")
_SUM = "Σ {column} of {window}; a known bar without returns adds 0. The change over midnight is in no bar"
_WINDOW = "a bar of the window is a hole, or is not there"
_HAR = "Corsi 2009 (sums, not means)"

FEATURES = (
    _REALISED(
        name="rv_20",
        formula=_SUM.format(column="rv_1s", window="the last 20 bars"),
        unit="log²",
        null_rule=_WINDOW,
        source="Andersen et al. 2003",
        look_back_bars=19,
        inputs=("rv_1s",),
        value=partial(_sum, "rv_1s", 20),
    ),
    _REALISED(
        name="har_rv_1h",
        formula=_SUM.format(column="rv_1s", window="the last hour"),
        unit="log²",
        null_rule=f"{_WINDOW}, or the bar is longer than an hour",
        source=_HAR,
        look_back_bars=0,
        look_back_days=1,
        inputs=("rv_1s",),
        value=_last_hour,
    ),
    _REALISED(
        name="har_rv_1d",
        formula=_SUM.format(column="rv_1s", window="the last 24 h"),
        unit="log²",
        null_rule=_WINDOW,
        source=_HAR,
        look_back_bars=0,
        look_back_days=1,
        inputs=("rv_1s",),
        value=partial(_last_days, 1),
    ),
    _REALISED(
        name="har_rv_7d",
        formula=_SUM.format(column="rv_1s", window="the last 7 × 24 h"),
        unit="log²",
        null_rule=_WINDOW,
        source=_HAR,
        look_back_bars=0,
        look_back_days=7,
        inputs=("rv_1s",),
        value=partial(_last_days, 7),
    ),
    _REALISED(
        name="bipower_variation_20",
        formula=_SUM.format(column="bipower_variation", window="the last 20 bars"),
        unit="log²",
        null_rule=_WINDOW,
        source="Barndorff-Nielsen & Shephard 2004",
        look_back_bars=19,
        inputs=("bipower_variation",),
        default=False,
        value=partial(_sum, "bipower_variation", 20),
    ),
    _REALISED(
        name="jump_share_20",
        formula="max(Σ rv_tick − Σ bipower_variation, 0) / Σ rv_tick, sums of the last 20 bars",
        unit="[0, 1]",
        null_rule=f"{_WINDOW}, or nothing moved in it",
        source="Barndorff-Nielsen & Shephard 2004",
        look_back_bars=19,
        inputs=("rv_tick", "bipower_variation"),
        default=False,
        value=_jump_share,
    ),
    _REALISED(
        name="semivariance_ratio_20",
        formula="Σ rs_up / (Σ rs_up + Σ rs_down), sums of the last 20 bars",
        unit="[0, 1]",
        null_rule=f"{_WINDOW}, or nothing moved in it",
        source="Barndorff-Nielsen, Kinnebrock & Shephard 2010",
        look_back_bars=19,
        inputs=("rs_up", "rs_down"),
        default=False,
        value=_semivariance_ratio,
    ),
    _REALISED(
        name="volatility_of_volatility_20",
        formula="sample standard deviation (n − 1) of √rv_1s over its mean, of the last 20 bars",
        unit="1",
        null_rule=f"{_WINDOW}, or nothing moved in it",
        source="",
        look_back_bars=19,
        inputs=("rv_1s",),
        default=False,
        value=_variation_of_volatility,
    ),
)
