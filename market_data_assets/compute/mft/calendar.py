"""Where the bar stands in the day, the week, the month and the life of its contract. Known of every bar, holes included."""

from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.domain.days import DAY_MICROSECONDS
from market_data_assets.domain.timeframes import MICROSECONDS

_MINUTE = 60 * MICROSECONDS
_SATURDAY = 5
# 1970-01-01 was a Thursday, three days after a Monday.
_EPOCH_WEEKDAY = 3
_Days = npt.NDArray[np.int64]


def _time_of_day(bars: Bars) -> Floats:
    """As an angle."""
    return np.asarray(2.0 * np.pi * (bars.start % DAY_MICROSECONDS) / DAY_MICROSECONDS)


def _weekday(bars: Bars) -> _Days:
    """0 = Monday."""
    return np.asarray((bars.start // DAY_MICROSECONDS + _EPOCH_WEEKDAY) % 7)


def _time_of_week(bars: Bars) -> Floats:
    """The whole weekday as an angle."""
    return np.asarray(2.0 * np.pi * _weekday(bars) / 7.0)


def _hour_sin(bars: Bars) -> Floats:
    return np.sin(_time_of_day(bars))


def _hour_cos(bars: Bars) -> Floats:
    return np.cos(_time_of_day(bars))


def _weekday_sin(bars: Bars) -> Floats:
    return np.sin(_time_of_week(bars))


def _weekday_cos(bars: Bars) -> Floats:
    return np.cos(_time_of_week(bars))


def _is_weekend(bars: Bars) -> Floats:
    return np.asarray(_weekday(bars) >= _SATURDAY, np.float64)


def _is_month_turn(bars: Bars) -> Floats:
    day = (bars.start // DAY_MICROSECONDS).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    next_day = day + np.timedelta64(1, "D")
    first, last = day == month.astype("datetime64[D]"), next_day.astype("datetime64[M]") != month
    return np.asarray(first | last, np.float64)


def _minutes_to(instant: Floats, bars: Bars) -> Floats:
    minutes = (instant - (bars.start + bars.timeframe.microseconds)) / _MINUTE
    return np.where(minutes >= 0.0, minutes, np.nan)


def _minutes_to_funding(bars: Bars) -> Floats:
    return _minutes_to(bars["funding_timestamp"], bars)


def _minutes_to_expiry(bars: Bars) -> Floats:
    return _minutes_to(np.full(len(bars), np.nan if bars.expiry is None else float(bars.expiry)), bars)


_CALENDAR = partial(MftFeature, group="calendar", source="", look_back_bars=0, inputs=(), null_rule="never")
_CIRCLE = "[−1, 1]"
_DAY_ANGLE = "2π · time of day / 24 h), time of the bar's start, UTC"
_WEEK_ANGLE = "2π · weekday / 7), weekday of the bar's start, UTC, Monday = 0"

FEATURES = (
    _CALENDAR(name="hour_sin", formula=f"sin({_DAY_ANGLE}", unit=_CIRCLE, value=_hour_sin),
    _CALENDAR(name="hour_cos", formula=f"cos({_DAY_ANGLE}", unit=_CIRCLE, value=_hour_cos),
    _CALENDAR(name="weekday_sin", formula=f"sin({_WEEK_ANGLE}", unit=_CIRCLE, value=_weekday_sin),
    _CALENDAR(name="weekday_cos", formula=f"cos({_WEEK_ANGLE}", unit=_CIRCLE, value=_weekday_cos),
    _CALENDAR(
        name="minutes_to_funding",
        formula="funding_timestamp − timestamp_close: the next funding as last announced in the bar",
        unit="min",
        null_rule="no funding is announced, or the one announced has passed",
        inputs=("funding_timestamp",),
        value=_minutes_to_funding,
    ),
    _CALENDAR(
        name="is_weekend", formula="the bar starts on a Saturday or Sunday, UTC", unit="true | false", type=pa.bool_(), value=_is_weekend
    ),
    _CALENDAR(
        name="is_month_turn",
        formula="the bar starts on the first or last day of a month, UTC",
        unit="true | false",
        type=pa.bool_(),
        default=False,
        value=_is_month_turn,
    ),
    _CALENDAR(
        name="minutes_to_expiry",
        formula="expiry − timestamp_close",
        unit="min",
        null_rule="it does not expire, its expiry is not known, or it has expired",
        default=False,
        value=_minutes_to_expiry,
    ),
)
