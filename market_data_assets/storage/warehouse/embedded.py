"""The warehouse on the local disk: one Parquet file per table and day, queried by DuckDB, needing no server.

    <root>/<table>/_schema.parquet          what the table is, without rows; written by ``migrate``
    <root>/<table>/day-YYYY-MM-DD.parquet   sorted by instrument_id, timestamp; each row group holds one instrument

Day files rather than a database file, since DuckDB lets only one process at a time open one, even for reading.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.days import TimeRange, day_end, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import CorruptPartition, PartitionMissing, StorageFailed
from market_data_assets.storage.warehouse.base import (
    PARTITION_COLUMN,
    CommittedDay,
    LoadedDay,
    LoadStatus,
    QueryEstimate,
    WarehouseTable,
)
from market_data_assets.storage.warehouse.day_file import loaded_from, sources_of, write_day
from market_data_assets.storage.warehouse.day_read import groups_of, holds_all, read_day, size_of, with_schema
from market_data_assets.storage.warehouse.embedded_schema import changes, extended
from market_data_assets.storage.warehouse.parameters import checked_parameters
from market_data_assets.storage.warehouse.replacement import replace_file

_SCHEMA_FILE = "_schema.parquet"


@dataclass(frozen=True, slots=True)
class EmbeddedWarehouse:
    """A folder of day files. Any number of processes may read and write at once; a reader sees whole days only."""

    root: Path
    tables: Sequence[WarehouseTable]

    def pending(self) -> Sequence[str]:
        """As the seam says: missing tables, and new columns or descriptions of those that are there."""
        return [line for table in self.tables for line in changes(table, self._stored_schema(table))]

    def migrate(self) -> Sequence[str]:
        """As the seam says."""
        return [line for table in self.tables for line in self._migrate(table)]

    def replace_day(self, table: WarehouseTable, day: CommittedDay) -> LoadedDay:
        """As the seam says, in the memory of one instrument-day. Rows that the day's file was written from are not read again."""
        self._require(table)
        date = day.frames.day
        file = self._file(table, date)
        if self._holds(table, day):
            return LoadedDay(table.name, date, day.rows, len(self.instruments(table, date)), file.stat().st_size, LoadStatus.NOOP)
        try:
            (rows, instruments), changed = replace_file(file, lambda draft: write_day(draft, table, day))
        except OSError as error:
            raise StorageFailed(f"warehouse {table} {date}: {file} cannot be written ({error}); the stored day is as before") from error
        status = LoadStatus.REPLACED if changed else LoadStatus.NOOP
        return LoadedDay(table.name, date, rows, instruments, file.stat().st_size, status)

    def days(self, table: WarehouseTable) -> Sequence[dt.date]:
        """The days that have a file, ascending."""
        return sorted(dt.date.fromisoformat(file.stem.removeprefix("day-")) for file in (self.root / table.name).glob("day-*.parquet"))

    def instruments(self, table: WarehouseTable, day: dt.date) -> Mapping[str, int]:
        """Rows by instrument id, from the footer of the day's file."""
        with self._open(table, day) as stored:
            return {instrument: stored.metadata.row_group(group).num_rows for group, instrument in groups_of(stored.metadata)}

    def row_count(self, table: WarehouseTable, day: dt.date) -> int:
        """Rows of one day, from the footer of its file."""
        with self._open(table, day) as stored:
            return int(stored.metadata.num_rows)

    def counts(
        self, table: WarehouseTable, time_range: TimeRange, instruments: Sequence[InstrumentId] | None = None
    ) -> Mapping[dt.date, Mapping[str, int]]:
        """As the seam says: from the footers, and from the times of the days that the range cuts."""
        chosen = None if instruments is None else {str(instrument) for instrument in instruments}
        found = {day: self._counts_of_day(table, day, time_range, chosen) for day in self._days_in(table, time_range)}
        return {day: counts for day, counts in found.items() if counts}

    def read(
        self, table: WarehouseTable, instruments: Sequence[InstrumentId], time_range: TimeRange, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """As the seam says; only the row groups of the instruments and only the columns are decoded."""
        wanted = table.chosen(columns)
        parts: dict[str, list[pa.Table]] = {str(instrument): [] for instrument in instruments}
        for day in self._days_in(table, time_range):
            with self._open(table, day) as stored:
                for instrument, part in read_day(stored, parts, time_range, day, wanted.names):
                    parts[instrument].append(part)
        return pa.concat_tables([wanted.empty_table(), *(with_schema(part, wanted) for of_one in parts.values() for part in of_one)])

    def estimate_read(
        self, table: WarehouseTable, instruments: Sequence[InstrumentId], time_range: TimeRange, columns: Sequence[str] | None = None
    ) -> QueryEstimate:
        """The compressed bytes of the row groups and columns that are decoded."""
        wanted, chosen = {*table.chosen(columns).names, PARTITION_COLUMN}, {str(instrument) for instrument in instruments}
        total = 0
        for day in self._days_in(table, time_range):
            with self._open(table, day) as stored:
                groups = (group for group, instrument in groups_of(stored.metadata) if instrument in chosen)
                total += sum(size_of(stored.metadata, group, wanted) for group in groups)
        return QueryEstimate(total)

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """As the seam says, in DuckDB's dialect. Times are UTC. The query can read nothing but this warehouse."""
        # DuckDB takes 0.2 s to import, which a reader that never uses SQL should not pay.
        from market_data_assets.storage.warehouse.sql import select  # noqa: PLC0415

        return select(sql, checked_parameters(parameters), self.root, self._named, self._files)

    def estimate(self, sql: str, parameters: Mapping[str, object] | None = None) -> QueryEstimate:
        """The size of all files of the tables in the query, of which it may read less."""
        from market_data_assets.storage.warehouse.sql import tables_of  # noqa: PLC0415

        tables = {table.name: table for table in tables_of(sql, checked_parameters(parameters), self.root, self._named, self._files)}
        return QueryEstimate(sum(file.stat().st_size for table in tables.values() for file in self._files(table)))

    def _holds(self, table: WarehouseTable, day: CommittedDay) -> bool:
        """Whether the day's file was written from the very rows of ``day``. One that cannot be opened is written again."""
        sources = sources_of(table, day)
        try:
            with self._open(table, day.frames.day) as stored:
                return bool(sources) and loaded_from(stored.metadata) == sources
        except (PartitionMissing, CorruptPartition):
            return False

    @property
    def _named(self) -> Mapping[str, WarehouseTable]:
        return {name: table for table in self.tables for name in (table.name, *table.views)}

    def _days_in(self, table: WarehouseTable, time_range: TimeRange) -> Sequence[dt.date]:
        return [day for day in self.days(table) if day_start(day) < time_range.end and time_range.start < day_end(day)]

    def _counts_of_day(self, table: WarehouseTable, day: dt.date, time_range: TimeRange, chosen: set[str] | None) -> Mapping[str, int]:
        whole = self.instruments(table, day)
        wanted = whole if chosen is None else {name: rows for name, rows in whole.items() if name in chosen}
        if holds_all(time_range, day):
            return wanted
        counts = Counter[str]()
        with self._open(table, day) as stored:
            for instrument, part in read_day(stored, wanted, time_range, day, [PARTITION_COLUMN]):
                counts[instrument] += part.num_rows
        return {name: rows for name, rows in counts.items() if rows}

    def _files(self, table: WarehouseTable) -> Sequence[Path]:
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

    def _stored_schema(self, table: WarehouseTable) -> pa.Schema | None:
        file = self.root / table.name / _SCHEMA_FILE
        return pq.read_schema(file) if file.is_file() else None

    def _migrate(self, table: WarehouseTable) -> Sequence[str]:
        stored, file = self._stored_schema(table), self.root / table.name / _SCHEMA_FILE
        done = changes(table, stored)
        if done:
            schema = extended(table, pa.schema([]) if stored is None else stored)
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                replace_file(file, lambda draft: pq.write_table(schema.empty_table(), draft))
            except OSError as error:
                raise StorageFailed(f"warehouse {table}: {file} cannot be written ({error})") from error
        return done
