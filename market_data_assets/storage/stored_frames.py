"""Frames that lie in the lake: found through the manifest, verified, and read only as far as asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import Dataset, Quarantined
from market_data_assets.domain.days import TimeRange
from market_data_assets.errors import CorruptPartition, QueryError, Retryable, SchemaDrift
from market_data_assets.storage.manifest import FileEntry
from market_data_assets.storage.object_file import open_object
from market_data_assets.storage.parquet_read import TIMESTAMP_COLUMN, column_names, iterate_rows, open_parquet, read_rows
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.publish import holds
from market_data_assets.storage.stores.base import ObjectMissing

_MANIFEST_READS = 3
_CHANGES = 100
T = TypeVar("T")


class Replaced(Retryable):
    """The file was replaced by a newer commit while the day was being read."""

    def __init__(self, partition: str, name: str) -> None:
        super().__init__(f"partition {partition}: {name} was replaced by a newer commit while the day was read; read it again")


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """One stored file, pinned to the bytes that one manifest names. Nothing is read before it is asked for.

    Attributes:
        time_range: Only rows whose exchange time lies in this half-open range; None for all.
    """

    partition: Partition
    dataset: Dataset
    entry: FileEntry
    time_range: TimeRange | None = None

    @property
    def quarantined(self) -> Sequence[Quarantined]:
        """Nothing: what was set aside never got into the file."""
        return ()

    @property
    def source_version(self) -> str:
        """SHA-256 of the file."""
        return self.entry.sha256

    def read(self, columns: Sequence[str] | None = None, time_range: TimeRange | None = None) -> pa.Table:
        """The rows of ``time_range`` (default: the frame's own), in file order.

        Args:
            columns: In the order wanted; None for every column of the dataset, hidden ones too.

        Raises:
            QueryError: a column that the dataset does not have, or a time range where it has no ``timestamp``.
            SchemaDrift: the file is older than one of the columns.
            Replaced: a newer commit holds other bytes for this file.
            CorruptPartition: the bytes are gone or wrong.
        """
        wanted = _wanted(self.dataset, columns)
        span = self._span(time_range)
        return self._with_file(lambda parquet: read_rows(parquet, self._present(parquet, wanted), span, self._what))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of :meth:`read`, a row group at a time; at least one batch."""
        wanted = _wanted(self.dataset, None)
        parquet = self._with_file(lambda opened: opened)
        yield from iterate_rows(parquet, self._present(parquet, wanted), self._span(None), self._what)

    @property
    def _what(self) -> str:
        return f"{self.partition.prefix}{self.entry.name}"

    def _span(self, time_range: TimeRange | None) -> TimeRange | None:
        span = self.time_range if time_range is None else time_range
        if span is not None and TIMESTAMP_COLUMN not in self.dataset.columns:
            raise QueryError(f"{self.dataset} has no {TIMESTAMP_COLUMN}; it cannot be read by time")
        return span

    def _present(self, parquet: pq.ParquetFile, wanted: Sequence[str] | None) -> Sequence[str]:
        found = column_names(parquet)
        if wanted is None:
            return found
        missing = set(wanted) - set(found)
        if missing and self.dataset.open_columns:
            raise QueryError.columns(self._what, missing, found)
        if missing:
            listed = ", ".join(sorted(missing))
            raise SchemaDrift(f"{self._what} was stored without column(s) {listed}, before they existed; materialize the day again")
        return wanted

    def _with_file(self, use: Callable[[pq.ParquetFile], T]) -> T:
        for _ in range(_MANIFEST_READS):
            file = open_entry(self.partition, self.entry)
            try:
                return use(open_parquet(file, self._what))
            except ObjectMissing:
                continue  # replaced between two ranged reads
        raise Replaced(self.partition.prefix, self.entry.name)


def open_entry(partition: Partition, entry: FileEntry) -> pa.NativeFile:
    """The bytes of ``entry``: published, else staged, else by the manifest as it is now.

    Raises:
        Replaced: the partition was committed again, with other bytes for this file.
        CorruptPartition: the manifest names bytes that are nowhere.
    """
    wanted, seen, reads = entry, -1, 0
    for _ in range(_CHANGES):
        for name in (partition.published_name(wanted), wanted.staged):
            head = partition.store.head(name)
            if head is None or not holds(head, wanted):
                continue
            try:
                return open_object(partition.store, name, generation=head.generation, size=head.size)
            except ObjectMissing:
                continue  # moved or replaced since
        current = partition.current()
        # A new generation is somebody's progress; only looking at the same manifest again and again is a finding.
        reads = reads + 1 if current.generation == seen else 1
        if reads > _MANIFEST_READS:
            raise CorruptPartition(partition.prefix, f"{entry.name} is missing, or its bytes are not those that were committed")
        seen = current.generation
        found = None if current.manifest is None else current.manifest.content.file_of(entry.instrument_id)
        if found is None or found.sha256 != entry.sha256:
            raise Replaced(partition.prefix, entry.name)
        wanted = found
    raise Replaced(partition.prefix, entry.name)


def _wanted(dataset: Dataset, columns: Sequence[str] | None) -> Sequence[str] | None:
    """The columns to read; None for whatever the file has."""
    if columns is None:
        return None if dataset.open_columns else list(dataset.columns)
    unknown = set(columns) - set(dataset.columns)
    if unknown and not dataset.open_columns:
        raise QueryError.columns(str(dataset), unknown, dataset.visible_columns)
    return list(columns)
