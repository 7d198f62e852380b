"""Where a bar stands in time, on days that a calendar shows."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from market_data_assets.compute.mft.bars import Bars
from market_data_assets.domain.days import day_start, to_instant
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets_tests.compute.mft.candles import HOUR, PERP, WHOLE_DAY, value_of


def _bars(start: str, count: int, timeframe: Timeframe = HOUR, **more: np.ndarray) -> Bars:
    starts = to_instant(start) + timeframe.microseconds * np.arange(count)
    return Bars(PERP, timeframe, starts, np.ones(count, np.bool_), dict(more))


def test_the_day_is_a_circle_from_midnight() -> None:
    bars = _bars("2024-08-08", 24)
    np.testing.assert_allclose(value_of("hour_sin", bars)[[0, 6, 12, 18]], [0, 1, 0, -1], atol=1e-12)
    np.testing.assert_allclose(value_of("hour_cos", bars)[[0, 6, 12, 18]], [1, 0, -1, 0], atol=1e-12)


def test_the_week_is_a_circle_from_monday() -> None:
    bars = _bars("2024-08-05", 14, WHOLE_DAY)
    days = np.array([dt.date(2024, 8, 5 + one).weekday() for one in range(14)])
    np.testing.assert_allclose(value_of("weekday_sin", bars), np.sin(2 * np.pi * days / 7), atol=1e-12)
    np.testing.assert_allclose(value_of("weekday_cos", bars), np.cos(2 * np.pi * days / 7), atol=1e-12)


def test_saturday_and_sunday_are_the_weekend() -> None:
    assert value_of("is_weekend", _bars("2024-08-05", 7, WHOLE_DAY)).tolist() == [0, 0, 0, 0, 0, 1, 1]


def test_months_turn_on_their_last_and_first_day() -> None:
    assert value_of("is_month_turn", _bars("2024-02-28", 4, WHOLE_DAY)).tolist() == [0, 1, 1, 0]


def test_minutes_to_funding_count_from_the_bar_end() -> None:
    at = np.array([to_instant("2024-08-08T08:00")] * 4 + [np.nan])
    found = value_of("minutes_to_funding", _bars("2024-08-08T05:00", 5, funding_timestamp=at))
    np.testing.assert_array_equal(found, [120.0, 60.0, 0.0, np.nan, np.nan])


@pytest.mark.parametrize(("expiry", "minutes"), [("2024-08-09", 1380.0), ("2024-08-08T01:00", 0.0), ("2024-08-08T00:59", np.nan)])
def test_minutes_to_expiry_count_from_the_bar_end(expiry: str, minutes: float) -> None:
    bars = replace(_bars("2024-08-08", 1), expiry=to_instant(expiry))
    np.testing.assert_array_equal(value_of("minutes_to_expiry", bars), [minutes])
    assert np.isnan(value_of("minutes_to_expiry", _bars("2024-08-08", 1)))


def test_epoch_is_where_days_are_counted_from() -> None:
    assert day_start(dt.date(1970, 1, 1)) == 0
    assert value_of("is_weekend", _bars("1970-01-01", 4, WHOLE_DAY)).tolist() == [0, 0, 1, 1]
