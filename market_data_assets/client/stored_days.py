"""What is stored of single days, and the seam to where days are read from: the lake or a warehouse."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import pyarrow as pa

from market_data_assets.client.wording import counted
from market_data_assets.domain.days import TimeRange, to_datetime
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import PartitionMissing
from market_data_assets.storage.parallel import for_each


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What one instrument-day is stored as.

    Attributes:
        size: Bytes; 0 where it is not a file of its own.
        times: First and last exchange time, µs UTC, both inclusive; None where it is not known or there are no rows.
        revision: The version of the day that it is read from; None where no versions are kept.
        committed_at: When that version was committed, µs UTC; None where it is not known.
    """

    name: str
    rows: int
    size: int
    times: tuple[int, int] | None = None
    revision: int | None = None
    committed_at: int | None = None

    def within(self, time_range: TimeRange) -> bool:
        """Whether all its rows are known to lie in the range."""
        return self.times is not None and time_range.start <= self.times[0] and self.times[1] < time_range.end

    def reaches(self, time_range: TimeRange) -> bool:
        """Whether it is known to hold rows around or in the range."""
        return self.times is not None and self.times[0] < time_range.end and self.times[1] >= time_range.start

    def __str__(self) -> str:
        revision = "" if self.revision is None else f", revision {self.revision}"
        committed = "" if self.committed_at is None else f" committed at {to_datetime(self.committed_at)}"
        size = f", {self.size:,} bytes" if self.size else ""
        return f"{self.name}  {counted(self.rows, 'row')}{size}{revision}{committed}"


class StoredDay(Protocol):
    """What is stored of one day."""

    def file(self, instrument: InstrumentId) -> StoredFile | None:
        """Where the instrument's rows are; None if it has none."""
        ...

    def reason(self, instrument: InstrumentId) -> str | None:
        """Why the instrument has no rows; None if nothing is known of it."""
        ...

    def instruments(self) -> Sequence[str]:
        """The ids that have rows."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """One instrument-day that a read touches."""

    instrument: InstrumentId
    day: dt.date
    file: StoredFile


StoredDays = Mapping[dt.date, StoredDay | PartitionMissing]
"""Days in the order asked for: what is stored of each, or the error that says that nothing is."""
Parts = Sequence[tuple[InstrumentId, Sequence[pa.Table]]]
"""The rows of each instrument, in one or several tables that each ascend in time."""


class Shelf(Protocol):
    """Where the days of one dataset are read from: the lake or a warehouse."""

    @property
    def name(self) -> str: ...

    @property
    def spills(self) -> bool:
        """Whether rows of a day may lie in the file of the day before or after: vendors cut ticks by arrival."""
        ...

    def days(self) -> Sequence[dt.date]:
        """The stored days, ascending."""
        ...

    def look_up(self, days: Sequence[dt.date]) -> StoredDays:
        """What is stored of some days."""
        ...

    def read(self, pieces: Sequence[Piece], columns: Sequence[str], time_range: TimeRange) -> Parts:
        """The rows of the pieces in the range, in the order of the pieces."""
        ...


def look_up_each(day_of: Callable[[dt.date], StoredDay], days: Sequence[dt.date], at_a_time: int) -> StoredDays:
    """``day_of`` each of the days, several at a time."""

    def one(day: dt.date) -> StoredDay | PartitionMissing:
        try:
            return day_of(day)
        except PartitionMissing as missing:
            return missing

    return dict(zip(days, for_each(one, days, at_a_time), strict=True))


def read_each(rows_of: Callable[[Piece], pa.Table], pieces: Sequence[Piece], at_a_time: int) -> Parts:
    """``rows_of`` each of the pieces, several at a time."""
    pairs = zip(pieces, for_each(rows_of, pieces, at_a_time), strict=True)
    return [(instrument, [table for _, table in group]) for instrument, group in groupby(pairs, lambda pair: pair[0].instrument)]
