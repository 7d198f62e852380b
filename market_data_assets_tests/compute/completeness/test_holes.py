"""Holes are found where something proves them, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.compute.completeness.holes import Feed, Hole, find_holes
from market_data_assets.domain.days import DAY_MICROSECONDS

SECOND = 1_000_000
DAY = (0, DAY_MICROSECONDS)


def every(step: float, start: float = 0, stop: float = 86_400) -> np.ndarray:
    """Times every ``step`` seconds, in µs."""
    return (np.arange(start, stop, step) * SECOND).astype(np.int64)


def without(times: np.ndarray, start: float, stop: float) -> np.ndarray:
    return times[(times < start * SECOND) | (times >= stop * SECOND)]


def numbered(times: np.ndarray, every_one: np.ndarray) -> Feed:
    """Trades with the ids that they have among ``every_one``."""
    return Feed(times, 1_000 + np.searchsorted(every_one, times))


def spans(found: list[Hole]) -> list[tuple[float, float] | None]:
    return [None if hole.span is None else (hole.span[0] / SECOND, hole.span[1] / SECOND) for hole in found]


def test_missing_numbers_are_a_gap_between_the_trades_around_them():
    everything = every(2)
    trades = numbered(without(everything, 3_600, 3_660), everything)
    found = list(find_holes("trades", {"trades": trades}, DAY))
    assert spans(found) == [(3_598, 3_660)]
    assert found[0].rows == 30
    assert found[0].evidence == "trades 2800 to 2829 were never delivered"


def test_quiet_hours_without_missing_numbers_are_no_gap():
    times = np.concatenate([every(1, 0, 3_000), every(1, 70_000, 75_000)])
    trades = {"trades": Feed(times, np.arange(len(times)))}
    assert list(find_holes("trades", trades, (0, 75_000 * SECOND))) == []
    assert spans(list(find_holes("trades", trades, DAY))) == [(74_999, 86_400)]


def test_numbers_in_quarantine_were_delivered():
    everything = every(2)
    trades = numbered(without(everything, 3_600, 3_604), everything)
    aside = Feed(trades.times, trades.ids, frozenset({2_800, 2_801}))
    assert list(find_holes("trades", {"trades": aside}, DAY)) == []


def test_single_skipped_numbers_are_counted_together():
    times = every(0.5)
    ids = np.arange(len(times)) + (np.arange(len(times)) >= 100) + (np.arange(len(times)) >= 50_000)
    found = list(find_holes("trades", {"trades": Feed(times, ids)}, DAY))
    assert [(hole.reason, hole.span, hole.rows) for hole in found] == [("skipped_ids", None, 2)]


def test_ids_that_are_no_numbering_prove_nothing():
    times = without(every(60), 10_000, 13_000)
    ids = np.arange(len(times)) * 7 % 5_003
    assert list(find_holes("trades", {"trades": Feed(times, ids)}, DAY)) == []
    assert list(find_holes("trades", {"trades": Feed(times, None)}, DAY)) == []


def test_a_busy_feed_that_falls_silent_at_the_end_of_the_day_has_a_gap():
    everything = every(2)
    trades = numbered(without(everything, 80_000, 86_400), everything)
    assert spans(list(find_holes("trades", {"trades": trades}, DAY))) == [(79_998, 86_400)]


def test_trades_that_change_nothing_in_the_book_prove_a_hole_in_it():
    trades = every(30)
    book = np.sort(np.concatenate([without(every(30) + SECOND // 100, 50_000, 50_400)]))
    found = list(find_holes("book_snapshot_5", {"trades": Feed(trades), "book_snapshot_5": Feed(book)}, DAY))
    assert spans(found) == [(49_980.01, 50_400.01)]
    assert "13 trades changed nothing" in found[0].evidence


def test_a_quiet_book_without_trades_is_no_hole():
    book = without(every(30), 20_000, 40_000)
    assert list(find_holes("book_snapshot_5", {"book_snapshot_5": Feed(book), "trades": Feed(every(30_000))}, DAY)) == []


@pytest.mark.parametrize("data_type", ["derivative_ticker", "options_chain"])
def test_a_feed_with_a_pace_has_a_hole_where_it_pauses_far_longer(data_type):
    times = without(every(5), 30_000, 30_600)
    assert spans(list(find_holes(data_type, {data_type: Feed(times)}, DAY))) == [(29_995, 30_600)]
    assert list(find_holes(data_type, {data_type: Feed(without(every(5), 30_000, 30_030))}, DAY)) == []


def test_listing_ends_what_is_expected():
    times = every(5, 0, 43_200)
    assert list(find_holes("derivative_ticker", {"derivative_ticker": Feed(times)}, (0, 43_200 * SECOND))) == []
    assert spans(list(find_holes("derivative_ticker", {"derivative_ticker": Feed(times)}, DAY))) == [(43_195, 86_400)]


def test_empty_files_need_a_proof_too():
    nothing = Feed(np.empty(0, np.int64), np.empty(0, np.int64), is_empty=True)
    moving = {"trades": nothing, "book_snapshot_5": Feed(every(10))}
    assert [hole.reason for hole in find_holes("trades", moving, DAY)] == ["empty_file"]
    assert list(find_holes("trades", {"trades": nothing, "book_snapshot_5": Feed(every(1_000))}, DAY)) == []
    assert [hole.reason for hole in find_holes("book_snapshot_5", {"book_snapshot_5": nothing}, DAY)] == ["empty_file"]
    assert [hole.reason for hole in find_holes("options_chain", {"options_chain": nothing}, DAY)] == ["empty_file"]
    assert list(find_holes("liquidations", {"liquidations": nothing}, DAY)) == []


@given(st.integers(100, 80_000), st.integers(60, 5_000))
def test_any_hole_in_numbered_trades_is_found_where_it_is(start, length):
    everything = every(2)
    trades = numbered(without(everything, start, start + length), everything)
    found = list(find_holes("trades", {"trades": trades}, DAY))
    assert len(found) == 1
    assert found[0].span is not None
    assert found[0].span[0] < start * SECOND <= found[0].span[0] + 2 * SECOND
    assert found[0].span[1] - 2 * SECOND < min(start + length, 86_400) * SECOND <= found[0].span[1]
