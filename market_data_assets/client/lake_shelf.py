"""Days of one dataset as the lake has them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa

from market_data_assets.client.stored_days import Parts, Piece, StoredDay, StoredDays, StoredFile, look_up_each, read_each
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.manifest import Manifest


@dataclass(frozen=True, slots=True)
class LakeShelf:
    """The days of one dataset in the lake, as it is now or as it was known at an instant, by their manifests.

    Attributes:
        at_a_time: Days looked up, and files decoded, side by side.
    """

    lake: LakeReader
    dataset: Dataset
    at_a_time: int = 1

    @property
    def name(self) -> str:
        """The dataset's key."""
        return str(self.dataset)

    @property
    def is_local(self) -> bool:
        """Whether its files are on this machine: reading them costs nothing."""
        return self.lake.store.reads_in_place

    @property
    def spills(self) -> bool:
        """Raw ticks do: their days are cut by arrival, and what is computed has its bucket's day."""
        return self.dataset.timeframe is None

    def days(self) -> Sequence[dt.date]:
        """The committed days, ascending."""
        return sorted(self.lake.days(self.dataset))

    def look_up(self, days: Sequence[dt.date]) -> StoredDays:
        """The days as their manifests have them."""
        return look_up_each(self.day, days, self.at_a_time)

    def read(self, pieces: Sequence[Piece], columns: Sequence[str], time_range: TimeRange) -> Parts:
        """The rows of each file in the range."""
        return read_each(lambda piece: self.rows(piece, columns, time_range), pieces, self.at_a_time)

    def day(self, day: dt.date) -> StoredDay:
        """The day as its manifest has it.

        Raises:
            PartitionMissing: it is not stored.
        """
        return _LakeDay(self.lake.manifest(self.dataset, day), partition_prefix(self.dataset, day))

    def rows(self, piece: Piece, columns: Sequence[str], time_range: TimeRange) -> pa.Table:
        """The rows of one file in the range."""
        # A file that lies within the range is read without looking at its times.
        window = None if piece.file.within(time_range) else time_range
        return self.lake.read_as_seen(self.dataset, piece.day, piece.instrument, columns, window)


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
