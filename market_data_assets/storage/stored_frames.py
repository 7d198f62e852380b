"""Frames that lie in the lake: found through the manifest, verified, and read only as far as asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import Dataset, Quarantined
from market_data_assets.domain.days import TimeRange
from market_data_assets.errors import CorruptPartition, MarketDataError, QueryError, Retryable, SchemaDrift
from market_data_assets.storage.footers import FOOTERS
from market_data_assets.storage.manifest import FileEntry
from market_data_assets.storage.object_file import ObjectFile, open_kept, open_object
from market_data_assets.storage.parquet_read import TIMESTAMP_COLUMN, column_names, iterate_rows, open_parquet, read_rows
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.ranged_file import Garbled, NotHeld, RangedFile
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

        def read(parquet: pq.ParquetFile, entry: FileEntry) -> pa.Table:
            names = present_columns(parquet, self.dataset, wanted, self.what)
            return read_rows(parquet, names, span, self.what, row_groups_of(entry))

        return with_file(self.partition, self.entry, read)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of :meth:`read`, a row group at a time; at least one batch. Errors as there, and Garbled."""
        wanted = wanted_columns(self.dataset, None)
        file, entry = find_entry(self.partition, self.entry)
        try:
            parquet = open_stored(file, entry, self.what)
            names = present_columns(parquet, self.dataset, wanted, self.what)
            yield from iterate_rows(parquet, names, self.span(None), self.what, row_groups_of(entry))
        except ObjectMissing as error:
            raise Replaced(self.partition.prefix, entry.name) from error
        except (CorruptPartition, Garbled):
            # Some rows were given already, so this read cannot begin again; the next one finds no damaged bytes on this machine.
            _forget(self.partition, entry)
            raise

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


def row_groups_of(entry: FileEntry) -> range | None:
    """The row groups of an instrument in its shard; None for all of its own file."""
    return None if entry.part is None else range(entry.part.first_row_group, entry.part.first_row_group + entry.row_groups)


def with_file(partition: Partition, entry: FileEntry, use: Callable[[pq.ParquetFile, FileEntry], T]) -> T:
    """What ``use`` makes of the file that holds the rows of ``entry``, and of the entry that says where in it.

    It may be called again where the file changes meanwhile, or more of it is needed than this machine keeps.

    Raises:
        Replaced, CorruptPartition: as :func:`find_entry`; also what ``use`` raises.
    """
    what, cache = f"{partition.prefix}{entry.name}", partition.cache
    if cache is not None:
        try:
            # The manifest names these very bytes, so nobody needs to be asked whether they are still there.
            return use(open_stored(open_kept(entry, cache, what), entry, what), entry)
        except NotHeld:
            pass
        except (CorruptPartition, Garbled):
            _forget(partition, entry)
    refused: MarketDataError = Replaced(partition.prefix, entry.name)
    for _ in range(_MANIFEST_READS):
        file, found = find_entry(partition, entry)
        try:
            return use(open_stored(file, found, what), found)
        except ObjectMissing:
            continue  # replaced between two ranged reads
        except (CorruptPartition, Garbled) as error:
            _forget(partition, found)
            if not isinstance(file, RangedFile) or not isinstance(refused, Replaced):
                raise
            # The store has the right bytes. They may have been damaged on their way here, and are fetched once more.
            refused = error
    raise refused


def open_stored(file: ObjectFile, entry: FileEntry, what: str) -> pq.ParquetFile:
    """The file of ``entry`` with its footer; that of a shard, or of a file read in ranges, is parsed once.

    Raises:
        CorruptPartition: not a Parquet file.
    """
    parquet = open_parquet(file, what, FOOTERS.get(entry.sha256))
    if entry.part is not None or isinstance(file, RangedFile):
        FOOTERS.keep(entry.sha256, parquet.metadata)
    return parquet


def _forget(partition: Partition, entry: FileEntry) -> None:
    """Have the bytes fetched again by whoever reads next: a range may have been damaged on its way."""
    FOOTERS.forget(entry.sha256)
    if partition.cache is not None:
        partition.cache.forget(entry.sha256)


def open_entry(partition: Partition, entry: FileEntry) -> ObjectFile:
    """The bytes of ``entry``: published, else staged, else by the manifest as it is now.

    Raises:
        Replaced: the partition was committed again, with other rows of its instrument.
        CorruptPartition: the manifest names bytes that are nowhere.
    """
    return find_entry(partition, entry)[0]


def find_entry(partition: Partition, entry: FileEntry) -> tuple[ObjectFile, FileEntry]:
    """The bytes that hold the rows of ``entry``, and the entry that says where in them; as :func:`open_entry`."""
    wanted, seen, reads = entry, -1, 0
    for _ in range(_CHANGES):
        for name in partition.names_of(wanted):
            file = open_object(partition.store, name, wanted, partition.cache)
            if file is not None:
                return file, wanted
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
