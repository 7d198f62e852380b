"""The two places that days are read from: the lake and the embedded warehouse."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa

from market_data_assets.client.plan import Piece, StoredDay, StoredFile
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.manifest import Manifest
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable


@dataclass(frozen=True, slots=True)
class LakeShelf:
    """The days of one dataset in the lake, as it is now or as it was known at an instant, by their manifests."""

    lake: LakeReader
    dataset: Dataset

    @property
    def name(self) -> str:
        """The dataset's key."""
        return str(self.dataset)

    @property
    def spills(self) -> bool:
        """Raw ticks do: their days are cut by arrival, and what is computed has its bucket's day."""
        return self.dataset.timeframe is None

    def days(self) -> Sequence[dt.date]:
        """The committed days, ascending."""
        return sorted(self.lake.days(self.dataset))

    def day(self, day: dt.date) -> StoredDay:
        """The day as its manifest has it."""
        return _LakeDay(self.lake.manifest(self.dataset, day), partition_prefix(self.dataset, day))

    def read(self, piece: Piece, columns: Sequence[str], time_range: TimeRange) -> pa.Table:
        """The rows of one file in the range."""
        # A file that lies within the range is read without looking at its times.
        window = None if piece.file.within(time_range) else time_range
        return self.lake.read(self.dataset, piece.day, piece.instrument, columns, window)


@dataclass(frozen=True, slots=True)
class _LakeDay:
    manifest: Manifest
    prefix: str

    def file(self, instrument: InstrumentId) -> StoredFile | None:
        entry = self.manifest.content.file_of(str(instrument))
        if entry is None:
            return None
        first, last = entry.min_timestamp, entry.max_timestamp
        times = None if first is None or last is None else (first, last)
        return StoredFile(self.prefix + entry.name, entry.rows, entry.own_size, times, self.manifest.version, self.manifest.committed_at)

    def reason(self, instrument: InstrumentId) -> str | None:
        text, content = str(instrument), self.manifest.content
        failed = (f"failed: {entry.error}" for entry in content.failed if entry.instrument_id == text)
        quarantined = (f"quarantined: {entry.reason}" for entry in content.quarantined if entry.instrument_id == text)
        absent = (entry.reason for entry in content.absent if entry.instrument_id == text)
        return next(chain(failed, quarantined, absent), None)

    def instruments(self) -> Sequence[str]:
        return [entry.instrument_id for entry in self.manifest.content.files if entry.instrument_id is not None]


@dataclass(frozen=True, slots=True)
class WarehouseShelf:
    """The days of one analytics table."""

    warehouse: Warehouse
    table: WarehouseTable

    @property
    def name(self) -> str:
        """Tier and name of the table."""
        return str(self.table)

    @property
    def spills(self) -> bool:
        """Never: a partition holds the buckets of its day."""
        return False

    def days(self) -> Sequence[dt.date]:
        """The loaded days, ascending."""
        return self.warehouse.days(self.table)

    def day(self, day: dt.date) -> StoredDay:
        """The instruments that have rows that day. A warehouse does not know why others have none."""
        return _WarehouseDay(f"{self.table} {day}", self.warehouse.instruments(self.table, day))

    def read(self, piece: Piece, columns: Sequence[str], time_range: TimeRange) -> pa.Table:
        """The rows of one instrument-day in the range."""
        day = TimeRange.of_day(piece.day)
        within = TimeRange(max(day.start, time_range.start), min(day.end, time_range.end))
        return self.warehouse.read(self.table, [piece.instrument], within, columns)


@dataclass(frozen=True, slots=True)
class _WarehouseDay:
    name: str
    rows: Mapping[str, int]

    def file(self, instrument: InstrumentId) -> StoredFile | None:
        rows = self.rows.get(str(instrument))
        return None if rows is None else StoredFile(self.name, rows, 0)

    def reason(self, instrument: InstrumentId) -> None:
        """A warehouse does not know why an instrument has no rows."""

    def instruments(self) -> Sequence[str]:
        return list(self.rows)
