"""Parquet files: what is written is read, the same rows give the same bytes, and ranges are pushed down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.datasets import Dataset, Quarantined, SchemaWidened, TableFrame
from market_data_assets.domain.days import TimeRange, to_datetime
from market_data_assets.domain.schemas import INSTRUMENTS, RAW, TRADES
from market_data_assets.errors import CorruptPartition, SchemaDrift
from market_data_assets.storage.checksums import checksums_of
from market_data_assets.storage.parquet_read import iterate_rows, open_parquet, read_rows
from market_data_assets.storage.parquet_write import write_parquet
from market_data_assets_tests.storage.days import BTC, DAY, START, trades

SMALL_GROUPS = Dataset(TRADES.tier, TRADES.name, TRADES.doc, TRADES.columns, partition=TRADES.partition, row_group_rows=4)


def written(path: Path, table: pa.Table, dataset: Dataset = TRADES) -> pq.ParquetFile:
    write_parquet(path, dataset, DAY, BTC, TableFrame(table))
    return pq.ParquetFile(path)


def everything(parquet: pq.ParquetFile, dataset: Dataset = TRADES, time_range: TimeRange | None = None) -> pa.Table:
    return read_rows(parquet, list(dataset.columns), time_range, "a file")


@st.composite
def tables(draw: st.DrawFn, dataset: Dataset) -> pa.Table:
    """Any table that the dataset allows: every alternative type, nulls where they may be, at most 20 rows."""
    rows = draw(st.integers(0, 20))
    arrays, fields = [], []
    for name, column in dataset.columns.items():
        type_ = draw(st.sampled_from([column.type, *column.alternatives]))
        values = draw(st.lists(_values(type_) if not column.nullable else st.none() | _values(type_), min_size=rows, max_size=rows))
        if name == "timestamp":
            values = sorted(values)
        arrays.append(
            pa.array(values, type_.value_type).dictionary_encode().cast(type_) if pa.types.is_dictionary(type_) else pa.array(values, type_)
        )
        fields.append(pa.field(name, type_, nullable=column.nullable))
    return pa.table(arrays, schema=pa.schema(fields))


INSTANTS = st.integers(-(10**15), 10**16).map(to_datetime)
VALUES = (
    (pa.types.is_timestamp, INSTANTS),
    (pa.types.is_integer, st.integers(-(2**63), 2**63 - 1)),
    (pa.types.is_floating, st.floats(allow_nan=False)),
    (pa.types.is_boolean, st.booleans()),
    (pa.types.is_string, st.text(max_size=5)),
)


def _values(type_: pa.DataType) -> st.SearchStrategy[object]:
    if pa.types.is_dictionary(type_):
        return _values(type_.value_type)
    if pa.types.is_fixed_size_list(type_):
        return st.lists(_values(type_.value_type), min_size=type_.list_size, max_size=type_.list_size)
    if pa.types.is_list(type_):
        return st.lists(_values(type_.value_type), max_size=3)
    return next(values for is_kind, values in VALUES if is_kind(type_))


@pytest.mark.parametrize("dataset", [*RAW, INSTRUMENTS], ids=str)
def test_reading_gives_back_what_was_written(dataset, tmp_path):
    @settings(max_examples=40)
    @given(tables(dataset))
    def property_(table: pa.Table) -> None:
        facts = write_parquet(tmp_path / "a.parquet", dataset, DAY, None, TableFrame(table))
        parquet = pq.ParquetFile(tmp_path / "a.parquet")
        found = everything(parquet, dataset)
        assert found.schema.equals(table.schema)
        assert found.to_pylist() == table.to_pylist()
        streamed = pa.Table.from_batches(iterate_rows(parquet, list(dataset.columns), None, "a file"))
        assert streamed.to_pylist() == table.to_pylist()
        assert facts.rows == table.num_rows

    property_()


@given(st.lists(st.integers(0, 50), max_size=30).map(sorted), st.integers(-2, 52), st.integers(0, 54))
def test_time_range_is_half_open_and_exact(tmp_path_factory, offsets, start, length):
    parquet = written(tmp_path_factory.mktemp("range") / "a.parquet", trades([START + each for each in offsets]), SMALL_GROUPS)
    span = TimeRange(START + start, START + start + length)
    expected = [START + each for each in offsets if span.start <= START + each < span.end]
    found = everything(parquet, SMALL_GROUPS, span)
    assert found.column("timestamp").cast(pa.int64()).to_pylist() == expected
    streamed = pa.Table.from_batches(iterate_rows(parquet, ["timestamp"], span, "a file"))
    assert streamed.column("timestamp").cast(pa.int64()).to_pylist() == expected


@settings(max_examples=40)
@given(st.lists(st.integers(1, 7), max_size=12), st.permutations(["buy", "sell", "unknown"]))
def test_bytes_do_not_depend_on_batches_or_dictionary_order(tmp_path_factory, sizes, order):
    table = trades([START + each for each in range(20)])
    sides = pa.DictionaryArray.from_arrays(pa.array([order.index("buy")] * 20, pa.int8()), pa.array(order))
    table = table.set_column(3, "side", sides)
    folder = tmp_path_factory.mktemp("bytes")
    plain = write_parquet(folder / "a", SMALL_GROUPS, DAY, BTC, TableFrame(trades([START + each for each in range(20)])))
    assert write_parquet(folder / "b", SMALL_GROUPS, DAY, BTC, Chunked(table, sizes)) == plain


@dataclass
class Chunked:
    """A frame in batches of the given sizes, the last as large as it needs to be."""

    table: pa.Table
    sizes: Sequence[int]
    quarantined: Sequence[Quarantined] = ()
    source_version: str = ""

    def batches(self) -> Iterator[pa.RecordBatch]:
        start = 0
        for size in (*self.sizes, self.table.num_rows):
            yield from self.table.slice(start, size).to_batches()
            start += size

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        return self.table


def test_only_the_row_groups_of_the_range_are_read(tmp_path):
    parquet = written(tmp_path / "a.parquet", trades([START + each for each in range(40)]), SMALL_GROUPS)
    assert parquet.metadata.num_row_groups == 10
    damaged = bytearray((tmp_path / "a.parquet").read_bytes())
    wanted = parquet.metadata.row_group(5)
    first = wanted.column(0).dictionary_page_offset or wanted.column(0).data_page_offset
    damaged[4:first] = b"\0" * (first - 4)
    opened = open_parquet(pa.BufferReader(bytes(damaged)), "a file")
    assert everything(opened, SMALL_GROUPS, TimeRange(START + 20, START + 24)).num_rows == 4
    with pytest.raises(CorruptPartition, match="decoded"):
        everything(opened, SMALL_GROUPS)


def test_range_may_leave_out_the_timestamp_column(tmp_path):
    parquet = written(tmp_path / "a.parquet", trades([START, START + 1, START + 2]))
    assert read_rows(parquet, ["price"], TimeRange(START + 1, START + 2), "a file").to_pydict() == {"price": [2.0]}


def test_facts_are_those_of_the_file(tmp_path):
    facts = write_parquet(tmp_path / "a", SMALL_GROUPS, DAY, BTC, TableFrame(trades([START, START + 5, START + 5, START + 9, START + 9])))
    assert (facts.rows, facts.row_groups, facts.min_timestamp, facts.max_timestamp) == (5, 2, START, START + 9)
    assert (facts.crc32c, facts.sha256) == checksums_of(tmp_path / "a")
    assert facts.size == (tmp_path / "a").stat().st_size


def test_file_says_what_it_is(tmp_path):
    metadata = written(tmp_path / "a.parquet", trades([START])).metadata.metadata
    assert {key: metadata[key] for key in (b"dataset", b"day", b"instrument_id")} == {
        b"dataset": b"raw_tick_data/trades",
        b"day": b"2024-08-08",
        b"instrument_id": b"BINANCE:PERP:BTC-USDT",
    }


def test_columns_have_the_encodings_of_their_records(tmp_path):
    group = written(tmp_path / "a.parquet", trades([START, START + 1])).metadata.row_group(0)
    columns = {group.column(number).path_in_schema: group.column(number) for number in range(group.num_columns)}
    assert "DELTA_BINARY_PACKED" in columns["timestamp"].encodings
    assert "RLE_DICTIONARY" in columns["price"].encodings
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert [name for name, column in columns.items() if column.is_stats_set] == ["timestamp"]


def test_empty_day_is_a_file_without_rows(tmp_path):
    parquet = written(tmp_path / "a.parquet", trades([]))
    assert everything(parquet).num_rows == 0
    assert everything(parquet, time_range=TimeRange(START, START + 1)).schema.equals(TRADES.schema)


@dataclass
class Widening:
    """Meets text ids in its second batch, so it starts again with text."""

    quarantined: Sequence[Quarantined] = ()
    source_version: str = ""
    wide: list[bool] = field(default_factory=list)

    def batches(self) -> Iterator[pa.RecordBatch]:
        if self.wide:
            yield from trades([START, START + 1], ids=["1", "x"]).to_batches()
            return
        yield from trades([START]).to_batches()
        self.wide.append(True)
        raise SchemaWidened

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        return pa.Table.from_batches(self.batches())


def test_frame_that_widens_is_written_again_from_its_start(tmp_path):
    write_parquet(tmp_path / "a.parquet", TRADES, DAY, BTC, Widening())
    assert everything(pq.ParquetFile(tmp_path / "a.parquet")).column("id").to_pylist() == ["1", "x"]


def _without_side(table: pa.Table) -> pa.Table:
    return table.drop_columns(["side"])


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (_without_side(trades([START])), "missing columns"),
        (trades([START]).append_column("more", pa.array([1])), "unknown columns"),
        (trades([START]).set_column(4, "price", pa.array(["1"])), "price is string"),
        (trades([START]).set_column(4, "price", pa.array([None], pa.float64())), "price has 1 null"),
        (trades([START + 1, START]), "ascending timestamp"),
        (trades([START + each for each in (0, 1, 2, 5, 4, 6, 7, 8)]), "row group 1"),
    ],
)
def test_rows_that_the_dataset_does_not_allow_are_refused(table, why, tmp_path):
    with pytest.raises(SchemaDrift, match=why) as refused:
        write_parquet(tmp_path / "a.parquet", SMALL_GROUPS, DAY, BTC, TableFrame(table))
    assert "raw_tick_data/trades" in str(refused.value)


def test_damaged_file_is_corrupt_and_not_empty():
    with pytest.raises(CorruptPartition, match="BTC"):
        open_parquet(pa.BufferReader(b"PAR1 nothing PAR1"), "BTC")


def test_real_prices_and_amounts_survive_to_the_last_digit(tmp_path):
    times = START + np.arange(1000)
    table = trades(times.tolist()).set_column(4, "price", pa.array(np.round(np.random.default_rng(1).normal(60_000, 10, 1000), 1)))
    assert everything(written(tmp_path / "a.parquet", table)).equals(TRADES.conform(table))
