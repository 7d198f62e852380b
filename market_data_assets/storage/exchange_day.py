"""A UTC day by the exchange's clock, put together from raw days that vendors cut by arrival."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa

from market_data_assets.domain.datasets import Dataset, Quarantined
from market_data_assets.domain.days import TimeRange, day_end, day_start
from market_data_assets.storage.manifest import FileEntry
from market_data_assets.storage.parquet_read import TIMESTAMP_COLUMN, times_of
from market_data_assets.storage.stored_frames import StoredFrame
from market_data_assets.storage.widening import widest


@dataclass(frozen=True, slots=True)
class ExchangeDayFrame:
    """Rows of one exchange day that lie in several stored files.

    Attributes:
        parts: At least one, in the order of their vendor days, each limited to the exchange day.
    """

    dataset: Dataset
    parts: Sequence[StoredFrame]

    @property
    def quarantined(self) -> Sequence[Quarantined]:
        """Nothing: what was set aside never got into the files."""
        return ()

    @property
    def source_version(self) -> str:
        """Identity of the rows of each file that they come from."""
        return "+".join(part.source_version for part in self.parts)

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows in order of exchange time; equal times in the order of the files, then of the rows in them."""
        if len(self.parts) == 1:
            return self.parts[0].read(columns)
        wanted = list(self.dataset.columns) if columns is None else list(columns)
        needed = wanted if TIMESTAMP_COLUMN in wanted else [*wanted, TIMESTAMP_COLUMN]
        tables = _same_schema(self.dataset, [part.read(needed) for part in self.parts])
        return reduce(merge_in_time, tables).select(wanted).unify_dictionaries()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of :meth:`read`; a single file is streamed."""
        if len(self.parts) == 1:
            yield from self.parts[0].batches()
            return
        table = self.read()
        yield from table.to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]


def touches(entry: FileEntry, day: dt.date) -> bool:
    """Whether a file may hold rows of the exchange day."""
    if entry.min_timestamp is None or entry.max_timestamp is None:
        return False
    return entry.min_timestamp < day_end(day) and entry.max_timestamp >= day_start(day)


def exchange_day_frame(dataset: Dataset, day: dt.date, parts: Sequence[StoredFrame]) -> StoredFrame | ExchangeDayFrame:
    """The rows of the exchange day in ``parts``, which are in the order of their vendor days."""
    limited = [StoredFrame(part.partition, dataset, part.entry, TimeRange.of_day(day)) for part in parts]
    return limited[0] if len(limited) == 1 else ExchangeDayFrame(dataset, limited)


def merge_in_time(first: pa.Table, second: pa.Table) -> pa.Table:
    """Two tables in ascending ``timestamp`` as one; at equal times ``first`` comes first. Only the overlap is moved."""
    if not first.num_rows or not second.num_rows:
        return pa.concat_tables([first, second])
    earlier, later = times_of(first), times_of(second)
    begin = int(np.searchsorted(earlier, later[0], side="right"))
    end = int(np.searchsorted(later, earlier[-1], side="left"))
    overlap = pa.concat_tables([first.slice(begin), second.slice(0, end)]).unify_dictionaries()
    order = np.argsort(times_of(overlap), kind="stable")
    return pa.concat_tables([first.slice(0, begin), overlap.take(order), second.slice(end)])


def _same_schema(dataset: Dataset, tables: Sequence[pa.Table]) -> Sequence[pa.Table]:
    schema = widest(dataset, [table.schema for table in tables])
    return [table if table.schema.equals(schema) else table.cast(schema) for table in tables]
