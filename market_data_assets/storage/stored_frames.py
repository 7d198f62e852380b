"""Frames that lie in the lake: found through the manifest, verified, and read only as far as asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import Dataset, Quarantined
from market_data_assets.domain.days import TimeRange
from market_data_assets.errors import QueryError, Retryable, SchemaDrift
from market_data_assets.storage.footers import FOOTERS
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
    """What is stored of one instrument, pinned to the rows that one manifest names. Nothing is read before it is asked for.

    Of a shard only the instrument's row groups are read. It may be written again with other instruments meanwhile: the rows
    of this one are then read from the new file.

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
        """Identity of the rows: SHA-256 of their file, or of their part of a shard."""
        return self.entry.rows_sha256

    def read(self, columns: Sequence[str] | None = None, time_range: TimeRange | None = None) -> pa.Table:
        """The rows of ``time_range`` (default: the frame's own), in file order.

        Args:
            columns: In the order wanted; None for every column of the dataset, hidden ones too.

        Raises:
            QueryError: a column that the dataset does not have, or a time range where it has no ``timestamp``.
            SchemaDrift: the file is older than one of the columns.
            Replaced: a newer commit holds other rows of this instrument.
            CorruptPartition: the bytes are gone or wrong.
        """
        wanted = wanted_columns(self.dataset, columns)
        span = self.span(time_range)
        return self._with_file(
            lambda parquet, groups: read_rows(parquet, present_columns(parquet, self.dataset, wanted, self.what), span, self.what, groups)
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of :meth:`read`, a row group at a time; at least one batch."""
        wanted = wanted_columns(self.dataset, None)
        parquet, groups = self._with_file(lambda opened, of_instrument: (opened, of_instrument))
        yield from iterate_rows(parquet, present_columns(parquet, self.dataset, wanted, self.what), self.span(None), self.what, groups)

    @property
    def what(self) -> str:
        """The file, for messages."""
        return f"{self.partition.prefix}{self.entry.name}"

    def span(self, time_range: TimeRange | None) -> TimeRange | None:
        """The range to read.

        Raises:
            QueryError: there is one, and the dataset has no ``timestamp``.
        """
        span = self.time_range if time_range is None else time_range
        if span is not None and TIMESTAMP_COLUMN not in self.dataset.columns:
            raise QueryError(f"{self.dataset} has no {TIMESTAMP_COLUMN}; it cannot be read by time")
        return span

    def _with_file(self, use: Callable[[pq.ParquetFile, range | None], T]) -> T:
        for _ in range(_MANIFEST_READS):
            file, entry = find_entry(self.partition, self.entry)
            try:
                return use(open_stored(file, entry, self.what), row_groups_of(entry))
            except ObjectMissing:
                continue  # replaced between two ranged reads
        raise Replaced(self.partition.prefix, self.entry.name)


def row_groups_of(entry: FileEntry) -> range | None:
    """The row groups of an instrument in its shard; None for all of its own file."""
    return None if entry.part is None else range(entry.part.first_row_group, entry.part.first_row_group + entry.row_groups)


def open_stored(file: pa.NativeFile, entry: FileEntry, what: str) -> pq.ParquetFile:
    """The file of ``entry`` with its footer; that of a shard is parsed once.

    Raises:
        CorruptPartition: not a Parquet file.
    """
    parquet = open_parquet(file, what, FOOTERS.get(entry.sha256))
    if entry.part is not None:
        FOOTERS.keep(entry.sha256, parquet.metadata)
    return parquet


def open_entry(partition: Partition, entry: FileEntry) -> pa.NativeFile:
    """The bytes of ``entry``: published, else staged, else by the manifest as it is now.

    Raises:
        Replaced: the partition was committed again, with other rows of its instrument.
        CorruptPartition: the manifest names bytes that are nowhere.
    """
    return find_entry(partition, entry)[0]


def find_entry(partition: Partition, entry: FileEntry) -> tuple[pa.NativeFile, FileEntry]:
    """The bytes that hold the rows of ``entry``, and the entry that says where in them; as :func:`open_entry`."""
    wanted, seen, reads = entry, -1, 0
    for _ in range(_CHANGES):
        for name in partition.names_of(wanted):
            head = partition.store.head(name)
            if head is None or not holds(head, wanted):
                continue
            try:
                return open_object(partition.store, name, generation=head.generation, size=head.size), wanted
            except ObjectMissing:
                continue  # moved or replaced since
        current = partition.current()
        # A new generation is somebody's progress; only looking at the same manifest again and again is a finding.
        reads = reads + 1 if current.generation == seen else 1
        if reads > _MANIFEST_READS:
            raise partition.damage(entry)
        seen = current.generation
        found = None if current.manifest is None else current.manifest.content.file_of(entry.instrument_id)
        if found is None or found.rows_sha256 != entry.rows_sha256:
            raise Replaced(partition.prefix, entry.name)
        wanted = found
    raise Replaced(partition.prefix, entry.name)


def present_columns(parquet: pq.ParquetFile, dataset: Dataset, wanted: Sequence[str] | None, what: str) -> Sequence[str]:
    """``wanted``, or all columns of the file.

    Raises:
        SchemaDrift: the file is older than one of the columns.
        QueryError: it has its writer's own columns, and not this one.
    """
    found = column_names(parquet)
    if wanted is None:
        return found
    missing = set(wanted) - set(found)
    if missing and dataset.open_columns:
        raise QueryError.columns(what, missing, found)
    if missing:
        listed = ", ".join(sorted(missing))
        raise SchemaDrift(f"{what} was stored without column(s) {listed}, before they existed; materialize the day again")
    return wanted


def wanted_columns(dataset: Dataset, columns: Sequence[str] | None) -> Sequence[str] | None:
    """The columns to read; None for whatever the file has."""
    if columns is None:
        return None if dataset.open_columns else list(dataset.columns)
    unknown = set(columns) - set(dataset.columns)
    if unknown and not dataset.open_columns:
        raise QueryError.columns(str(dataset), unknown, dataset.visible_columns)
    return list(columns)
