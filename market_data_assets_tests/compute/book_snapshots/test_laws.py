"""What must hold for any book: merging, order, chunks, looking ahead, and counting."""

import io
import itertools

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.book_snapshots import from_book, merge
from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES
from market_data_assets_tests.compute.book_snapshots.books import (
    DAY,
    INVERSE,
    LINEAR,
    OPTION,
    SECOND,
    START,
    Row,
    around,
    listed,
    table,
    unruly_rows,
)

FIRST, LAST = 80_000 * SECOND, 81_003 * SECOND
CONTRACTS = st.sampled_from([LINEAR, INVERSE, OPTION]).map(lambda contract: listed(contract, FIRST, LAST))
ROWS = unruly_rows(levels=5, first=FIRST, last=LAST)


@settings(max_examples=12)
@given(rows=ROWS, contract=CONTRACTS)
def test_a_coarser_table_merged_from_any_stored_finer_one_is_the_direct_one_to_the_last_bit(rows: list[Row], contract: Contract) -> None:
    direct = {timeframe: frame.table for timeframe, frame in from_book(table(rows), contract, DAY, TIMEFRAMES).items()}
    for finer in TIMEFRAMES:
        for coarser in TIMEFRAMES:
            if coarser.seconds >= finer.seconds:
                assert merge(direct[finer], coarser).equals(direct[coarser]), (finer, coarser)


def test_merging_what_went_through_parquet_changes_nothing() -> None:
    rows = [around(100, 101, at=20 * SECOND), around(102, 101, at=70 * SECOND), around(100, 100, at=4_000 * SECOND)]
    direct = from_book(table(rows), LINEAR, DAY, TIMEFRAMES)
    stored = io.BytesIO()
    pq.write_table(direct[FINEST].table, stored, row_group_size=1_000)
    finest = pq.read_table(stored)
    for timeframe in TIMEFRAMES:
        assert merge(finest, timeframe).equals(direct[timeframe].table)


@settings(max_examples=12)
@given(rows=ROWS, contract=CONTRACTS, random=st.randoms(use_true_random=False))
def test_the_order_of_rows_with_different_times_does_not_matter(rows: list[Row], contract: Contract, random: object) -> None:
    in_order = from_book(table(rows), contract, DAY, TIMEFRAMES)
    shuffled = list(enumerate(rows))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    # Rows of equal time keep their order: it says which of them is the last.
    slots = {number: position for position, (number, _) in enumerate(shuffled)}
    for time in {row.time for row in rows}:
        tied = [number for number, row in enumerate(rows) if row.time == time]
        for number, slot in zip(tied, sorted(slots[number] for number in tied), strict=True):
            slots[number] = slot
    delivered = sorted(range(len(rows)), key=slots.__getitem__)
    out_of_order = from_book(table([rows[number] for number in delivered]), contract, DAY, TIMEFRAMES)
    assert all(out_of_order[timeframe].table.equals(in_order[timeframe].table) for timeframe in TIMEFRAMES)


@settings(max_examples=12)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 12), max_size=5))
def test_how_the_rows_are_chunked_does_not_matter(rows: list[Row], cuts: list[int]) -> None:
    contract = listed(LINEAR, FIRST, LAST)
    whole = table(rows)
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    pieces = pa.concat_tables([whole.slice(first, stop - first) for first, stop in itertools.pairwise(edges)])
    expected = from_book(whole, contract, DAY, TIMEFRAMES)
    found = from_book(pieces, contract, DAY, TIMEFRAMES)
    assert all(found[timeframe].table.equals(expected[timeframe].table) for timeframe in TIMEFRAMES)


@settings(max_examples=12)
@given(rows=ROWS, other=ROWS, bucket=st.integers(FIRST // (15 * SECOND), LAST // (15 * SECOND)))
def test_nothing_that_happens_after_a_bucket_changes_it(rows: list[Row], other: list[Row], bucket: int) -> None:
    contract = listed(LINEAR, FIRST, LAST)
    cut = bucket * 15 * SECOND
    known = [row for row in rows if row.at < cut]
    changed = [*known, *(row for row in other if row.at >= cut)]
    for timeframe in TIMEFRAMES:
        before, after = (
            _closed_by(from_book(table(each), contract, DAY, [timeframe])[timeframe].table, START + cut) for each in (rows, changed)
        )
        assert before.equals(after)


def _closed_by(snapshots: pa.Table, instant: int) -> pa.Table:
    closes = snapshots["timestamp_close"].cast(pa.int64()).to_numpy()
    return snapshots.filter(pa.array(closes <= instant))


@settings(max_examples=12)
@given(rows=ROWS, contract=CONTRACTS)
def test_no_row_is_available_before_what_it_shows_had_arrived(rows: list[Row], contract: Contract) -> None:
    arrivals = {row.time: max(other.arrival for other in rows if other.time == row.time) for row in rows}
    for frame in from_book(table(rows), contract, DAY, TIMEFRAMES).values():
        for row in frame.table.select(["available_at", "timestamp_close", "snapshot_at"]).cast(_WHOLE).to_pylist():
            assert row["available_at"] >= row["timestamp_close"]
            if row["snapshot_at"] is not None:
                last = [each for each in rows if each.time == row["snapshot_at"]][-1]
                assert row["available_at"] >= last.arrival
                assert arrivals[row["snapshot_at"]] >= last.arrival


_WHOLE = pa.schema([(name, pa.int64()) for name in ("available_at", "timestamp_close", "snapshot_at")])


@settings(max_examples=12)
@given(rows=ROWS, contract=CONTRACTS, spoiled=st.sets(st.integers(0, 11)))
def test_every_row_is_counted_once_as_an_update_or_in_quarantine(rows: list[Row], contract: Contract, spoiled: set[int]) -> None:
    delivered = [Row(row.at, [(-1.0, 1.0)], row.bids) if number in spoiled else row for number, row in enumerate(rows)]
    for frame in from_book(table(delivered), contract, DAY, TIMEFRAMES).values():
        updates = sum(frame.table["book_updates"].to_pylist())
        assert updates + sum(part.count for part in frame.quarantined) == len(rows)


@settings(max_examples=10)
@given(rows=ROWS, spoiled=st.sets(st.integers(0, 11)))
def test_a_quarantined_row_changes_nothing_else(rows: list[Row], spoiled: set[int]) -> None:
    contract = listed(LINEAR, FIRST, LAST)
    delivered = [Row(row.at, [(float("nan"), 1.0)], row.bids) if number in spoiled else row for number, row in enumerate(rows)]
    without = [row for number, row in enumerate(rows) if number not in spoiled]
    found = from_book(table(delivered), contract, DAY, TIMEFRAMES)
    expected = from_book(table(without), contract, DAY, TIMEFRAMES)
    assert all(found[timeframe].table.equals(expected[timeframe].table) for timeframe in TIMEFRAMES)


@pytest.mark.parametrize("timeframe", TIMEFRAMES, ids=str)
def test_tables_have_exactly_the_declared_schema_empty_or_not(timeframe: object) -> None:
    for rows in ([], [around(100, 101)]):
        for contract in (LINEAR, OPTION):
            made = from_book(table(rows), contract, DAY, TIMEFRAMES)[timeframe].table  # type: ignore[index]
            assert made.schema.equals(BOOK_SNAPSHOTS[timeframe].schema)  # type: ignore[index]
            made.validate(full=True)
