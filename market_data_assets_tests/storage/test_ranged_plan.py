"""Which bytes a read needs, and in which requests they are fetched."""

import io
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.storage.ranged_plan import chunk_ranges, joined, missing_ranges, pieces
from market_data_assets.storage.ranged_segments import Segments

SIZE = 60
RANGES = st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(lambda pair: (min(pair), max(pair))), max_size=8)


def positions(ranges) -> set[int]:
    return {position for start, end in ranges for position in range(start, end)}


@given(RANGES, RANGES)
def test_missing_is_what_is_wanted_and_not_held(wanted, held):
    wanted, held = joined(wanted, 0), joined(held, 0)
    missing = missing_ranges(wanted, held)
    assert positions(missing) == positions(wanted) - positions(held)
    assert sum(end - start for start, end in missing) == len(positions(missing))


@given(RANGES, st.integers(0, 9))
def test_joined_ranges_cover_the_same_and_the_gaps_between_neighbours(ranges, gap):
    found = joined(ranges, gap)
    assert positions(found) >= positions(ranges)
    assert all(following[0] - former[1] > gap for former, following in pairwise(found))
    starts, ends = {start for start, _ in ranges}, {end for _, end in ranges}
    assert all(start in starts and end in ends for start, end in found)


@given(RANGES, st.integers(1, 9))
def test_pieces_are_the_same_bytes_none_of_them_too_large(ranges, largest):
    ranges = joined(ranges, 0)
    found = list(pieces(ranges, largest))
    assert sum(end - start for start, end in found) == sum(end - start for start, end in ranges)
    assert positions(found) == positions(ranges)
    assert all(0 < end - start <= largest for start, end in found)


@given(st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)), max_size=8), RANGES)
def test_segments_give_back_what_was_put_in(put, dropped):
    content, segments, held = bytes(range(SIZE)), Segments(), set()
    for start, length in put:
        segments.add(start, content[start : start + length])
        held |= positions([(start, min(start + length, SIZE))])
    assert positions(segments.missing([(0, SIZE)])) == set(range(SIZE)) - held
    for start, end in missing_ranges([(0, SIZE)], segments.missing([(0, SIZE)])):
        assert bytes(segments.read(start, end)) == content[start:end]
    for start, end in dropped:
        segments.drop(start, end)
    assert positions(segments.missing([(0, SIZE)])) >= set(range(SIZE)) - held


class Spy(io.BytesIO):
    """A file that remembers what was read of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.ranges: list[tuple[int, int]] = []

    def read(self, size: int = -1) -> bytes:
        start = self.tell()
        found = super().read(size)
        self.ranges.append((start, start + len(found)))
        return found


def test_the_ranges_are_those_that_arrow_reads():
    rows = pa.table(
        {
            "plain": [float(number) for number in range(100)],
            "labels": pa.array(["a", "b"] * 50).dictionary_encode(),
            "levels": pa.array([[number, number] for number in range(100)], pa.list_(pa.float64(), 2)),
            "pairs": [{"x": number, "y": str(number)} for number in range(100)],
        }
    )
    file = io.BytesIO()
    pq.write_table(rows, file, row_group_size=30)
    footer = pq.read_metadata(file)
    for groups, columns in (([1], ["levels"]), ([0, 2], ["labels", "plain"]), ([3], ["pairs"]), (None, rows.column_names)):
        spy = Spy(file.getvalue())
        parquet = pq.ParquetFile(pa.PythonFile(spy, mode="r"), metadata=footer, pre_buffer=False)
        spy.ranges.clear()
        parquet.read_row_groups(list(range(4)) if groups is None else groups, columns=columns)
        expected = chunk_ranges(footer, groups, columns)
        # The four bytes before the first chunk are asked for with it.
        assert positions(expected) - {0, 1, 2, 3} == positions(spy.ranges)
    assert chunk_ranges(footer, [], ["plain"]) == []
