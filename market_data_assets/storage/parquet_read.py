"""Reading a stored Parquet file: the wanted columns of the wanted time range, and no more bytes than that needs."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.days import TimeRange, to_instant
from market_data_assets.errors import CorruptPartition
from market_data_assets.storage.ranged_file import RangedFile
from market_data_assets.storage.ranged_parquet import RangedParquet, read_footer

TIMESTAMP_COLUMN = "timestamp"
_THREADED_ROWS = 50_000
"""Below this, starting threads costs more than they save: a day of 1m candles takes 1.3 ms without, 1.6 ms with."""
_GROUPS_AHEAD = 4
"""Row groups that are fetched while the one before them is worked on: a few megabytes."""


def open_parquet(file: pa.NativeFile | RangedFile, what: str, footer: pq.FileMetaData | None = None) -> pq.ParquetFile:
    """The file with its footer, which is parsed here unless it is given.

    Raises:
        CorruptPartition: not a Parquet file.
    """
    with _readable(what):
        if isinstance(file, RangedFile):
            return RangedParquet(file, footer or read_footer(file))
        return pq.ParquetFile(file, metadata=footer)


def column_names(parquet: pq.ParquetFile) -> Sequence[str]:
    """The columns of the file, in order."""
    return list(parquet.schema_arrow.names)


def read_rows(
    parquet: pq.ParquetFile, columns: Sequence[str], time_range: TimeRange | None, what: str, groups: range | None = None
) -> pa.Table:
    """``columns`` of the rows whose ``timestamp`` lies in the half-open ``time_range``; all rows without one.

    Args:
        groups: Only the rows of these row groups, which ascend in time.

    Raises:
        CorruptPartition: the file cannot be decoded.
    """
    with _readable(what):
        if time_range is None:
            table = _decode(parquet, groups, columns)
        else:
            table = _within(_decode(parquet, groups_in(parquet, time_range, groups), _with_timestamp(columns)), time_range)
    return table.select(list(columns)).replace_schema_metadata(None)


def read_groups(parquet: pq.ParquetFile, groups: Sequence[int], columns: Sequence[str], what: str, *, with_times: bool) -> pa.Table:
    """``columns``, on demand also ``timestamp``, of all rows of some row groups, in the order of ``groups``.

    Raises:
        CorruptPartition: the file cannot be decoded.
    """
    with _readable(what):
        table = _decode(parquet, groups, _with_timestamp(columns) if with_times else columns)
    return table.replace_schema_metadata(None)


def iterate_rows(
    parquet: pq.ParquetFile, columns: Sequence[str], time_range: TimeRange | None, what: str, groups: range | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of :func:`read_rows`, a row group at a time; at least one batch.

    Raises:
        CorruptPartition: the file cannot be decoded.
    """
    given = False
    names = _with_timestamp(columns) if time_range else list(columns)
    chosen = list(_all_groups(parquet, groups) if time_range is None else groups_in(parquet, time_range, groups))
    for position in range(len(chosen)):
        with _readable(what):
            table = _next_group(parquet, chosen[position : position + 1 + _GROUPS_AHEAD], names)
        if time_range is not None:
            table = _within(table, time_range)
        for batch in table.select(list(columns)).replace_schema_metadata(None).to_batches():
            given = True
            yield batch
    if not given:
        schema = pa.schema([parquet.schema_arrow.field(name) for name in columns])
        yield pa.RecordBatch.from_pylist([], schema=schema)


def groups_in(parquet: pq.ParquetFile, time_range: TimeRange, groups: Iterable[int] | None = None) -> list[int]:
    """Of ``groups`` (None: all), those that may hold rows of the range. One without statistics may hold any."""
    leaf, metadata = _leaf_of(parquet, TIMESTAMP_COLUMN), parquet.metadata
    return [group for group in _all_groups(parquet, groups) if _may_hold(metadata.row_group(group).column(leaf), time_range)]


def _all_groups(parquet: pq.ParquetFile, groups: Iterable[int] | None) -> Iterable[int]:
    return range(parquet.metadata.num_row_groups) if groups is None else groups


def _next_group(parquet: pq.ParquetFile, groups: Sequence[int], columns: Sequence[str]) -> pa.Table:
    """The first of ``groups``, while the others are being fetched from a distant store."""
    group = groups[0]
    if not isinstance(parquet, RangedParquet):
        return parquet.read_row_group(group, columns=list(columns))
    for each in groups:
        parquet.expect([each], columns)
    parquet.ensure([group], columns)
    table = parquet.read_row_group(group, columns=list(columns))
    parquet.drop(group, columns)
    return table


def _decode(parquet: pq.ParquetFile, groups: Sequence[int] | None, columns: Sequence[str]) -> pa.Table:
    if isinstance(parquet, RangedParquet):
        parquet.ensure(groups, columns)
    if groups is None:
        return parquet.read(columns=list(columns), use_threads=parquet.metadata.num_rows >= _THREADED_ROWS)
    rows = sum(parquet.metadata.row_group(group).num_rows for group in groups)
    return parquet.read_row_groups(list(groups), columns=list(columns), use_threads=rows >= _THREADED_ROWS)


def _with_timestamp(columns: Sequence[str]) -> list[str]:
    return list(columns) if TIMESTAMP_COLUMN in columns else [*columns, TIMESTAMP_COLUMN]


def _may_hold(chunk: pq.ColumnChunkMetaData, time_range: TimeRange) -> bool:
    statistics = chunk.statistics
    if statistics is None or statistics.min is None or statistics.max is None:
        return True
    return to_instant(statistics.min) < time_range.end and to_instant(statistics.max) >= time_range.start


def _leaf_of(parquet: pq.ParquetFile, column: str) -> int:
    """Position among the leaf columns of Parquet, which counts nested columns differently from Arrow."""
    return next(leaf for leaf in range(parquet.metadata.num_columns) if parquet.schema.column(leaf).path == column)


def _within(table: pa.Table, time_range: TimeRange) -> pa.Table:
    """The rows in the range. Files are sorted by ``timestamp``, which the writer has checked, so it is a slice."""
    start, end = np.searchsorted(times_of(table), [time_range.start, time_range.end])
    return table.slice(int(start), int(end - start))


def times_of(table: pa.Table) -> npt.NDArray[np.int64]:
    """``timestamp`` of every row, µs UTC."""
    times: npt.NDArray[np.int64] = table.column(TIMESTAMP_COLUMN).combine_chunks().view(pa.int64()).to_numpy()
    return times


@contextmanager
def _readable(what: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise CorruptPartition(what, f"a file cannot be decoded ({error})") from error
