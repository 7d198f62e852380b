import numpy as np
import pytest
import talib

from market_data_assets.compute.mft import volume
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets_tests.compute.mft.walks import MIDNIGHT, bars_of, changed, closes, random_walk, with_holes

FEATURES = {feature.name: feature for feature in volume.FEATURES}
HOUR, DAY = Timeframe.parse("1h"), Timeframe.parse("24h")
NAN = np.nan


def _values(name: str, bars: Bars) -> Floats:
    return FEATURES[name].value(bars)


def test_on_balance_volume_is_that_of_talib_day_by_day() -> None:
    bars = random_walk(3, 72, HOUR)
    days = [talib.OBV(bars["close"][start : start + 24], bars["volume"][start : start + 24]) for start in (0, 24, 48)]
    assert np.array_equal(_values("obv", bars), np.concatenate(days))


def test_on_balance_volume_of_a_day_does_not_depend_on_the_days_before() -> None:
    bars = random_walk(5, 72, HOUR)
    assert np.array_equal(_values("obv", bars.last(24)), _values("obv", bars)[48:])


def test_on_balance_volume_begins_anew_after_a_hole_and_with_every_bar_of_a_day() -> None:
    bars = changed(closes([1.0, 2.0, 3.0, 3.0, 2.0], HOUR), volume=np.array([1.0, 2.0, 4.0, 8.0, 16.0]))
    assert _values("obv", bars).tolist() == [1.0, 3.0, 7.0, 7.0, -9.0]
    assert np.array_equal(_values("obv", with_holes(bars, [1])), [1.0, NAN, 4.0, 4.0, -12.0], equal_nan=True)
    assert _values("obv", bars_of(bars.columns, DAY)).tolist() == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_the_session_average_begins_at_midnight_and_counts_the_bar_itself() -> None:
    price, traded = np.array([10.0, 20.0, 30.0, 40.0]), np.array([1.0, 3.0, 0.0, 4.0])
    columns = {"close": price, "volume": traded, "quote_volume": price * traded}
    late = MIDNIGHT + 22 * HOUR.microseconds
    found = _values("vwap_distance", bars_of(columns, HOUR, MIDNIGHT))
    np.testing.assert_allclose(found, [0.0, 20 / 17.5 - 1, 30 / 17.5 - 1, 40 / 28.75 - 1], rtol=1e-15)
    # From 22:00 on: the session of the first two bars began before them, that of the others at midnight.
    found = _values("vwap_distance", bars_of(columns, HOUR, late))
    np.testing.assert_allclose(found, [NAN, NAN, NAN, 0.0], rtol=1e-15)


def test_the_session_average_is_null_behind_a_hole_until_the_next_midnight() -> None:
    values = _values("vwap_distance", with_holes(random_walk(7, 72, HOUR), [30]))
    assert np.flatnonzero(np.isnan(values)).tolist() == list(range(30, 48))


def _daily(per_day: list[float]) -> Bars:
    """Hours whose volume is a number per day, but for the hour from 05:00 on, in which it is 100 times that."""
    traded = np.repeat(np.array(per_day), 24)
    traded[5::24] *= 100.0
    return bars_of({"close": np.ones(len(traded)), "volume": traded}, HOUR)


def test_relative_volume_compares_with_the_median_of_the_same_hour_of_the_14_days_before() -> None:
    days = [float(number) for number in (9, 1, 14, 2, 13, 3, 12, 4, 11, 5, 10, 6, 8, 7)]
    values = _values("relative_volume_14d", _daily([*days, 15.0]))
    assert np.isnan(values[: 14 * 24]).all()
    assert values[14 * 24 :].tolist() == [2.0] * 24


def test_relative_volume_needs_that_hour_of_every_day_and_no_other() -> None:
    bars = with_holes(_daily([1.0] * 15), [3 * 24 + 5])
    assert np.flatnonzero(np.isnan(_values("relative_volume_14d", bars)[14 * 24 :])).tolist() == [5]


def test_relative_volume_to_a_median_of_0_is_null() -> None:
    assert np.isnan(_values("relative_volume_14d", _daily([0.0] * 8 + [1.0] * 7))[-24:]).all()


def _sides(bought: list[float], sold: list[float]) -> Bars:
    buy, sell = np.array(bought), np.array(sold)
    return bars_of({"close": buy * 0.0 + 1.0, "buy_volume": buy, "sell_volume": sell})


def test_the_taker_ratio_is_the_share_of_the_bought_and_its_average_that_of_talib() -> None:
    bars = random_walk(11, 100)
    expected = talib.EMA(bars["buy_volume"] / bars["volume"], 20)
    np.testing.assert_allclose(_values("taker_ratio_ema_20", bars), expected, rtol=1e-12)


def test_bars_without_a_known_side_leave_the_taker_ratio_where_it_was() -> None:
    bars = random_walk(13, 60)
    silent = [0, 7, 30, 31, 59]
    buy, sell = bars["buy_volume"].copy(), bars["sell_volume"].copy()
    buy[silent] = sell[silent] = 0.0
    found = _values("taker_ratio_ema_20", changed(bars, buy_volume=buy, sell_volume=sell))
    heard = np.setdiff1d(np.arange(60), silent)
    expected = talib.EMA((buy / bars["volume"])[heard], 20)
    np.testing.assert_allclose(found[heard], expected, rtol=1e-12)
    assert found[30] == found[31] == found[29]
    assert found[59] == found[58]


def test_the_taker_ratio_begins_anew_after_a_hole_also_where_nothing_is_traded_at_once() -> None:
    buy = [1.0] * 25 + [NAN] + [0.0] * 3 + [3.0] * 25
    sell = [1.0] * 25 + [NAN] + [0.0] * 3 + [1.0] * 25
    found = _values("taker_ratio_ema_20", _sides(buy, sell))
    assert found[24] == 0.5
    assert np.isnan(found[25 : 29 + 19]).all()
    assert found[29 + 19 :].tolist() == [0.75] * 6


def test_the_slope_of_the_cumulated_delta_is_that_of_a_fitted_line() -> None:
    bars = random_walk(17, 60)
    cumulated = np.cumsum(bars["volume_delta"])
    np.testing.assert_allclose(_values("cvd_slope_20", bars)[20:], talib.LINEARREG_SLOPE(cumulated, 20)[20:], rtol=1e-9)


@pytest.mark.parametrize("bought", [0.0, 2.5])
def test_a_constant_delta_is_its_own_slope(bought: float) -> None:
    bars = changed(closes(np.ones(40)), volume_delta=np.full(40, bought))
    assert _values("cvd_slope_20", bars)[-1] == pytest.approx(bought, rel=1e-14)
