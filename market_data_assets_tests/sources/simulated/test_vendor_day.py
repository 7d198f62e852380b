import datetime as dt

import numpy as np
import pytest

from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, TRADES
from market_data_assets.sources.simulated.contracts import contracts
from market_data_assets.sources.simulated.recording import recordings
from market_data_assets_tests.sources.simulated.markets import CALL, DAY, PERP, full_table, instants, numbers, quiet_table

DAYS = [DAY + dt.timedelta(days=number) for number in range(4)]


@pytest.mark.parametrize("instrument", [PERP, "BINANCE:SPOT_PAIR:ETH-USDT", CALL])
def test_ids_are_consecutive_over_several_days_so_each_trade_is_in_one_file(instrument):
    ids = np.concatenate([numbers(quiet_table(TRADES, instrument, day), "id") for day in DAYS])
    assert np.array_equal(np.sort(ids), np.arange(ids.min(), ids.min() + len(ids)))


@pytest.mark.parametrize("dataset", [TRADES, BOOK_SNAPSHOT_5], ids=str)
def test_a_file_holds_what_arrived_on_its_day_and_is_sorted_by_exchange_time_then_arrival(dataset):
    table = quiet_table(dataset, PERP)
    happened, arrived = instants(table), instants(table, "local_timestamp")
    assert ((arrived >= day_start(DAY)) & (arrived < day_end(DAY))).all()
    order = np.lexsort((arrived, happened))
    assert np.array_equal(order, np.arange(len(table)))


def test_ids_ascend_with_exchange_time():
    assert (np.diff(numbers(quiet_table(TRADES, PERP), "id")) > 0).all()


def test_late_trades_of_the_day_before_stand_at_the_head_of_a_file():
    table = full_table(TRADES, PERP)
    late = instants(table) < day_start(DAY)
    assert 0 < late.sum() < 100
    assert (instants(table)[late] >= day_start(DAY) - 10_000_000).all()


def test_the_first_book_row_of_a_day_stands_at_its_midnight():
    assert day_start(DAY) in instants(quiet_table(BOOK_SNAPSHOT_5, PERP))


@pytest.mark.parametrize("instrument", ["DERIBIT:FUTURE:BTC-USD-240927", "BINANCE:FUTURE:BTC-USDT-240927"])
def test_an_expiring_future_trades_until_eight(instrument):
    expiry = dt.date(2024, 9, 27)
    last = instants(quiet_table(TRADES, instrument, expiry))[-1] - day_start(expiry)
    assert 7 * 3_600_000_000 < last < 8 * 3_600_000_000


def test_a_new_future_trades_from_eight():
    listing = dt.date(2024, 9, 27)
    book = quiet_table(BOOK_SNAPSHOT_5, "DERIBIT:FUTURE:BTC-USD-250328", listing)
    assert instants(book)[0] == day_start(listing) + 8 * 3_600_000_000


def test_a_deeper_book_has_the_same_upper_levels():
    contract = next(contract for contract in contracts(DAY) if contract.symbol == "BTC-PERPETUAL")
    recording = next(recordings(contract, DAY, 0.05))
    deep, shallow = recording.book(25), recording.book(5)
    assert deep["ask_prices"].shape[1] == 25
    position = np.searchsorted(deep.timestamp, shallow.timestamp)
    for name in ("ask_prices", "ask_amounts", "bid_prices", "bid_amounts"):
        assert np.array_equal(deep[name][position, :5], shallow[name])
