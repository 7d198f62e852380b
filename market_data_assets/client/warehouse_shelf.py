"""Days of one analytics table as a warehouse has them: one question for all days, and one for all rows."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from market_data_assets.client.stacking import INSTRUMENT_COLUMN
from market_data_assets.client.stored_days import Parts, Piece, StoredDay, StoredDays, StoredFile
from market_data_assets.domain.days import TimeRange, day_end, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import PartitionMissing
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable

_Counts = Mapping[dt.date, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class WarehouseShelf:
    """The days of one analytics table, as far as some instruments are concerned.

    Attributes:
        is_local: Whether the table is on this machine: reading it costs nothing.
        most_bytes: What a query may scan; None where nothing limits it.
    """

    warehouse: Warehouse
    table: WarehouseTable
    instruments: Sequence[InstrumentId]
    is_local: bool
    most_bytes: int | None = None

    @property
    def name(self) -> str:
        """Tier and name of the table."""
        return str(self.table)

    @property
    def spills(self) -> bool:
        """Never: a partition holds the buckets of its day."""
        return False

    def estimate(self, columns: Sequence[str], time_range: TimeRange) -> int:
        """Bytes that reading would scan, by a dry run, which costs nothing."""
        return self.warehouse.estimate_read(self.table, self.instruments, time_range, columns).bytes

    def days(self) -> Sequence[dt.date]:
        """The loaded days, ascending."""
        return self.warehouse.days(self.table)

    def place(self, day: dt.date, instrument: InstrumentId) -> str:
        """Where the rows of an instrument-day are, for a person."""
        return f"{self.table} {day} {instrument}"

    def look_up(self, days: Sequence[dt.date]) -> StoredDays:
        """The rows of the instruments on each day, asked for once. A warehouse does not know why others have none."""
        whole = TimeRange(day_start(min(days)), day_end(max(days)))
        counts = self.warehouse.counts(self.table, whole, self.instruments)
        # A day that these instruments have no rows on may hold others. Only where there is one, that is worth asking.
        loaded = set(counts) if len(counts) == len(days) else set(self.warehouse.days(self.table))

        @cache
        def every() -> _Counts:
            return self.warehouse.counts(self.table, whole)

        def day_of(day: dt.date) -> StoredDay | PartitionMissing:
            if day not in counts and day not in loaded:
                return PartitionMissing(self.name, day)
            return _WarehouseDay(self, day, counts.get(day, {}), every)

        return {day: day_of(day) for day in days}

    def read(self, pieces: Sequence[Piece], columns: Sequence[str], time_range: TimeRange) -> Parts:
        """The rows of all pieces, asked for once: those of each instrument in one table."""
        instruments = list(dict.fromkeys(piece.instrument for piece in pieces))
        if not instruments:
            return []
        wanted = columns if INSTRUMENT_COLUMN in columns else [*columns, INSTRUMENT_COLUMN]
        return _by_instrument(self.warehouse.read(self.table, instruments, time_range, wanted), instruments)


@dataclass(frozen=True, slots=True)
class _WarehouseDay:
    """One day.

    Attributes:
        rows: Of the instruments that were asked for.
        every: Rows of all instruments, on demand: only a message about an unknown one needs them.
    """

    shelf: WarehouseShelf
    day: dt.date
    rows: Mapping[str, int]
    every: Callable[[], _Counts]

    def file(self, instrument: InstrumentId) -> StoredFile | None:
        rows = self.rows.get(str(instrument))
        return None if rows is None else StoredFile(self.shelf.place(self.day, instrument), rows, 0)

    def reason(self, instrument: InstrumentId) -> None:
        """A warehouse does not know why an instrument has no rows."""

    def instruments(self) -> Sequence[str]:
        return list(self.every().get(self.day, ()))


def _by_instrument(table: pa.Table, instruments: Sequence[InstrumentId]) -> Parts:
    """The slice of each instrument, of rows that come in the order of ``instruments``."""
    if len(instruments) == 1:
        return [(instruments[0], [table])]
    names = table[INSTRUMENT_COLUMN].combine_chunks().dictionary_encode()
    codes = np.asarray(names.indices.to_numpy(zero_copy_only=False))
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    stops = np.append(starts[1:], len(codes))
    spans = {names.dictionary[int(codes[start])].as_py(): (int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)}
    parts = []
    for instrument in instruments:
        start, stop = spans.get(str(instrument), (0, 0))
        parts.append((instrument, [table.slice(start, stop - start)]))
    return parts
