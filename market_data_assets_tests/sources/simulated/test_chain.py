"""Laws of the option chain, on whole expiries as they stand at some moments of the day."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId, OptionType
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, DERIVATIVE_TICKER, OPTIONS_CHAIN, TRADES
from market_data_assets.sources.simulated.options import black
from market_data_assets.sources.simulated.quoting import LONGEST_PAUSE
from market_data_assets_tests.sources.simulated.markets import (
    CALL,
    DAY,
    FUTURE,
    PUT,
    ids_with,
    instants,
    levels,
    numbers,
    quiet_table,
)

NOON = day_start(DAY) + 43_200_000_000
WEEKLY, QUARTERLY = "240816", "240927"
YEAR_US = 365 * 86_400e6


def chain_of(expiry: str, kind: str) -> list[str]:
    """Ids of one expiry and kind, by strike."""
    found = [name for name in ids_with(OPTIONS_CHAIN) if name.endswith(f"-{expiry}-{kind}")]
    return sorted(found, key=lambda name: InstrumentId.parse(name).strike)


@lru_cache(maxsize=64)
def at_noon(instrument: str) -> dict:
    """The last row up to noon."""
    table = quiet_table(OPTIONS_CHAIN, instrument)
    return table.slice(int(np.searchsorted(instants(table), NOON, side="right")) - 1, 1).to_pylist()[0]


@pytest.mark.parametrize("expiry", [WEEKLY, QUARTERLY])
def test_call_minus_put_is_the_forward_minus_the_strike(expiry):
    for call, put in zip(chain_of(expiry, "CALL"), chain_of(expiry, "PUT"), strict=True):
        one, other = at_noon(call), at_noon(put)
        strike = one["strike_price"]
        # The two rows are up to two minutes apart, so each is compared with the forward of its own time.
        given = one["mark_price"] * one["underlying_price"] - other["mark_price"] * other["underlying_price"]
        moved = one["delta"] * one["underlying_price"] - other["delta"] * other["underlying_price"]
        between = min(one["underlying_price"], other["underlying_price"]), max(one["underlying_price"], other["underlying_price"])
        assert (
            between[0] - strike - 0.5 * (between[1] - between[0]) - 1 <= given <= between[1] - strike + 0.5 * (between[1] - between[0]) + 1
        )
        assert moved == pytest.approx(one["underlying_price"], rel=0.01)


@pytest.mark.parametrize("expiry", [WEEKLY, QUARTERLY])
@pytest.mark.parametrize("kind", OptionType)
def test_marks_are_monotonic_and_convex_in_the_strike(expiry, kind):
    rows = [at_noon(name) for name in chain_of(expiry, kind)]
    ratios = np.array([row["strike_price"] / row["underlying_price"] for row in rows])
    marks = np.array([row["mark_price"] for row in rows])
    slopes = np.diff(marks) / np.diff(ratios)
    low, high = (-1, 0) if kind is OptionType.CALL else (0, 1)
    assert ((slopes > low - 1e-3) & (slopes < high + 1e-3)).all()
    assert (np.diff(slopes) > -2e-3).all()


@pytest.mark.parametrize("instrument", [CALL, PUT, *chain_of("250328", "CALL")[-1:]])
def test_greeks_stay_within_their_bounds(instrument):
    table = quiet_table(OPTIONS_CHAIN, instrument)
    delta = numbers(table, "delta") * (1 if instrument.endswith("CALL") else -1)
    assert ((delta >= 0) & (delta <= 1)).all()
    for name in ("gamma", "vega"):
        assert (numbers(table, name) >= 0).all()
    assert (numbers(table, "theta") <= 0).all()


@pytest.mark.parametrize("instrument", [CALL, PUT])
def test_volatilities_give_the_prices_beside_them(instrument):
    table, kind = quiet_table(OPTIONS_CHAIN, instrument), OptionType(instrument.split("-")[-1])
    years = (instants(table, "expiration") - instants(table)) / YEAR_US
    forward, strike = numbers(table, "underlying_price"), numbers(table, "strike_price")[0]
    vega = numbers(table, "vega") / forward
    for side in ("bid", "ask", "mark"):
        volatility, price = numbers(table, f"{side}_iv"), numbers(table, f"{side}_price")
        known = ~np.isnan(volatility)
        assert known.mean() > 0.95
        again = black(kind, forward[known], strike, years[known], volatility[known] / 100)
        # Volatilities are printed to a hundredth of a percent.
        assert (np.abs(again - price[known]) <= 0.006 * vega[known] + 2e-8).all()


@pytest.mark.parametrize("instrument", [CALL, PUT])
def test_best_prices_are_those_of_the_book_and_the_last_price_that_of_the_tape(instrument):
    chain, book, trades = (quiet_table(dataset, instrument) for dataset in (OPTIONS_CHAIN, BOOK_SNAPSHOT_5, TRADES))
    row = np.searchsorted(instants(book), instants(chain), side="right") - 1
    known = row >= 0
    for side in ("ask", "bid"):
        for what in ("price", "amount"):
            assert np.array_equal(levels(book, f"{side}_{what}s")[row[known], 0], numbers(chain, f"{side}_{what}")[known])
    latest = np.searchsorted(instants(trades), instants(chain), side="right") - 1
    assert np.array_equal(numbers(trades, "price")[latest[latest >= 0]], numbers(chain, "last_price")[latest >= 0])


def test_the_mark_lies_near_the_quotes():
    for instrument in (CALL, PUT):
        table = quiet_table(OPTIONS_CHAIN, instrument)
        tick = 1e-4
        assert (numbers(table, "bid_price") <= numbers(table, "mark_price") + 2 * tick).all()
        assert (numbers(table, "ask_price") >= numbers(table, "mark_price") - 2 * tick).all()


def test_the_underlying_is_the_future_of_the_expiry_and_synthetic_where_none_is_listed():
    listed, synthetic = (quiet_table(OPTIONS_CHAIN, chain_of(expiry, "CALL")[0]) for expiry in (QUARTERLY, WEEKLY))
    assert set(listed["underlying_index"].to_pylist()) == {"BTC-27SEP24"}
    assert set(synthetic["underlying_index"].to_pylist()) == {"SYN.BTC-16AUG24"}
    future = quiet_table(DERIVATIVE_TICKER, FUTURE)
    latest = np.searchsorted(instants(future), instants(listed)) - 1
    known = latest >= 0
    assert numbers(listed, "underlying_price")[known] == pytest.approx(numbers(future, "mark_price")[latest[known]], rel=5e-4)


def test_forwards_rise_with_time_to_expiry():
    expiries = ["240809", WEEKLY, "240830", QUARTERLY, "241227", "250328"]
    forwards = [at_noon(chain_of(expiry, "CALL")[0])["underlying_price"] for expiry in expiries]
    assert all(near < far * 1.001 for near, far in pairwise(forwards))
    assert forwards[-1] > forwards[0]


def test_quotes_never_pause_longer_than_they_say_and_are_fresh_where_the_smile_is_read():
    for instrument in (*chain_of(WEEKLY, "CALL"), *chain_of(WEEKLY, "PUT")):
        pauses = np.diff(instants(quiet_table(OPTIONS_CHAIN, instrument)))
        assert pauses.max() <= LONGEST_PAUSE
        if 0.05 < abs(at_noon(instrument)["delta"]) < 0.7:
            assert np.median(pauses) < 60e6


def test_options_that_nobody_trades_have_no_last_price_and_a_still_open_interest():
    quoted = next(name for name in chain_of(WEEKLY, "CALL") if name not in ids_with(TRADES))
    table = quiet_table(OPTIONS_CHAIN, quoted)
    assert table["last_price"].null_count == len(table)
    assert len(table["open_interest"].unique()) == 1
    assert table.schema.field("last_price").type == pa.float64()
