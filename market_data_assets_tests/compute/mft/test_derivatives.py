"""Funding, basis, open interest and liquidations, against numbers worked out by hand and plain sums."""

from dataclasses import replace

import numpy as np
import pytest

from market_data_assets.compute.mft.funding import interval_hours
from market_data_assets.domain.days import day_end
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets_tests.compute.mft.candles import DAY, FOUR_HOURS, HOUR, QUARTER, WHOLE_DAY, changed, sample_bars, value_of
from market_data_assets_tests.compute.mft.references import assert_matches, over_windows

BARS = sample_bars(HOUR, 9)
COUNT = len(BARS)
NOTHING = np.full(COUNT, np.nan)
FUTURE = InstrumentId.parse("DERIBIT:FUTURE:BTC-USD-240907")


def test_a_rate_of_one_basis_point_every_eight_hours_is_eleven_percent_a_year() -> None:
    bars = changed(BARS, funding_rate=np.full(COUNT, 1e-4))
    np.testing.assert_allclose(value_of("funding_annualized", bars)[8:], 0.1095)
    hourly = changed(bars, funding_interval_hours=np.full(COUNT, 1.0))
    np.testing.assert_allclose(value_of("funding_annualized", hourly), 0.876)


def test_the_interval_is_what_the_contract_shows_and_at_most_what_the_market_declares() -> None:
    shown = NOTHING.copy()
    shown[30], shown[40] = 4.0, 16.0
    bars = replace(changed(BARS, funding_interval_hours=shown), funding_interval_hours=8.0)
    found = interval_hours(bars)
    # Nothing shown yet: the contract states its fundings, so what the market began with is not taken for it.
    assert np.isnan(found[:30]).all()
    assert (found[30:40] == 4.0).all()
    assert (found[40:64] == 8.0).all()
    assert np.isnan(found[64:]).all()


def test_what_the_market_declares_is_for_contracts_that_state_no_fundings() -> None:
    bars = changed(BARS, funding_interval_hours=NOTHING, funding_timestamp=NOTHING)
    assert np.isnan(interval_hours(bars)).all()
    assert (interval_hours(replace(bars, funding_interval_hours=8.0)) == 8.0).all()


@pytest.mark.parametrize(("name", "days"), [("funding_cumulative_24h", 1), ("funding_cumulative_7d", 7)])
@pytest.mark.parametrize("timeframe", [QUARTER, HOUR, FOUR_HOURS, WHOLE_DAY])
def test_funding_accrues_over_the_window(name, days, timeframe) -> None:  # type: ignore[no-untyped-def]
    bars = sample_bars(timeframe, 9)
    length = days * timeframe.buckets_per_day
    wanted = over_windows(bars, length, ("funding_rate",), lambda rate: rate.sum() * (24.0 / timeframe.buckets_per_day) / 8.0)
    assert_matches(value_of(name, bars), wanted)


def test_three_fundings_of_a_day_add_up() -> None:
    bars = changed(BARS, funding_rate=np.repeat(np.tile([1e-4, 2e-4, -5e-5], COUNT // 24), 8))
    assert value_of("funding_cumulative_24h", bars)[-1] == pytest.approx(2.5e-4)


def test_funding_zscore_is_over_seven_days() -> None:
    wanted = over_windows(BARS, 168, ("funding_rate",), lambda rate: (rate[-1] - rate.mean()) / rate.std(ddof=1))
    assert_matches(value_of("funding_zscore", BARS), wanted)
    assert np.isnan(value_of("funding_zscore", changed(BARS, funding_rate=np.full(COUNT, 1e-4)))).all()


def test_basis_of_a_future_is_its_log_premium_by_the_days_to_expiry() -> None:
    expiry = day_end(DAY) + 30 * 86_400_000_000
    prices = {"index_price": np.full(COUNT, 100.0), "mark_price": np.full(COUNT, 102.0)}
    future = replace(changed(BARS, **prices), instrument_id=FUTURE, expiry=expiry)
    assert value_of("basis_annualized", future)[-1] == pytest.approx(np.log(1.02) * 365.0 / 30.0)
    near = replace(future, expiry=day_end(DAY) + 86_400_000_000)
    assert value_of("basis_annualized", near)[-1] == pytest.approx(np.log(1.02) * 365.0)
    assert np.isnan(value_of("basis_annualized", replace(future, expiry=day_end(DAY) + 86_399_000_000))[-1])
    assert np.isnan(value_of("basis_annualized", replace(future, expiry=None))).all()


def test_basis_of_a_perpetual_is_its_log_premium_three_times_a_day() -> None:
    bars = changed(BARS, index_price=np.full(COUNT, 100.0), mark_price=np.full(COUNT, 100.01))
    np.testing.assert_allclose(value_of("basis_annualized", bars), np.log(1.0001) * 3 * 365)
    spot = replace(bars, instrument_id=InstrumentId.parse("BYBIT:SPOT_PAIR:ETH-USDT"))
    assert np.isnan(value_of("basis_annualized", spot)).all()


def test_open_interest_changes_in_percent_and_in_days_of_volume() -> None:
    interest = np.full(COUNT, 1000.0)
    interest[-1] = 1025.0
    bars = changed(BARS, open_interest=interest, volume=np.full(COUNT, 2.0), quote_volume=np.full(COUNT, 100.0))
    assert value_of("open_interest_change_pct", bars)[-2:].tolist() == pytest.approx([0.0, 2.5])
    assert value_of("open_interest_to_volume_1d", bars)[-1] == pytest.approx(1025.0 / 48.0)
    inverse = replace(bars, instrument_id=InstrumentId.parse("BYBIT:PERP:BTC-USD"))
    assert value_of("open_interest_to_volume_1d", inverse)[-1] == pytest.approx(1025.0 / 2400.0)


@pytest.mark.parametrize(
    ("price", "interest", "quadrant"),
    [(1, 1, 1.0), (1, -1, 2.0), (-1, -1, 3.0), (-1, 1, 4.0), (0, 1, np.nan), (1, 0, np.nan), (0, 0, np.nan)],
)
def test_quadrants_of_price_and_open_interest(price, interest, quadrant) -> None:  # type: ignore[no-untyped-def]
    steps = np.arange(float(COUNT))
    bars = changed(BARS, close=1000.0 + price * steps, open_interest=5000.0 + interest * steps)
    np.testing.assert_array_equal(value_of("price_open_interest_quadrant", bars)[1:], np.full(COUNT - 1, quadrant))


def test_liquidations_are_compared_with_volume_and_with_each_other() -> None:
    columns = {"liquidation_buy_volume": 3.0, "liquidation_sell_volume": 1.0, "volume": 16.0}
    bars = changed(BARS, **{name: np.full(COUNT, value) for name, value in columns.items()})
    assert (value_of("liquidation_share", bars) == 0.25).all()
    assert (value_of("liquidation_imbalance_20", bars)[19:] == 0.5).all()
    quiet = changed(bars, volume=np.zeros(COUNT), liquidation_buy_volume=np.zeros(COUNT), liquidation_sell_volume=np.zeros(COUNT))
    assert np.isnan(value_of("liquidation_share", quiet)).all()
    assert np.isnan(value_of("liquidation_imbalance_20", quiet)).all()
