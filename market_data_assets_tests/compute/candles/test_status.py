"""Empty buckets say why they are empty."""

import dataclasses

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.candles import Feeds, from_ticks, merge
from market_data_assets.compute.candles.status import Status, touched
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.staleness import MAX_AGE
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES, Timeframe
from market_data_assets_tests.compute.book_snapshots.books import Row
from market_data_assets_tests.compute.candles.books import FIRST, LAST, Market, markets, opened
from market_data_assets_tests.compute.candles.trades import DAY, INVERSE, MIDNIGHT, OPTION, SECOND, SPOT, Trade, table

_MINUTE = TIMEFRAMES[1]


def _candles(trades: list[Trade], contract: Contract = SPOT) -> pa.Table:
    return from_ticks(Feeds(table(trades)), contract, DAY, [FINEST])[FINEST].table


def test_an_empty_bucket_between_trades_has_no_trades_and_outside_them_no_data() -> None:
    statuses = _candles([Trade(20 * SECOND), Trade(65 * SECOND)])["bucket_status"].to_pylist()
    assert statuses[:6] == ["no_data", "traded", "no_trades", "no_trades", "traded", "no_data"]


def _available(candles: pa.Table) -> list[float]:
    return [(at - MIDNIGHT) / SECOND for at in candles["available_at"].cast(pa.int64()).to_pylist()]


def test_what_a_later_row_proves_is_not_known_before_it_arrives() -> None:
    trades = _candles([Trade(20 * SECOND), Trade(65 * SECOND, delay=7 * SECOND)])
    assert _available(trades)[:5] == [15, 30, 72, 72, 75]
    book = [Row(0, [], [], 0), opened(50 * SECOND, delay=20 * SECOND)]
    halted = from_ticks(Market(book, []).feeds, SPOT, DAY, [FINEST])[FINEST].table
    assert halted["bucket_status"].to_pylist()[:4] == ["halted", "halted", "halted", "no_trades"]
    # The first has a row of its own.
    assert _available(halted)[:5] == [15, 70, 70, 70, 75]
    # A bucket in which another feed ticks needs no trade to prove anything.
    ticking = from_ticks(Market([opened(40 * SECOND)], [Trade(20 * SECOND), Trade(65 * SECOND)]).feeds, SPOT, DAY, [FINEST])[FINEST].table
    assert _available(ticking)[:5] == [15, 30, 45, 65.001, 75]


def test_a_pause_of_more_than_five_minutes_between_trades_proves_nothing_where_their_numbers_do_not() -> None:
    for pause, status in ((300 * SECOND, "no_trades"), (300 * SECOND + 1, "no_data")):
        for ids in ((None, None), ("a", "b"), (1, 2)):
            trades = [Trade(SECOND, id=ids[0]), Trade(SECOND + pause, id=ids[1])]
            assert set(_candles(trades)["bucket_status"].to_pylist()[1:20]) == {status}


def _counted(pause: int, first_id: int, *, count: int = 20) -> list[Trade]:
    """Trades numbered one by one, in the first bucket; and one more after a pause, with its own number."""
    return [*(Trade(number, id=number) for number in range(count)), Trade(pause, id=first_id)]


def test_numbers_prove_a_long_pause_complete_and_a_short_one_not() -> None:
    hour, minute = 3_600 * SECOND, 60 * SECOND
    assert set(_candles(_counted(hour, 20))["bucket_status"].to_pylist()[1:240]) == {"no_trades"}
    assert set(_candles(_counted(minute, 21))["bucket_status"].to_pylist()[1:4]) == {"no_data"}
    # Too few to tell: then the time between the trades decides.
    assert set(_candles(_counted(minute, 21, count=19))["bucket_status"].to_pylist()[1:4]) == {"no_trades"}
    assert set(_candles(_counted(hour, 19, count=19))["bucket_status"].to_pylist()[1:240]) == {"no_data"}


def test_where_numbers_are_missing_other_feeds_do_not_prove_that_there_was_no_trade() -> None:
    book = [opened(20 * SECOND), Row(30 * SECOND, [], []), opened(59 * SECOND)]
    for after, expected in ((21, ["no_data"] * 3), (20, ["no_trades", "halted", "no_trades"])):
        candles = from_ticks(Market(book, _counted(60 * SECOND, after)).feeds, SPOT, DAY, [FINEST])[FINEST].table
        assert candles["bucket_status"].to_pylist()[1:4] == expected


def test_a_number_that_comes_late_is_missing_until_it_comes() -> None:
    trades = [*_counted(60 * SECOND, 20), Trade(61 * SECOND, id=21)]
    late = [*trades[:-2], dataclasses.replace(trades[-2], delay=9 * SECOND), trades[-1]]
    book = [opened(20 * SECOND), opened(31 * SECOND), opened(46 * SECOND)]
    for of, available in ((trades, [30, 45, 60]), (late, [69, 69, 69])):
        candles = from_ticks(Market(book, of).feeds, SPOT, DAY, [FINEST])[FINEST].table
        assert candles["bucket_status"].to_pylist()[1:4] == ["no_trades"] * 3
        assert _available(candles)[1:4] == available


def test_a_span_touches_the_buckets_that_hold_some_of_its_instants() -> None:
    starts = np.arange(6) * 15
    spans = ((-5, 1), (29, 30), (30, 31), (50, 76))
    assert touched(starts, 15, spans).tolist() == [True, True, True, True, True, True]
    assert touched(starts, 15, ((29, 30),)).tolist() == [False, True, False, False, False, False]
    assert touched(starts, 15, ((30, 45), (89, 200))).tolist() == [False, False, True, False, False, True]
    assert touched(starts, 15, ((-9, 0), (90, 95))).tolist() == [False] * 6
    assert touched(starts, 15, ()).tolist() == [False] * 6


def _with_book(rows: list[Row], trades: list[Trade], timeframe: Timeframe = FINEST) -> list[str]:
    candles = from_ticks(Market(rows, trades).feeds, SPOT, DAY, [timeframe])[timeframe].table
    return [str(status) for status in candles["bucket_status"].to_pylist()]


def test_a_book_row_in_a_bucket_proves_that_the_recorder_was_connected() -> None:
    assert _with_book([opened(16 * SECOND), opened(59 * SECOND)], [])[:5] == ["no_data", "no_trades", "no_data", "no_trades", "no_data"]


def test_a_bucket_is_halted_while_the_book_is_empty_from_end_to_end_and_its_feed_alive() -> None:
    rows = [opened(0), Row(20 * SECOND, [], []), opened(65 * SECOND), Row(75 * SECOND, [], []), Row(95 * SECOND, [], [])]
    expected = ["no_trades", "no_trades", "halted", "halted", "no_trades", "halted", "halted", "no_data"]
    assert _with_book(rows, [])[:8] == expected
    # A trade, even beside an empty book, is a trade; between trades an empty book still says that trading was halted.
    traded = [Trade(10 * SECOND), Trade(50 * SECOND), Trade(200 * SECOND)]
    assert _with_book(rows, traded)[:8] == ["traded", "no_trades", "halted", "traded", "no_trades", "halted", "halted", "no_trades"]


def test_a_book_with_one_side_is_not_halted() -> None:
    rows = [Row(0, [], [(99.0, 1.0)]), opened(40 * SECOND)]
    assert _with_book(rows, [])[:3] == ["no_trades", "no_data", "no_trades"]


def test_an_instrument_is_halted_in_the_part_of_a_bucket_in_which_it_is_listed() -> None:
    listed = dataclasses.replace(SPOT, listed_from=MIDNIGHT + 20 * SECOND, listed_to=MIDNIGHT + 40 * SECOND)
    rows = [Row(20 * SECOND, [], []), Row(35 * SECOND, [], [])]
    candles = from_ticks(Market(rows, []).feeds, listed, DAY, [FINEST])[FINEST].table
    assert candles["bucket_status"].to_pylist()[:4] == ["not_listed", "halted", "halted", "not_listed"]


@given(markets(), st.sampled_from(TIMEFRAMES[1:]))
@settings(max_examples=10)
def test_a_coarser_status_is_the_highest_of_the_finer_ones(market: Market, timeframe: Timeframe) -> None:
    fine, coarse = (_with_book(list(market.rows), list(market.trades), each) for each in (FINEST, timeframe))
    each = timeframe.seconds // FINEST.seconds
    order = [status.text for status in Status]
    highest = [max(fine[start : start + each], key=order.index) for start in range(0, len(fine), each)]
    assert coarse == highest


@given(markets())
@settings(max_examples=10)
def test_every_status_has_its_evidence(market: Market) -> None:
    statuses = _with_book(list(market.rows), list(market.trades))
    for bucket in range(FIRST // FINEST.microseconds, LAST // FINEST.microseconds):
        start, end = bucket * FINEST.microseconds, (bucket + 1) * FINEST.microseconds
        traded = any(start <= trade.at < end for trade in market.trades)
        assert (statuses[bucket] == "traded") == traded
        standing = [row for row in market.rows if row.at < start][-1:] + [row for row in market.rows if start <= row.at < end]
        connected = any(start <= row.at < end for row in market.rows)
        before, after = [trade.at for trade in market.trades if trade.at < start], [trade.at for trade in market.trades if trade.at >= end]
        around = bool(before and after) and after[0] - before[-1] <= MAX_AGE
        if statuses[bucket] == "halted":
            assert any(not row.asks and not row.bids and end - row.at <= MAX_AGE for row in standing)
        elif not traded:
            assert statuses[bucket] == ("no_trades" if connected or around else "no_data")


def test_a_coarser_bucket_takes_the_strongest_status() -> None:
    listed = dataclasses.replace(SPOT, listed_from=MIDNIGHT + 60 * SECOND)
    candles = _candles([Trade(130 * SECOND), Trade(250 * SECOND)], listed)
    assert merge(candles, _MINUTE)["bucket_status"].to_pylist()[:6] == [
        "not_listed",
        "no_data",
        "traded",
        "no_trades",
        "traded",
        "no_data",
    ]


def test_a_coarser_bucket_without_trades_has_no_data_where_a_finer_one_has_none() -> None:
    candles = from_ticks(Market([opened(10 * SECOND)], []).feeds, SPOT, DAY, [FINEST, _MINUTE])
    assert candles[FINEST].table["bucket_status"].to_pylist()[:4] == ["no_trades", "no_data", "no_data", "no_data"]
    assert candles[_MINUTE].table["bucket_status"].to_pylist()[0] == "no_data"


def test_a_coarser_candle_of_an_option_is_not_available_before_its_end() -> None:
    frames = from_ticks(Feeds(table([Trade(20 * SECOND)])), OPTION, DAY, TIMEFRAMES)
    for timeframe, frame in frames.items():
        assert _available(frame.table) == [max(timeframe.seconds, 30)]


def test_empty_buckets_have_null_prices_and_zero_volumes() -> None:
    row = _candles([Trade(20 * SECOND)]).slice(0, 1).to_pylist()[0]
    null = {name for name, value in row.items() if value is None and not name.startswith("_")}
    zero = {name for name, value in row.items() if value == 0 and not name.startswith("_")}
    assert {"open", "high", "low", "close", "vwap", "first_trade_at", "rv_tick", "kyle_lambda", "delay_median"} <= null
    assert {"volume", "quote_volume", "trade_count", "buy_volume", "volume_delta", "cvd_day", "up_ticks", "dup_trades"} <= zero
    assert row["gap_us"] == 15 * SECOND


def _lengths(contract: Contract) -> list[int]:
    return [len(frame.table) for frame in from_ticks(Feeds(table([])), contract, DAY, TIMEFRAMES).values()]


def test_an_empty_day_has_every_bucket_and_an_option_none() -> None:
    assert _lengths(INVERSE) == [5760, 1440, 288, 96, 24, 6, 1]
    assert _lengths(OPTION) == [0] * 7


def test_an_option_has_only_buckets_with_trades() -> None:
    candles = _candles([Trade(20 * SECOND), Trade(3700 * SECOND)], OPTION)
    assert candles["bucket_status"].to_pylist() == ["traded", "traded"]
    assert merge(candles, TIMEFRAMES[4])["trade_count"].to_pylist() == [1, 1]
    assert merge(candles, TIMEFRAMES[6])["gap_us"].to_pylist() == [(86_400 - 3700) * SECOND]


def test_state_starts_fresh_at_midnight_and_crosses_buckets_within_the_day() -> None:
    rows = _candles([Trade(1, 100.0), Trade(20 * SECOND, 101.0), Trade(40 * SECOND, 100.0)]).slice(0, 3).to_pylist()
    assert [row["up_ticks"] for row in rows] == [0, 1, 0]
    assert [row["down_ticks"] for row in rows] == [0, 0, 1]
    assert rows[0]["rv_tick"] is None
    assert rows[0]["intertrade_mean"] is None
    assert rows[1]["intertrade_mean"] == 20 * SECOND - 1
