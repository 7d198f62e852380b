"""Reading a whole shard: all instruments of an underlying in one table."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.storage.layout import shard_of
from market_data_assets.storage.manifest import DayContent, FileEntry
from market_data_assets.storage.parquet_read import groups_in, read_groups, times_of
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.shard_write import INSTRUMENT_COLUMN
from market_data_assets.storage.stored_frames import (
    Replaced,
    StoredFrame,
    present_columns,
    row_groups_of,
    wanted_columns,
    with_file,
)

_LABELS = pa.dictionary(pa.int32(), pa.string())


def shards_of(dataset: Dataset, instruments: Iterable[str | None]) -> dict[str, list[str]]:
    """The shards that ``instruments`` are stored in, in order, each with its instruments; others have a file of their own."""
    found: dict[str, list[str]] = {}
    for instrument in sorted(filter(None, instruments)):
        shard = shard_of(dataset, InstrumentId.parse(instrument))
        if shard is not None:
            found.setdefault(shard, []).append(instrument)
    return dict(sorted(found.items()))


def read_shard(
    partition: Partition,
    dataset: Dataset,
    content: DayContent,
    instruments: Sequence[str],
    *,
    columns: Sequence[str] | None,
    time_range: TimeRange | None,
) -> pa.Table:
    """Rows of ``instruments``, those of one shard in order, each with its ``instrument_id``.

    Args:
        columns: In the order wanted, ``instrument_id`` first where they do not name it; None for all, hidden ones too.
        time_range: Half-open, by exchange time; None for all. Row groups outside it are not decoded.

    Raises:
        QueryError, SchemaDrift, Replaced, CorruptPartition: as :meth:`StoredFrame.read`.
    """
    entries = [entry for each in instruments if (entry := content.file_of(each)) is not None]
    wanted = list(dataset.columns) if columns is None else list(columns)
    if INSTRUMENT_COLUMN not in wanted:
        wanted = [INSTRUMENT_COLUMN, *wanted]
    stored = wanted_columns(dataset, [name for name in wanted if name != INSTRUMENT_COLUMN]) or []
    table = _read_together(partition, dataset, entries, stored, time_range)
    return table.unify_dictionaries().combine_chunks().select(wanted)


def _read_together(
    partition: Partition, dataset: Dataset, entries: Sequence[FileEntry], columns: Sequence[str], time_range: TimeRange | None
) -> pa.Table:
    first = StoredFrame(partition, dataset, entries[0])
    span, what = first.span(time_range), first.what

    def read(parquet: pq.ParquetFile, found: FileEntry) -> pa.Table:
        if found.sha256 != entries[0].sha256:
            raise Replaced(partition.prefix, found.name)
        groups, labels = _groups(parquet, entries, span)
        stored = present_columns(parquet, dataset, columns, what)
        table = read_groups(parquet, groups, stored, what, with_times=span is not None)
        if span is not None:
            times = times_of(table)
            within = (times >= span.start) & (times < span.end)
            table, labels = table.filter(pa.array(within)), labels[within]
        return _labelled(table.select(list(columns)), entries, labels)

    return with_file(partition, entries[0], read)


def _groups(
    parquet: pq.ParquetFile, entries: Sequence[FileEntry], span: TimeRange | None
) -> tuple[list[int], "np.ndarray[tuple[int], np.dtype[np.int32]]"]:
    """The row groups that may hold rows of the range, and for each of their rows the position of its entry."""
    groups: list[int] = []
    positions, rows = [], []
    for position, entry in enumerate(entries):
        of_entry = row_groups_of(entry) or range(0)
        # Most instruments have one row group, and the manifest knows as much of it as its statistics.
        if span is not None and not _touches(entry, span):
            continue
        found = list(of_entry) if span is None or len(of_entry) == 1 else groups_in(parquet, span, of_entry)
        groups += found
        positions.append(position)
        rows.append(entry.rows if len(found) == len(of_entry) else sum(parquet.metadata.row_group(group).num_rows for group in found))
    return groups, np.repeat(np.array(positions, np.int32), np.array(rows, np.int64))


def _touches(entry: FileEntry, span: TimeRange) -> bool:
    if entry.min_timestamp is None or entry.max_timestamp is None:
        return False
    return entry.min_timestamp < span.end and entry.max_timestamp >= span.start


def _labelled(table: pa.Table, entries: Sequence[FileEntry], positions: "np.ndarray[tuple[int], np.dtype[np.int32]]") -> pa.Table:
    names = pa.array([entry.instrument_id for entry in entries], pa.string())
    labels = pa.DictionaryArray.from_arrays(pa.array(positions, pa.int32()), names)
    return table.append_column(pa.field(INSTRUMENT_COLUMN, _LABELS, nullable=False), labels)
