"""The option surface of an underlying, from the surface columns that its candles carry. Null for every other instrument."""

from collections.abc import Callable
from functools import partial

from market_data_assets.compute.mft import day_windows
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.realised import or_zero
from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.compute.mft.rolling import previous

_YEAR_DAYS = 365.0
_VARIANCE_DAYS = 30
_NO_SURFACE = "no option surface is known at the bar's end"


def _as_stored(column: str, bars: Bars) -> Floats:
    return bars[column]


def _difference(first: str, second: str, bars: Bars) -> Floats:
    return bars[first] - bars[second]


def _day_change(column: str, bars: Bars) -> Floats:
    return bars[column] - previous(bars[column], bars.timeframe.buckets_per_day)


def _variance_risk_premium(bars: Bars) -> Floats:
    realised = day_windows.total(bars, or_zero(bars, "rv_1s"), _VARIANCE_DAYS)
    return bars["model_free_iv_30d"] ** 2 - realised * _YEAR_DAYS / _VARIANCE_DAYS


_OPTIONS = partial(MftFeature, group="options", family="fundamental", source="", look_back_bars=0)


def _stored(column: str, meaning: str, unit: str) -> MftFeature:
    return _OPTIONS(name=column, formula=meaning, unit=unit, null_rule=_NO_SURFACE, inputs=(column,), value=partial(_as_stored, column))


def _slope(name: str, far: str, near: str) -> MftFeature:
    value: Callable[[Bars], Floats] = partial(_difference, far, near)
    return _OPTIONS(name=name, formula=f"{far} − {near}", unit="volatility a year", null_rule=_NO_SURFACE, inputs=(far, near), value=value)


def _changed(name: str, column: str, unit: str) -> MftFeature:
    return _OPTIONS(
        name=name,
        formula=f"{column} less that of the bar 24 h before",
        unit=unit,
        null_rule=f"{_NO_SURFACE}, or was known 24 h before",
        look_back_days=1,
        inputs=(column,),
        value=partial(_day_change, column),
    )


FEATURES = (
    _stored("atm_mark_iv", "as the candle has it: at-the-money implied volatility of 30 days, decimals", "volatility a year"),
    _stored("skew_25d_put_call_ratio", "as the candle has it: implied volatility of the 25-delta put over that of the call, 30 days", "1"),
    _slope("iv_term_slope_7d_30d", "atm_mark_iv", "atm_iv_7d"),
    _slope("iv_term_slope_30d_90d", "atm_iv_90d", "atm_mark_iv"),
    _OPTIONS(
        name="variance_risk_premium_30d",
        formula="model_free_iv_30d² − Σ rv_1s of the last 30 × 24 h · 365 / 30",
        unit="variance a year",
        null_rule=f"{_NO_SURFACE}; a bar of the window is a hole or is not there",
        source="Bollerslev, Tauchen & Zhou 2009",
        look_back_days=_VARIANCE_DAYS,
        inputs=("model_free_iv_30d", "rv_1s"),
        value=_variance_risk_premium,
    ),
    _changed("atm_iv_change_1d", "atm_mark_iv", "volatility a year"),
    _changed("skew_25d_change_1d", "skew_25d_put_call_ratio", "1"),
    _changed("risk_reversal_25d_change_1d", "risk_reversal_25d_30d", "volatility a year"),
    _changed("butterfly_25d_change_1d", "butterfly_25d_30d", "volatility a year"),
    _changed("option_put_call_open_interest_change_1d", "option_put_call_open_interest_ratio", "1"),
)
