import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.compute.quality.books import book_rows, judge_levels, judge_quotes, judge_staleness
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5

NAN = float("nan")


def book(best: list[tuple[float, float]]) -> pa.Table:
    """Rows a second apart with the given best asks and bids; the second level is missing."""
    asks, bids = ([[prices[side], NAN, NAN, NAN, NAN] for prices in best] for side in (0, 1))
    amounts = [[2.0, NAN, NAN, NAN, NAN]] * len(best)
    times = [number * 1_000_000 for number in range(len(best))]
    columns = {
        "timestamp": times,
        "local_timestamp": times,
        "ask_prices": asks,
        "ask_amounts": amounts,
        "bid_prices": bids,
        "bid_amounts": amounts,
    }
    return pa.table(columns, schema=BOOK_SNAPSHOT_5.schema)


def test_crossed_and_locked_rows_are_told_apart() -> None:
    rows = book_rows(book([(11.0, 10.0), (10.0, 11.0), (11.0, 11.0), (NAN, 10.0)]).to_batches())
    found = list(judge_quotes("A", rows.times, rows.asks, rows.bids))
    assert [(each.problem, each.found, each.wrong) for each in found] == [("crossed", 1, True), ("locked", 1, True)]


@pytest.mark.parametrize(("crossed", "expected"), [(1, []), (2, [False]), (50, [False]), (51, [True])])
def test_one_in_a_thousand_is_tolerated_and_one_in_twenty_is_not_wrong_yet(crossed: int, expected: list[bool]) -> None:
    asks, bids = np.full(1_000, 11.0), np.full(1_000, 10.0)
    bids[:crossed] = 12.0
    assert [each.wrong for each in judge_quotes("A", np.arange(1_000), asks, bids)] == expected


@pytest.mark.parametrize("rows_in_batch", [1, 3, 100])
def test_book_that_repeats_itself_while_trades_happen_is_stale(rows_in_batch: int) -> None:
    table = book([(11.0, 10.0), *[(12.0, 11.0)] * 5, (13.0, 12.0)])
    rows = book_rows(table.to_batches(max_chunksize=rows_in_batch))
    assert rows.repeated.tolist() == [False, False, True, True, True, True, False]
    trades = np.array([2_100_000, 2_200_000, 3_000_000], np.int64)
    (finding,) = judge_staleness("A", rows, trades)
    assert (finding.problem, finding.found, finding.first_at, finding.wrong) == ("stale", 4, 2_000_000, False)
    assert list(judge_staleness("A", rows, trades[:2])) == []


def test_impossible_levels_are_wrong_and_missing_ones_are_not() -> None:
    rows = book_rows(book([(11.0, 10.0), (np.inf, 10.0), (11.0, 0.0)]).to_batches())
    (finding,) = judge_levels("A", rows)
    assert (finding.found, finding.wrong, finding.first_at) == (2, True, 1_000_000)


def test_file_without_rows_has_nothing_to_find() -> None:
    rows = book_rows(BOOK_SNAPSHOT_5.schema.empty_table().to_batches())
    assert [*judge_levels("A", rows), *judge_quotes("A", rows.times, rows.asks, rows.bids)] == []
