"""The rows of one instrument on their way into a shard: checked, grouped, and kept in a scratch file."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa

from market_data_assets.domain.datasets import Dataset, Frame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.storage.parquet_write import name_of, until_wide_enough
from market_data_assets.storage.row_groups import Tally, row_groups
from market_data_assets.storage.stores.disk import refusals

# A day of a chain is tens of gigabytes in Arrow, and LZ4 costs less time than writing what it saves; to set it up costs
# more than a small part takes otherwise (1 ms for each part of 200 rows).
_COMPRESSED_BYTES = 1 << 20
_READ = pa.ipc.IpcReadOptions(use_threads=False)


@dataclass(frozen=True, slots=True)
class ShardPart:
    """One instrument's rows in a scratch file.

    Attributes:
        row_groups: Groups of at least one row; 0 where there are no rows.
        uncompressed_bytes: Bytes of the rows in Arrow memory.
        min_timestamp, max_timestamp: First and last exchange time, µs UTC, both inclusive; None without rows.
    """

    instrument: InstrumentId
    path: Path
    schema: pa.Schema
    rows: int
    row_groups: int
    uncompressed_bytes: int
    min_timestamp: int | None
    max_timestamp: int | None
    source_version: str

    def groups(self) -> Iterator[pa.Table]:
        """The rows as they were grouped, one group in memory at a time."""
        with refusals("read", str(self.path)), pa.memory_map(str(self.path)) as file, pa.ipc.open_stream(file, options=_READ) as stream:
            for batch in stream:
                yield pa.Table.from_batches([batch])


def write_part(path: Path, dataset: Dataset, day: dt.date, instrument: InstrumentId, frame: Frame) -> ShardPart:
    """Write ``frame`` to the scratch file ``path``, starting again whenever its schema has widened.

    Raises:
        SchemaDrift: columns that the dataset does not declare, nulls where it allows none, rows not in ascending
            ``timestamp``, or a schema that keeps changing.
        MarketDataError: whatever the frame raises.
    """
    what = name_of(dataset, day, instrument)
    return until_wide_enough(dataset, what, lambda: _write(path, dataset, what, instrument, frame))


def _write(path: Path, dataset: Dataset, what: str, instrument: InstrumentId, frame: Frame) -> ShardPart:
    groups = row_groups(frame.batches(), what, dataset)
    tally = Tally(what, dataset)
    group = next(groups)
    with _open_stream(path, group) as writer:
        for each in chain([group], groups):
            tally.add(each)
            with refusals("write", str(path)):
                writer.write_table(each)
    return ShardPart(
        instrument=instrument,
        path=path,
        schema=group.schema,
        rows=tally.rows,
        row_groups=tally.row_groups if tally.rows else 0,
        uncompressed_bytes=tally.bytes,
        min_timestamp=tally.min_timestamp,
        max_timestamp=tally.max_timestamp,
        source_version=frame.source_version,
    )


@contextmanager
def _open_stream(path: Path, first: pa.Table) -> Iterator[pa.RecordBatchStreamWriter]:
    # A stream, since a file of Arrow IPC has one dictionary per column, and each group has its own.
    options = pa.ipc.IpcWriteOptions(compression="lz4" if first.nbytes >= _COMPRESSED_BYTES else None, use_threads=False)
    with refusals("write", str(path)):
        file = pa.OSFile(str(path), "wb")
    with file, pa.ipc.new_stream(file, first.schema, options=options) as writer:
        yield writer
