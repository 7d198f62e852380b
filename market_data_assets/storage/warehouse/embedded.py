"""The warehouse on the local disk: one Parquet file per table and day, queried by DuckDB, needing no server.

    <root>/<table>/_schema.parquet          what the table is, without rows; written by ``migrate``
    <root>/<table>/day-YYYY-MM-DD.parquet   sorted by instrument_id, timestamp; each row group holds one instrument

Day files rather than a database file, since DuckDB lets only one process at a time open one, even for reading.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import DailyFrames
from market_data_assets.domain.days import TimeRange, day_end, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import BadData, CorruptPartition, NoData, PartitionMissing, QueryError, SchemaDrift, StorageFailed, Unusable
from market_data_assets.storage.warehouse.base import CLUSTER_COLUMN, PARTITION_COLUMN, CommittedDay, LoadedDay, LoadStatus, WarehouseTable
from market_data_assets.storage.warehouse.replacement import replace_file

_SCHEMA_FILE = "_schema.parquet"


@dataclass(frozen=True, slots=True)
class EmbeddedWarehouse:
    """A folder of day files. Any number of processes may read and write at once; a reader sees whole days only."""

    root: Path
    tables: Sequence[WarehouseTable]

    def migrate(self) -> Sequence[str]:
        """As the seam says: missing tables, and new columns of those that are there."""
        return [table.name for table in self.tables if self._migrate(table)]

    def replace_day(self, table: WarehouseTable, day: CommittedDay) -> LoadedDay:
        """As the seam says, in the memory of one instrument-day."""
        self._require(table)
        frames = day.frames
        file = self._file(table, frames.day)
        try:
            (rows, instruments), changed = replace_file(file, lambda draft: _write_day(draft, table, frames))
        except OSError as error:
            raise StorageFailed(
                f"warehouse {table} {frames.day}: {file} cannot be written ({error}); the stored day is as before"
            ) from error
        status = LoadStatus.REPLACED if changed else LoadStatus.NOOP
        return LoadedDay(table.name, frames.day, rows, instruments, file.stat().st_size, status)

    def days(self, table: WarehouseTable) -> Sequence[dt.date]:
        """The days that have a file, ascending."""
        return sorted(dt.date.fromisoformat(file.stem.removeprefix("day-")) for file in (self.root / table.name).glob("day-*.parquet"))

    def instruments(self, table: WarehouseTable, day: dt.date) -> Mapping[str, int]:
        """Rows by instrument id, from the footer of the day's file."""
        with self._open(table, day) as stored:
            return {instrument: stored.metadata.row_group(group).num_rows for group, instrument in _groups(stored.metadata)}

    def row_count(self, table: WarehouseTable, day: dt.date) -> int:
        """Rows of one day, from the footer of its file."""
        with self._open(table, day) as stored:
            return int(stored.metadata.num_rows)

    def read(
        self, table: WarehouseTable, instruments: Sequence[InstrumentId], time_range: TimeRange, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """As the seam says; only the row groups of the instruments and only the columns are decoded."""
        wanted = list(table.columns) if columns is None else list(columns)
        if unknown := set(wanted) - set(table.columns):
            raise QueryError.columns(str(table), unknown, table.columns)
        parts: dict[str, list[pa.Table]] = {str(instrument): [] for instrument in instruments}
        for day in self.days(table):
            if day_start(day) < time_range.end and time_range.start < day_end(day):
                with self._open(table, day) as stored:
                    for instrument, part in _read_day(stored, parts, time_range, day, wanted):
                        parts[instrument].append(part)
        schema = pa.schema([table.schema.field(name) for name in wanted])
        return pa.concat_tables([schema.empty_table(), *(_with_schema(part, schema) for of_one in parts.values() for part in of_one)])

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """The rows of one SELECT over the tables and views, by their names; values as ``$name`` parameters.

        Times are UTC. The query can read nothing but this warehouse, and change nothing.

        Raises:
            QueryError: not a single SELECT, an unknown table or column, or SQL that DuckDB refuses.
        """
        # DuckDB takes 0.2 s to import, which a reader that never uses SQL should not pay.
        from market_data_assets.storage.warehouse.sql import select  # noqa: PLC0415

        files = {name: self._files(table) for table in self.tables for name in (table.name, *table.views)}
        return select(sql, parameters or {}, self.root, files)

    def _files(self, table: WarehouseTable) -> list[Path]:
        self._require(table)
        return [self.root / table.name / _SCHEMA_FILE, *(self._file(table, day) for day in self.days(table))]

    def _file(self, table: WarehouseTable, day: dt.date) -> Path:
        return self.root / table.name / f"day-{day.isoformat()}.parquet"

    def _open(self, table: WarehouseTable, day: dt.date) -> pq.ParquetFile:
        file = self._file(table, day)
        try:
            return pq.ParquetFile(file, memory_map=True)
        except FileNotFoundError:
            raise PartitionMissing(str(table), day) from None
        except pa.ArrowInvalid as error:
            raise CorruptPartition(f"{table} {day}", f"{file} is not Parquet ({error})") from None

    def _require(self, table: WarehouseTable) -> None:
        if not (self.root / table.name / _SCHEMA_FILE).is_file():
            raise StorageFailed(f"warehouse {table}: no such table in {self.root}; run the migration first")

    def _migrate(self, table: WarehouseTable) -> bool:
        file = self.root / table.name / _SCHEMA_FILE
        stored = pq.read_schema(file) if file.is_file() else pa.schema([])
        schema = _extended(table, stored)
        if file.is_file() and schema.equals(stored.remove_metadata(), check_metadata=True):
            return False
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file, lambda draft: pq.write_table(schema.empty_table(), draft))
        except OSError as error:
            raise StorageFailed(f"warehouse {table}: {file} cannot be written ({error})") from error
        return True


def _extended(table: WarehouseTable, stored: pa.Schema) -> pa.Schema:
    """The table's schema, then the columns that only older days have: they stay readable."""
    for field in table.schema:
        if field.name in stored.names and stored.field(field.name).type != field.type:
            found = stored.field(field.name).type
            raise SchemaDrift(
                f"warehouse {table}: column {field.name} is stored as {found}, its record says {field.type}; migrations only add"
            )
    return pa.schema([*table.schema, *(field for field in stored if field.name not in table.columns)])


def _write_day(draft: BinaryIO, table: WarehouseTable, frames: DailyFrames) -> tuple[int, int]:
    """Rows and instruments written, one instrument in memory at a time."""
    rows = instruments = 0
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    # Statistics on every column would make the footer, which every read parses, several times as large.
    with pq.ParquetWriter(
        draft,
        table.schema,
        compression="zstd",
        compression_level=3,
        use_dictionary=texts,  # type: ignore[arg-type]  # the stubs know only bool
        write_statistics=[CLUSTER_COLUMN, PARTITION_COLUMN],
    ) as writer:
        for instrument in frames:
            try:
                frame = frames[instrument]
            except (NoData, Unusable):
                continue  # Absent, or set aside as a whole: the day's manifest says so, and such rows are never loaded.
            part = frame.read(list(table.columns)).select(list(table.columns)).cast(table.schema)
            _check(part, table, instrument, frames.day)
            if part.num_rows:
                writer.write_table(part, row_group_size=part.num_rows)
                rows, instruments = rows + part.num_rows, instruments + 1
    draft.seek(0)
    if (found := pq.read_metadata(draft).num_rows) != rows:
        raise CorruptPartition(f"{table} {frames.day}", f"{rows} rows were handed in, {found} were written")
    return rows, instruments


def _check(part: pa.Table, table: WarehouseTable, instrument: InstrumentId, day: dt.date) -> None:
    times = _times(part)
    rejected = {
        "of another instrument": sum(name != str(instrument) for name in part[CLUSTER_COLUMN].to_pylist()),
        "outside the day": int(((times < day_start(day)) | (times >= day_end(day))).sum()),
        "not after the row before": int((np.diff(times) <= 0).sum()),
    }
    if any(rejected.values()):
        counts = {reason: count for reason, count in rejected.items() if count}
        raise BadData(f"warehouse {table} {day} {instrument}", rows=part.num_rows, rejected=counts)


def _times(part: pa.Table) -> npt.NDArray[np.int64]:
    times: npt.NDArray[np.int64] = part[PARTITION_COLUMN].cast(pa.int64()).to_numpy()
    return times


def _read_day(
    stored: pq.ParquetFile, instruments: Mapping[str, object], time_range: TimeRange, day: dt.date, columns: Sequence[str]
) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each of ``instruments`` in the range; only their row groups and only ``columns`` are decoded."""
    present = [name for name in columns if name in stored.schema_arrow.names]
    whole = time_range.start <= day_start(day) and day_end(day) <= time_range.end
    needed = present if whole or PARTITION_COLUMN in present else [*present, PARTITION_COLUMN]
    for group, instrument in _groups(stored.metadata):
        if instrument in instruments:
            part = stored.read_row_groups([group], columns=needed)
            yield instrument, (part if whole else _window(part, time_range)).select(present)


def _groups(metadata: pq.FileMetaData) -> Iterator[tuple[int, str]]:
    """Each row group with its one instrument."""
    position = metadata.schema.names.index(CLUSTER_COLUMN)
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(position).statistics
        assert statistics is not None  # this module writes them
        yield group, str(statistics.min)


def _window(part: pa.Table, time_range: TimeRange) -> pa.Table:
    first, last = np.searchsorted(_times(part), [time_range.start, time_range.end])
    return part.slice(int(first), int(last - first))


def _with_schema(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """``part`` with the columns of ``schema``, null where the day was loaded before the column existed."""
    columns = [part[field.name] if field.name in part.column_names else pa.nulls(part.num_rows, field.type) for field in schema]
    return pa.table(columns, schema=schema)
