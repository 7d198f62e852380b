"""Coarser candles are exact merges of finer ones, whatever the path, the pieces or the threads."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.candles import Feeds, buckets, from_ticks, merge
from market_data_assets.compute.candles.components import FIELDS, empty_rows
from market_data_assets.compute.candles.folding import close_gaps, fold
from market_data_assets.compute.candles.registry import FEATURES
from market_data_assets.compute.candles.trades import day_trades
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.features import Merge
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES, Timeframe
from market_data_assets.errors import QueryError, SchemaDrift
from market_data_assets_tests.compute.book_snapshots import books
from market_data_assets_tests.compute.candles.books import Market, markets
from market_data_assets_tests.compute.candles.trades import ANY_TRADES, CONTRACTS, DAY, OPTION, SECOND, SPOT, Trade, table

_COARSER = TIMEFRAMES[1:]
_STEPS = [*pairwise(TIMEFRAMES), *((FINEST, timeframe) for timeframe in _COARSER)]
# Exact only while a bucket's sum is below 2^100 of a unit that is the same for every day; beyond, right to 2^-104.
_RETURN_SUMS = {"up_squares", "down_squares", "bipower", "quartic", "path", "second_squares", "illiquidity"}
_LAST_BITS = {"delay_median", *(f"_{name}_low" for name in _RETURN_SUMS)}


@given(ANY_TRADES, CONTRACTS, st.sampled_from(_COARSER))
@settings(max_examples=25)
def test_folded_components_equal_those_computed_from_ticks_to_the_last_bit(
    trades: list[Trade], contract: Contract, timeframe: Timeframe
) -> None:
    known = day_trades(table(trades), contract, DAY)
    folded, starts = fold(*buckets.collect_buckets(known, buckets.day_scale(known, contract), DAY, FINEST), timeframe.microseconds)
    direct, direct_starts = buckets.collect_buckets(known, buckets.day_scale(known, contract), DAY, timeframe)
    np.testing.assert_array_equal(starts, direct_starts)
    for field in set(FIELDS) - {"bucket_status"} - {f"{name}_low" for name in _RETURN_SUMS}:
        np.testing.assert_array_equal(folded[field], direct[field], err_msg=field)
    for name in _RETURN_SUMS:
        difference = np.abs(folded[f"{name}_low"] - direct[f"{name}_low"])
        assert (difference <= 2.0**-100 * np.abs(direct[name])).all(), name


@given(ANY_TRADES, st.one_of(CONTRACTS, st.just(OPTION)))
@settings(max_examples=8)
def test_merging_stored_candles_equals_the_candles_from_ticks(trades: list[Trade], contract: Contract) -> None:
    frames = {timeframe: frame.table for timeframe, frame in from_ticks(Feeds(table(trades)), contract, DAY, TIMEFRAMES).items()}
    for finer, coarser in _STEPS:
        merged = merge(frames[finer], coarser)
        columns = [name for name in merged.column_names if name not in _LAST_BITS]
        assert merged.select(columns).equals(frames[coarser].select(columns)), (finer, coarser)
        assert merged["delay_median"].null_count == len(merged)


@given(markets(), CONTRACTS)
@settings(max_examples=5)
def test_book_columns_merge_to_the_last_bit_along_every_chain_of_timeframes(market: Market, contract: Contract) -> None:
    frames = {timeframe: frame.table for timeframe, frame in from_ticks(market.feeds, contract, DAY, TIMEFRAMES).items()}
    columns = [name for name in frames[FINEST].column_names if name not in _LAST_BITS]
    for finer, coarser in _STEPS:
        assert merge(frames[finer], coarser).select(columns).equals(frames[coarser].select(columns)), (finer, coarser)


@given(markets(), st.lists(st.integers(0, 12), max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_the_order_of_book_rows_of_different_times_and_their_chunks_do_not_matter(market: Market, cuts: list[int], random: object) -> None:
    expected = from_ticks(market.feeds, SPOT, DAY, TIMEFRAMES[:2])
    shuffled = list({row.at: row for row in market.rows}.values())
    single = len(shuffled) == len(market.rows)
    rows = shuffled if single else list(market.rows)
    if single:
        random.shuffle(rows)  # type: ignore[attr-defined]
    whole = books.table(rows)
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    pieces = pa.concat_tables([whole.slice(first, stop - first) for first, stop in pairwise(edges)])
    found = from_ticks(Feeds(table(market.trades), pieces), SPOT, DAY, TIMEFRAMES[:2])
    assert all(found[timeframe].table.equals(expected[timeframe].table) for timeframe in TIMEFRAMES[:2])


@given(markets(), st.integers(0, 11))
@settings(max_examples=10)
def test_a_book_row_delivered_twice_changes_nothing_but_the_count_of_updates(market: Market, number: int) -> None:
    rows = [row for at, row in enumerate(market.rows) for _ in range(1 + (at == number))]
    once, twice = (
        from_ticks(Market(each, market.trades).feeds, SPOT, DAY, [FINEST])[FINEST].table.drop_columns(["book_updates"])
        for each in (market.rows, rows)
    )
    assert once.equals(twice)


def test_only_the_median_delay_is_not_mergeable() -> None:
    assert [feature.name for feature in FEATURES if feature.merge is Merge.FROM_TICKS] == ["delay_median"]


def test_candles_do_not_depend_on_how_the_day_is_cut_for_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    times = np.sort(rng.integers(0, 3_000 * SECOND, 5_000))
    trades = [
        Trade(int(at), float(price) / 10, float(amount) / 1000, ("buy", "sell")[int(amount) % 2], number, int(delay))
        for number, (at, price, amount, delay) in enumerate(
            zip(times, rng.integers(9_990, 10_010, 5_000), rng.integers(1, 10**6, 5_000), rng.integers(0, 10**6, 5_000), strict=True)
        )
    ]
    whole = from_ticks(Feeds(table(trades)), SPOT, DAY, TIMEFRAMES)
    for size in (1, 7, 100, 2_499):
        monkeypatch.setattr(buckets, "PIECE_TRADES", size)
        pieces = from_ticks(Feeds(table(trades)), SPOT, DAY, TIMEFRAMES)
        assert all(pieces[timeframe].table.equals(whole[timeframe].table) for timeframe in TIMEFRAMES)


@given(st.lists(st.integers(1, 20), max_size=6))
@settings(max_examples=10)
def test_candles_do_not_depend_on_the_chunks_of_the_table(cuts: list[int]) -> None:
    trades = [Trade(i * 5 * SECOND, 100.0 + i % 3, 0.1, ("buy", "sell", "unknown")[i % 3], i) for i in range(20)]
    edges = sorted({0, 20, *cuts})
    chunks = pa.concat_tables([table(trades[start:stop]) for start, stop in pairwise(edges)])
    assert from_ticks(Feeds(chunks), SPOT, DAY, TIMEFRAMES[1:2])[TIMEFRAMES[1]].table.equals(
        from_ticks(Feeds(table(trades)), SPOT, DAY, TIMEFRAMES[1:2])[TIMEFRAMES[1]].table
    )


def test_part_of_a_day_merges() -> None:
    candles = from_ticks(Feeds(table([Trade(i * SECOND, 100.0 + i) for i in range(200)])), SPOT, DAY, TIMEFRAMES[:2])
    hour = candles[FINEST].table.slice(0, 240)
    columns = [name for name in hour.column_names if name != "delay_median"]
    assert merge(hour, TIMEFRAMES[1]).select(columns).equals(candles[TIMEFRAMES[1]].table.slice(0, 60).select(columns))


def test_merging_no_candles_gives_none() -> None:
    assert len(merge(from_ticks(Feeds(table([])), OPTION, DAY, [FINEST])[FINEST].table, TIMEFRAMES[3])) == 0


def test_merging_needs_the_hidden_columns() -> None:
    candles = from_ticks(Feeds(table([])), SPOT, DAY, [FINEST])[FINEST].table
    with pytest.raises(SchemaDrift, match="_buy_base"):
        merge(candles.drop_columns(["_buy_base"]), TIMEFRAMES[1])


def test_merging_into_a_timeframe_that_is_no_multiple_is_refused() -> None:
    candles = from_ticks(Feeds(table([])), SPOT, DAY, [TIMEFRAMES[2]])[TIMEFRAMES[2]].table
    with pytest.raises(QueryError, match="divides 1m"):
        merge(candles, TIMEFRAMES[1])


def test_merging_two_instruments_is_refused() -> None:
    one, other = (from_ticks(Feeds(table([])), contract, DAY, [FINEST])[FINEST].table for contract in (SPOT, SPOT))
    renamed = other.set_column(0, other.schema.field(0), pa.repeat("BINANCE:SPOT_PAIR:ETH-USDT", len(other)))
    with pytest.raises(QueryError, match="2 instruments"):
        merge(pa.concat_tables([one, renamed]), TIMEFRAMES[1])


def test_gaps_of_empty_buckets_are_their_whole_length() -> None:
    rows, starts = empty_rows(2), np.array([0, 15 * SECOND])
    close_gaps(rows, starts, 15 * SECOND)
    assert rows["gap_us"].tolist() == [15 * SECOND] * 2
