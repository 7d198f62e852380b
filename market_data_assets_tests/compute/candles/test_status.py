"""Empty buckets say why they are empty."""

import dataclasses

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.candles import Feeds, from_ticks, merge
from market_data_assets.compute.candles.status import Status, touched
from market_data_assets.compute.contract import Contract
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
@settings(max_examples=20)
def test_a_coarser_status_is_the_highest_of_the_finer_ones(market: Market, timeframe: Timeframe) -> None:
    fine, coarse = (_with_book(list(market.rows), list(market.trades), each) for each in (FINEST, timeframe))
    each = timeframe.seconds // FINEST.seconds
    order = [status.text for status in Status]
    highest = [max(fine[start : start + each], key=order.index) for start in range(0, len(fine), each)]
    assert coarse == highest


@given(markets())
@settings(max_examples=20)
def test_every_status_has_its_evidence(market: Market) -> None:
    statuses = _with_book(list(market.rows), list(market.trades))
    for bucket in range(FIRST // FINEST.microseconds, LAST // FINEST.microseconds):
        start, end = bucket * FINEST.microseconds, (bucket + 1) * FINEST.microseconds
        traded = any(start <= trade.at < end for trade in market.trades)
        assert (statuses[bucket] == "traded") == traded
        standing = [row for row in market.rows if row.at < start][-1:] + [row for row in market.rows if start <= row.at < end]
        connected = any(start <= row.at < end for row in market.rows)
        around = [trade.at for trade in market.trades if trade.at <= start] and [trade.at for trade in market.trades if trade.at >= end]
        if statuses[bucket] == "halted":
            assert any(not row.asks and not row.bids for row in standing)
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
