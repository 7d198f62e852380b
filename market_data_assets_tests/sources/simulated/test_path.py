import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.days import day_start
from market_data_assets.sources.simulated.path import SECONDS, UNDERLYINGS, log_path, midnight_log_price, price

DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2035, 1, 1))


def midnight_prices(asset: str, days: int) -> np.ndarray:
    return np.array([midnight_log_price(asset, 18_500 + number) for number in range(days)])


@settings(max_examples=30)
@given(DAYS, st.sampled_from(sorted(UNDERLYINGS)))
def test_the_next_day_opens_where_the_day_before_closed(day, asset):
    assert log_path(asset, day + dt.timedelta(days=1))[0] == log_path(asset, day)[-1]


@settings(max_examples=40)
@given(DAYS, st.integers(0, SECONDS - 1))
def test_the_path_does_not_jump(day, second):
    one = day_start(day) + second * 1_000_000
    before, after = price("BTC", np.array([one, one + 1_000_000]))
    # Ten standard deviations of one second in a minute three times as turbulent as the day.
    assert abs(np.log(after / before)) < 10 * 3 * 0.025 / np.sqrt(SECONDS)


def test_the_price_between_two_seconds_lies_between_their_prices():
    start = day_start(dt.date(2024, 8, 8))
    left, middle, right = price("ETH", np.array([start, start + 500_000, start + 1_000_000]))
    assert min(left, right) <= middle <= max(left, right)


def test_no_instants_have_no_prices():
    assert len(price("BTC", np.array([], dtype=np.int64))) == 0


@pytest.mark.parametrize("asset", sorted(UNDERLYINGS))
def test_daily_volatility_and_level_are_as_declared(asset):
    closes = midnight_prices(asset, 500)
    assert np.diff(closes).std() == pytest.approx(UNDERLYINGS[asset].daily_volatility, rel=0.1)
    assert abs(closes.mean() - np.log(UNDERLYINGS[asset].level)) < 1.5


def test_ethereum_moves_with_bitcoin_by_the_declared_correlation():
    correlation = np.corrcoef(np.diff(midnight_prices("BTC", 500)), np.diff(midnight_prices("ETH", 500)))[0, 1]
    assert correlation == pytest.approx(UNDERLYINGS["ETH"].correlation, abs=0.05)


def test_turbulent_minutes_cluster():
    squares = np.diff(log_path("BTC", dt.date(2024, 8, 8))).reshape(1_440, 60)
    variance = (squares**2).sum(axis=1)
    assert np.corrcoef(variance[1:], variance[:-1])[0, 1] > 0.2
