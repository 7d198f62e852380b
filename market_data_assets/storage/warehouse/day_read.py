"""Reading some instruments, some of the time and some columns out of a day file of the embedded warehouse."""

import datetime as dt
from collections.abc import Container, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.days import TimeRange, day_end, day_start
from market_data_assets.storage.warehouse.base import CLUSTER_COLUMN, PARTITION_COLUMN
from market_data_assets.storage.warehouse.day_file import times_of


def read_day(
    stored: pq.ParquetFile, instruments: Container[str], time_range: TimeRange, day: dt.date, columns: Sequence[str]
) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each of ``instruments`` in the range; only their row groups and only ``columns`` are decoded."""
    present = [name for name in columns if name in stored.schema_arrow.names]
    whole = holds_all(time_range, day)
    needed = present if whole or PARTITION_COLUMN in present else [*present, PARTITION_COLUMN]
    for group, instrument in groups_of(stored.metadata):
        if instrument in instruments:
            part = stored.read_row_groups([group], columns=needed)
            yield instrument, (part if whole else _window(part, time_range)).select(present)


def groups_of(metadata: pq.FileMetaData) -> Iterator[tuple[int, str]]:
    """Each row group with its one instrument."""
    position = metadata.schema.names.index(CLUSTER_COLUMN)
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(position).statistics
        assert statistics is not None  # the writer of day files makes them
        yield group, str(statistics.min)


def size_of(metadata: pq.FileMetaData, group: int, columns: Container[str]) -> int:
    """Compressed bytes of some columns of a row group."""
    row_group = metadata.row_group(group)
    chunks = (row_group.column(position) for position in range(row_group.num_columns))
    return sum(chunk.total_compressed_size for chunk in chunks if chunk.path_in_schema in columns)


def holds_all(time_range: TimeRange, day: dt.date) -> bool:
    """Whether the range holds every instant of the day."""
    return time_range.start <= day_start(day) and day_end(day) <= time_range.end


def with_schema(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """``part`` with the columns of ``schema``, null where the day was loaded before the column existed."""
    columns = [part[field.name] if field.name in part.column_names else pa.nulls(part.num_rows, field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _window(part: pa.Table, time_range: TimeRange) -> pa.Table:
    first, last = np.searchsorted(times_of(part), [time_range.start, time_range.end])
    return part.slice(int(first), int(last - first))
