"""What a row says was known when it was available: without what arrived later, the same row comes out."""

import numpy as np
import pytest

from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.timeframes import TIMEFRAMES
from market_data_assets_tests.compute.candles.replays import FIRST, SPAN, Day, differences, feeds_as_known, row_at
from market_data_assets_tests.compute.candles.trades import DAY, INVERSE, MIDNIGHT, OPTION, SECOND, Trade, table

_LEVELS = (TIMEFRAMES[0], TIMEFRAMES[1], TIMEFRAMES[2], TIMEFRAMES[4])
_ROWS_EACH = 3


def _assert_known(feeds: Feeds, contract: Contract, chosen: np.random.Generator) -> None:
    for timeframe, frame in from_ticks(feeds, contract, DAY, _LEVELS).items():
        starts = frame.table["timestamp"].cast("int64").to_numpy() - MIDNIGHT
        busy = np.flatnonzero((starts >= FIRST) & (starts < FIRST + SPAN + 900 * SECOND))
        for number in chosen.choice(busy, min(len(busy), _ROWS_EACH), replace=False):
            (expected,) = frame.table.slice(number, 1).to_pylist()
            known = feeds_as_known(feeds, expected["available_at"])
            found = row_at(from_ticks(known, contract, DAY, [timeframe])[timeframe].table, expected["timestamp"])
            assert not differences(found, expected), (str(timeframe), expected["timestamp"], expected["available_at"])


@pytest.mark.parametrize("seed", range(5))
def test_every_candle_is_what_was_known_when_it_was_available(seed: int) -> None:
    _assert_known(Day(seed).feeds(), INVERSE, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(100, 106))
def test_every_candle_of_an_option_is_what_was_known_when_it_was_available(seed: int) -> None:
    day = Day(seed)
    _assert_known(Feeds(day.trades(), day.book()), OPTION, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(200, 206))
def test_every_candle_of_trades_alone_is_what_was_known_when_it_was_available(seed: int) -> None:
    _assert_known(Feeds(Day(seed).trades()), INVERSE, np.random.default_rng(seed))


def test_a_late_trade_delays_every_row_that_its_state_reaches() -> None:
    trades = [Trade(SECOND), Trade(14 * SECOND, 101.0, delay=46 * SECOND), Trade(16 * SECOND, 99.0), Trade(40 * SECOND)]
    available = from_ticks(Feeds(table(trades)), INVERSE, DAY, TIMEFRAMES[:1])[TIMEFRAMES[0]].table["available_at"].slice(0, 5)
    assert (available.cast("int64").to_numpy() - MIDNIGHT).tolist() == [at * SECOND for at in (60, 60, 60, 60, 75)]
