"""Laws of the derivative ticker, on every perpetual and dated future."""

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.schemas import DERIVATIVE_TICKER, LIQUIDATIONS, TRADES
from market_data_assets.sources.simulated.funding import INTERVAL, funding_rate, predicted_rate
from market_data_assets.sources.simulated.markets import MARKETS
from market_data_assets.sources.simulated.ticker import JITTER
from market_data_assets_tests.sources.simulated.markets import (
    DAY,
    NEXT_DAY,
    PERP,
    SPOT,
    fetch,
    full_table,
    ids_with,
    instants,
    instrument_of,
    numbers,
    quiet_source,
    quiet_table,
)

IDS = ids_with(DERIVATIVE_TICKER)
PERPS = [name for name in IDS if ":PERP:" in name]
FUTURES = [name for name in IDS if ":FUTURE:" in name]


def of_the_day(table: pa.Table) -> pa.Table:
    return table.filter(pa.array((instants(table) >= day_start(DAY)) & (instants(table) < day_end(DAY))))


@pytest.mark.parametrize("instrument", IDS)
def test_it_ticks_about_every_second_and_never_pauses_longer_than_it_says(instrument):
    table = quiet_table(DERIVATIVE_TICKER, instrument)
    assert 86_300 < len(table) < 86_500
    assert np.diff(instants(table)).max() <= (1 + JITTER) * 1_000_000


@pytest.mark.parametrize("instrument", IDS)
def test_prices_are_near_the_index_and_the_index_is_that_of_all(instrument):
    table = quiet_table(DERIVATIVE_TICKER, instrument)
    carry = 0.03 if instrument in FUTURES else 0.001
    assert (np.abs(np.log(numbers(table, "mark_price") / numbers(table, "index_price"))) < carry).all()
    assert (np.abs(np.log(numbers(table, "last_price") / numbers(table, "mark_price"))) < 0.02).all()


def test_the_basis_of_a_perpetual_comes_back_to_zero():
    table = quiet_table(DERIVATIVE_TICKER, PERP)
    basis = np.log(numbers(table, "mark_price") / numbers(table, "index_price"))
    assert basis.min() < 0 < basis.max()
    assert np.abs(basis.mean()) < np.abs(basis).max() / 2


def test_the_index_is_the_spot_price():
    table, spot = of_the_day(quiet_table(DERIVATIVE_TICKER, PERP)), full_table(TRADES, SPOT)
    latest = np.searchsorted(instants(spot), instants(table), side="right") - 1
    known = latest >= 0
    distance = np.log(numbers(table, "index_price")[known] / numbers(spot, "price")[latest[known]])
    assert np.abs(distance).max() < 0.003


@pytest.mark.parametrize("instrument", ["BINANCE:PERP:BTC-USD", FUTURES[0]])
def test_the_last_price_is_that_of_the_last_trade_at_that_moment(instrument):
    table, trades = quiet_table(DERIVATIVE_TICKER, instrument), quiet_table(TRADES, instrument)
    latest = np.searchsorted(instants(trades), instants(table), side="right") - 1
    known = latest >= 0
    assert known.mean() > 0.9
    assert np.array_equal(numbers(table, "last_price")[known], numbers(trades, "price")[latest[known]])


@pytest.mark.parametrize("instrument", PERPS)
def test_funding_is_at_the_next_of_three_fixed_hours_and_its_rate_is_constant_until_then(instrument):
    table = quiet_table(DERIVATIVE_TICKER, instrument)
    funding, rates = instants(table, "funding_timestamp"), numbers(table, "funding_rate")
    assert np.array_equal(funding, (instants(table) // INTERVAL + 1) * INTERVAL)
    for instant in np.unique(funding):
        assert len(np.unique(rates[funding == instant])) == 1
    assert len(np.unique(rates)) >= 3


@pytest.mark.parametrize("instrument", FUTURES)
def test_dated_futures_have_no_funding(instrument):
    table = quiet_table(DERIVATIVE_TICKER, instrument)
    for name in ("funding_timestamp", "funding_rate", "predicted_funding_rate"):
        assert table[name].null_count == len(table)


def test_the_predicted_rate_ends_as_the_rate_of_the_next_interval():
    market = next(market for market in MARKETS if market.symbol == "BTC-PERPETUAL")
    fundings = np.arange(60_000, 60_030, dtype=np.int64) * INTERVAL
    assert predicted_rate(market, fundings - 1) == pytest.approx(funding_rate(market, fundings), abs=2e-8)
    assert predicted_rate(market, fundings) == pytest.approx(funding_rate(market, fundings), abs=2e-8)
    assert len(np.unique(funding_rate(market, fundings))) == len(fundings)


@pytest.mark.parametrize("instrument", IDS)
def test_open_interest_is_whole_lots_above_zero_and_continues_over_midnight(instrument):
    today = numbers(quiet_table(DERIVATIVE_TICKER, instrument), "open_interest")
    lots = today / instrument_of(quiet_source(), instrument).lot_size
    assert (today > 0).all()
    assert np.abs(lots - np.round(lots)).max() < 1e-6
    if instrument == PERP:
        tomorrow = numbers(fetch(quiet_source(), DERIVATIVE_TICKER, instrument, NEXT_DAY).table, "open_interest")
        assert tomorrow[0] == pytest.approx(today[-1], rel=0.01)


@pytest.mark.parametrize("instrument", [PERP, "DERIBIT:PERP:BTC-USD"])
def test_open_interest_falls_by_what_is_liquidated(instrument):
    table, forced = of_the_day(full_table(DERIVATIVE_TICKER, instrument)), of_the_day(full_table(LIQUIDATIONS, instrument))
    ticks, changes = instants(table), np.diff(numbers(table, "open_interest"))
    after = np.searchsorted(ticks, instants(forced), side="left")
    inside = (after > 0) & (after < len(ticks))
    closed = np.bincount(after[inside] - 1, weights=numbers(forced, "amount")[inside], minlength=len(changes))
    # Besides, positions are opened and closed slowly: a few lots a second.
    rest = changes + closed
    assert closed.sum() > 0
    assert (changes[closed > 0] < 0).mean() > 0.8
    assert np.abs(rest).max() < 0.02 * closed.sum()
