import numpy as np
import pytest

from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25
from market_data_assets_tests.sources.simulated.markets import ids_with, instants, levels, quiet_table

SIDES = ("ask_prices", "ask_amounts", "bid_prices", "bid_amounts")


@pytest.mark.parametrize("instrument", ids_with(BOOK_SNAPSHOT_25))
def test_the_book_of_5_levels_is_the_head_of_the_book_of_25(instrument):
    shallow, deep = quiet_table(BOOK_SNAPSHOT_5, instrument), quiet_table(BOOK_SNAPSHOT_25, instrument)
    place = np.searchsorted(instants(deep), instants(shallow))
    assert np.array_equal(instants(deep)[place], instants(shallow))
    assert np.array_equal(instants(deep, "local_timestamp")[place], instants(shallow, "local_timestamp"))
    for side in SIDES:
        assert np.array_equal(levels(deep, side)[place, :5], levels(shallow, side))
    assert len(deep) > len(shallow)


@pytest.mark.parametrize("instrument", ids_with(BOOK_SNAPSHOT_25))
def test_each_row_of_25_levels_differs_from_the_one_before(instrument):
    book = quiet_table(BOOK_SNAPSHOT_25, instrument)
    state = np.concatenate([levels(book, side) for side in SIDES], axis=1)
    assert (state[1:] != state[:-1]).any(axis=1).all()


def test_the_liquid_bitcoin_markets_are_recorded_25_levels_deep():
    assert set(ids_with(BOOK_SNAPSHOT_25)) == {
        "BINANCE:SPOT_PAIR:BTC-USDT",
        "BINANCE:PERP:BTC-USDT",
        "BINANCE:PERP:BTC-USD",
        "DERIBIT:PERP:BTC-USD",
    }
