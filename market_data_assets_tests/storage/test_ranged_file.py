"""A file of which ranges are fetched: its bytes whatever was asked before, and the errors of the store unchanged."""

import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.manifest import FileEntry
from market_data_assets.storage.ranged_file import Garbled, NotHeld, RangedFile
from market_data_assets.storage.ranged_parquet import read_footer
from market_data_assets.storage.ranged_plan import GAP_BYTES, PIECE_BYTES
from market_data_assets.storage.stores.base import ObjectMissing

SIZE = 60
CONTENT = bytes(range(SIZE))


def entry_of(data: bytes) -> FileEntry:
    return FileEntry("a.parquet", "A", 1, len(data), crc32c(data), hashlib.sha256(data).hexdigest(), 1, 0, None, None, "", "")


def connected(data: bytes) -> tuple[RangedFile, list[tuple[int, int]]]:
    """The file, and the ranges that are fetched from now on."""
    file, fetched = RangedFile(entry_of(data), None, "a.parquet"), []

    def fetch(start: int, end: int) -> bytes:
        fetched.append((start, end))
        return data[start:end]

    file.connect(fetch)
    return file, fetched


def parquet_bytes() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"price": [1.0, 2.0], "side": ["buy", "sell"]}), file)
    return file.getvalue()


RANGE = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(st.tuples(st.sampled_from(["read", "ensure", "expect", "drop"]), RANGE), max_size=10))
def test_any_sequence_of_requests_gives_the_bytes_of_the_file(steps):
    file, _ = connected(CONTENT)
    for kind, (start, end) in steps:
        match kind:
            case "read":
                file.seek(start)
                assert (file.read(end - start), file.tell()) == (CONTENT[start:end], end)
            case "ensure":
                file.ensure([(start, end)])
            case "expect":
                file.expect([(start, end)])
            case "drop":
                file.drop(start, end)
    file.seek(0)
    assert file.read() == CONTENT


def test_near_ranges_are_fetched_together_distant_ones_apart_and_large_ones_in_pieces():
    data = bytes(3 * PIECE_BYTES)
    file, fetched = connected(data)
    file.ensure([(0, 10), (GAP_BYTES + 10, GAP_BYTES + 20), (3 * GAP_BYTES, 3 * GAP_BYTES + 5)])
    assert sorted(fetched) == [(0, GAP_BYTES + 20), (3 * GAP_BYTES, 3 * GAP_BYTES + 5)]
    fetched.clear()
    file.ensure([(0, len(data))])
    assert sum(end - start for start, end in fetched) == len(data) - GAP_BYTES - 25
    assert max(end - start for start, end in fetched) <= PIECE_BYTES


def test_what_is_expected_is_not_fetched_again():
    file, fetched = connected(CONTENT)
    file.expect([(0, 30)])
    file.expect([(10, 40)])
    file.ensure([(5, 40)])
    assert (bytes(file.bytes_of(0, 40)), sorted(fetched)) == (CONTENT[:40], [(0, 30), (30, 40)])


def test_file_that_is_not_connected_says_what_it_has_not():
    file = RangedFile(entry_of(CONTENT), None, "a.parquet")
    file.add(0, CONTENT[:20])
    assert bytes(file.bytes_of(5, 20)) == CONTENT[5:20]
    with pytest.raises(NotHeld, match=r"a\.parquet"):
        file.ensure([(5, 21)])


def test_whole_content_is_compared_with_the_manifest():
    file = RangedFile(entry_of(CONTENT), None, "a.parquet")
    file.connect(lambda start, end: bytes(end - start))
    file.ensure([(0, 50)])
    with pytest.raises(Garbled, match=r"a\.parquet"):
        file.ensure([(50, SIZE)])


def test_footer_larger_than_the_tail_takes_one_more_range():
    rows = pa.table({f"column_{number}": [1] for number in range(2_000)})
    stored = io.BytesIO()
    pq.write_table(rows, stored)
    file, fetched = connected(stored.getvalue())
    assert read_footer(file).num_columns == 2_000
    assert len(fetched) == 2
    with pytest.raises(pa.ArrowInvalid):
        read_footer(connected(CONTENT)[0])


def test_arrow_may_read_what_nobody_foresaw_and_passes_the_errors_of_the_store_on():
    data = parquet_bytes()
    file, _ = connected(data)
    assert pq.ParquetFile(pa.PythonFile(file, mode="r")).read().num_rows == 2
    gone, _ = connected(data)
    footer = read_footer(gone)
    lost = RangedFile(entry_of(data), None, "a.parquet")

    def missing(start: int, end: int) -> bytes:
        raise ObjectMissing("a.parquet", 7)

    lost.connect(missing)
    for threads in (False, True):
        with pytest.raises(ObjectMissing, match="generation 7"):
            pq.ParquetFile(pa.PythonFile(lost, mode="r"), metadata=footer, pre_buffer=False).read(use_threads=threads)
