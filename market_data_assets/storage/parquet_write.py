"""Writing a frame as one Parquet file: as a stream, with the dataset's encodings, the same bytes for the same rows."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import Dataset, Encoding, Frame, SchemaWidened
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import SchemaDrift
from market_data_assets.storage.ahead import ahead
from market_data_assets.storage.checksums import checksums_of
from market_data_assets.storage.dictionaries import canonical
from market_data_assets.storage.stores.disk import refusals

TIMESTAMP_COLUMN = "timestamp"
# zstd 9 saves 1 % of a day of trades at twice the time.
_ZSTD_LEVEL = 3


@dataclass(frozen=True, slots=True)
class ParquetFacts:
    """What is known of a finished file.

    Attributes:
        size: Bytes on disk.
        uncompressed_bytes: Bytes of the same rows in Arrow memory.
        min_timestamp, max_timestamp: First and last exchange time, µs UTC, both inclusive; None without rows or
            without such a column.
    """

    rows: int
    row_groups: int
    size: int
    uncompressed_bytes: int
    crc32c: int
    sha256: str
    min_timestamp: int | None
    max_timestamp: int | None


def write_parquet(path: Path, dataset: Dataset, day: dt.date, instrument: InstrumentId | None, frame: Frame) -> ParquetFacts:
    """Write ``frame`` to ``path``, starting again whenever its schema has widened.

    Raises:
        SchemaDrift: columns that the dataset does not declare, nulls where it allows none, rows not in ascending
            ``timestamp``, or a schema that keeps changing.
        MarketDataError: whatever the frame raises.
    """
    widenings = sum(len(column.alternatives) for column in dataset.columns.values())
    # One try more for a row so late that the frame must be sorted as a whole.
    for _ in range(widenings + 2):
        try:
            return _write(path, dataset, day, instrument, frame)
        except SchemaWidened:
            continue
    what = _name_of(dataset, day, instrument)
    raise SchemaDrift(f"{what}: the schema widened more than the {widenings} time(s) that the dataset allows")


def write_rows(path: Path, table: pa.Table) -> ParquetFacts:
    """Write a table that no dataset declares, such as rows set aside, with plain encodings."""
    with refusals("write", str(path)):
        pq.write_table(table, path, compression="zstd", use_dictionary=False, write_statistics=False)
    checksum, digest = checksums_of(path)
    return ParquetFacts(table.num_rows, 1, path.stat().st_size, table.nbytes, checksum, digest, None, None)


def _write(path: Path, dataset: Dataset, day: dt.date, instrument: InstrumentId | None, frame: Frame) -> ParquetFacts:
    what = _name_of(dataset, day, instrument)
    groups = _row_groups(frame.batches(), what, dataset)
    first = next(groups)
    tally = _Tally(what, dataset)
    more = ahead(groups) if first.num_rows == dataset.row_group_rows else nullcontext(groups)
    with _open_writer(path, first.schema, dataset) as writer, more as rest:
        writer.add_key_value_metadata({"dataset": str(dataset), "day": day.isoformat(), "instrument_id": str(instrument or "")})
        for group in chain([first], rest):
            tally.add(group)
            with refusals("write", str(path)):
                writer.write_table(group, row_group_size=max(group.num_rows, 1))
    checksum, digest = checksums_of(path)
    return ParquetFacts(
        rows=tally.rows,
        row_groups=tally.row_groups,
        size=path.stat().st_size,
        uncompressed_bytes=tally.bytes,
        crc32c=checksum,
        sha256=digest,
        min_timestamp=tally.min_timestamp,
        max_timestamp=tally.max_timestamp,
    )


def _name_of(dataset: Dataset, day: dt.date, instrument: InstrumentId | None) -> str:
    return f"{dataset} {day} {instrument or ''}".rstrip()


@contextmanager
def _open_writer(path: Path, schema: pa.Schema, dataset: Dataset) -> Iterator[pq.ParquetWriter]:
    columns = dataset.columns
    deltas = {name: _delta(schema.field(name).type) for name, column in columns.items() if column.encoding is Encoding.DELTA}
    with refusals("write", str(path)):
        writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=_ZSTD_LEVEL,
            use_dictionary=[name for name, column in columns.items() if column.encoding is Encoding.DICTIONARY],  # type: ignore[arg-type]
            column_encoding=deltas,
            # Only exchange time is pushed down; statistics on every column cost time in each small file.
            write_statistics=[TIMESTAMP_COLUMN] if TIMESTAMP_COLUMN in columns else False,
        )
    try:
        yield writer
    except BaseException:
        # The file is given up; that its footer cannot be written either, on a full disk, says nothing new.
        with suppress(OSError):
            writer.close()
        raise
    with refusals("write", str(path)):
        writer.close()


def _delta(type_: pa.DataType) -> str:
    # Text takes the place of integer ids where a venue has none; neighbouring ids share their beginnings.
    return "DELTA_BYTE_ARRAY" if pa.types.is_string(type_) else "DELTA_BINARY_PACKED"


def _row_groups(batches: Iterator[pa.RecordBatch], what: str, dataset: Dataset) -> Iterator[pa.Table]:
    """Tables of exactly ``row_group_rows`` rows, the last one shorter, however the rows were batched before."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    schema: pa.Schema | None = None
    yielded = False
    for batch in batches:
        conformed = _conform(batch, schema, what, dataset)
        schema = conformed.schema
        waiting.append(conformed)
        rows += conformed.num_rows
        while rows >= dataset.row_group_rows:
            table = pa.Table.from_batches(waiting)
            yield _contiguous(table.slice(0, dataset.row_group_rows))
            yielded = True
            rest = table.slice(dataset.row_group_rows)
            waiting, rows = rest.to_batches(), rest.num_rows
    if schema is None:
        raise SchemaDrift(f"{what}: the frame gave no batch; an empty day is one batch without rows")
    if rows or not yielded:
        yield _contiguous(pa.Table.from_batches(waiting, schema=schema))


def _conform(batch: pa.RecordBatch, expected: pa.Schema | None, what: str, dataset: Dataset) -> pa.RecordBatch:
    if expected is not None and batch.schema.equals(expected):
        return batch
    schema = dataset.schema_for(batch.schema)
    if expected is not None and schema != expected:
        raise SchemaDrift(f"{what}: batches of one frame differ in schema, {schema} after {expected}")
    return pa.RecordBatch.from_arrays([batch.column(name) for name in schema.names], schema=schema)


def _contiguous(table: pa.Table) -> pa.Table:
    """One chunk per column: page borders, and so the bytes, do not depend on how rows arrived."""
    columns = [canonical(column) if pa.types.is_dictionary(column.type) else column.combine_chunks() for column in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)


class _Tally:
    """Counts what was written, and refuses rows that cannot be found again by time."""

    def __init__(self, what: str, dataset: Dataset) -> None:
        self._what, self._dataset = what, dataset
        self.rows = self.row_groups = self.bytes = 0
        self.min_timestamp: int | None = None
        self.max_timestamp: int | None = None

    def add(self, group: pa.Table) -> None:
        self._require_values(group)
        self._add_times(group)
        self.rows += group.num_rows
        self.row_groups += 1
        self.bytes += group.nbytes

    def _require_values(self, group: pa.Table) -> None:
        for name, column in self._dataset.columns.items():
            if not column.nullable and (nulls := group.column(name).null_count):
                raise SchemaDrift(f"{self._what}: column {name} has {nulls} null(s), expected none")

    def _add_times(self, group: pa.Table) -> None:
        if TIMESTAMP_COLUMN not in self._dataset.columns or not group.num_rows:
            return
        times = group.column(TIMESTAMP_COLUMN).combine_chunks().view(pa.int64()).to_numpy()
        ascending = bool((times[1:] >= times[:-1]).all())
        if not ascending or (self.max_timestamp is not None and times[0] < self.max_timestamp):
            raise SchemaDrift(f"{self._what}: rows are not in ascending timestamp, found in row group {self.row_groups}")
        if self.min_timestamp is None:
            self.min_timestamp = int(times[0])
        self.max_timestamp = int(times[-1])
