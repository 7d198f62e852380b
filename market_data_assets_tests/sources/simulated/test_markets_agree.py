"""Prices of different instruments and days, seen together."""

import datetime as dt

import numpy as np
import pytest

from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5
from market_data_assets_tests.sources.simulated.markets import CALL, DAY, NEXT_DAY, PERP, PUT, SPOT, instants, levels, quiet_table

EVERY_MINUTE = day_start(DAY) + np.arange(60, 86_400, 60) * 1_000_000


def mids(instrument: str, at: np.ndarray = EVERY_MINUTE, day: dt.date = DAY) -> np.ndarray:
    book = quiet_table(BOOK_SNAPSHOT_5, instrument, day)
    middle = (levels(book, "ask_prices")[:, 0] + levels(book, "bid_prices")[:, 0]) / 2
    return middle[np.searchsorted(instants(book), at, side="right") - 1]


@pytest.mark.parametrize("perp", [PERP, "BINANCE:PERP:BTC-USD", "DERIBIT:PERP:BTC-USD"])
def test_perpetuals_stay_within_a_few_basis_points_of_spot(perp):
    assert np.median(np.abs(np.log(mids(perp) / mids(SPOT)))) < 1e-3


@pytest.mark.parametrize("venue", ["BINANCE:FUTURE:BTC-USDT", "DERIBIT:FUTURE:BTC-USD"])
def test_futures_carry_a_premium_that_grows_with_their_life(venue):
    near, far = (np.median(mids(f"{venue}-{expiry}") / mids(SPOT)) for expiry in ("240927", "241227"))
    assert 1 < near < far < 1.05


@pytest.mark.parametrize("option", [CALL, PUT, "DERIBIT:OPTION:BTC-USD-38000-240927-CALL", "DERIBIT:OPTION:BTC-USD-38000-240927-PUT"])
def test_option_quotes_respect_the_no_arbitrage_bounds(option):
    contract = InstrumentId.parse(option)
    future = mids("DERIBIT:FUTURE:BTC-USD-240927")
    moneyness = float(contract.strike) / future
    intrinsic = np.maximum(1 - moneyness if contract.option_type == "CALL" else moneyness - 1, 0)
    ceiling = np.ones_like(moneyness) if contract.option_type == "CALL" else moneyness
    # The chain's own forwards lie up to two months of carry below this future; quotes age some minutes.
    assert (mids(option) > intrinsic - 0.02).all()
    assert (mids(option) < ceiling).all()


@pytest.mark.parametrize("instrument", [SPOT, PERP, "DERIBIT:PERP:BTC-USD", "DERIBIT:FUTURE:BTC-USD-241227"])
def test_the_price_continues_over_midnight(instrument):
    midnight = day_start(NEXT_DAY)
    before, after = mids(instrument, np.array([midnight - 1])), mids(instrument, np.array([midnight]), NEXT_DAY)
    assert abs(np.log(after / before))[0] < 0.003
