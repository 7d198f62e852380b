"""What a read touches: the stored days of its instruments, and what is missing from them. Nothing is decoded here."""

import datetime as dt
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import pyarrow as pa

from market_data_assets.domain.days import TimeRange, to_datetime
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import PartitionMissing, QueryError

OnMissing = Literal["raise", "skip"]
# Of all reasons for an instrument to have nothing on a day, the only one that leaves no hole in its data.
_NOT_LISTED = "not_listed"
_NOTHING_STORED = "nothing stored"
_SHOWN = 5


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
        return f"{self.name}  {self.rows:,} rows, {self.size:,} bytes{revision}{committed}"


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


@dataclass(frozen=True, slots=True)
class Gap:
    """An instrument-day, or with ``instrument`` None a whole day, that a read covers and nothing is stored for."""

    day: dt.date
    instrument: InstrumentId | None
    reason: str

    def __str__(self) -> str:
        return f"{self.day} {self.instrument or ''} ({self.reason})".replace("  ", " ")


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

    def day(self, day: dt.date) -> StoredDay:
        """What is stored of a day.

        Raises:
            PartitionMissing: nothing is.
        """
        ...

    def read(self, piece: Piece, columns: Sequence[str], time_range: TimeRange) -> pa.Table:
        """The rows of one piece in the range, ascending in time."""
        ...


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What a read touches. Pieces go by instrument, in the order asked for, then by day.

    ``rows`` and ``size`` (bytes) are those of the stored files: a window or a choice of columns reads less.
    """

    dataset: str
    pieces: Sequence[Piece]
    missing: Sequence[Gap]

    @property
    def rows(self) -> int:
        """Rows of all the files."""
        return sum(piece.file.rows for piece in self.pieces)

    @property
    def size(self) -> int:
        """Bytes of all the files."""
        return sum(piece.file.size for piece in self.pieces)

    def __str__(self) -> str:
        head = f"{self.dataset}: {len(self.pieces)} file(s), {self.rows:,} rows, {self.size:,} bytes"
        files = [f"  {piece.file}" for piece in self.pieces]
        return "\n".join([head, *files, *(f"  missing: {gap}" for gap in self.missing)])


def plan_read(shelf: Shelf, instruments: Sequence[InstrumentId], time_range: TimeRange) -> ReadPlan:
    """The stored instrument-days in the range.

    Raises:
        PartitionMissing: the range touches no stored day.
        QueryError: an instrument that has nothing stored on any day of the range.
    """
    days = list(time_range.days())
    stored, gaps = _stored(shelf, days)
    if days and not stored:
        raise PartitionMissing(shelf.name, days[0], "; ".join([*_reasons(gaps[:1]), _nearby(shelf, days[0])]))
    around = _neighbours(shelf, days)
    pieces: list[Piece] = []
    for instrument in instruments:
        own, without = _of_instrument(instrument, stored)
        if stored and not own:
            raise _never_stored(shelf.name, instrument, stored)
        spilled = [piece for piece in _of_instrument(instrument, around)[0] if piece.file.reaches(time_range)]
        pieces += sorted([*own, *spilled], key=lambda piece: piece.day)
        gaps += [gap for gap in without if gap.reason != _NOT_LISTED]
    return ReadPlan(shelf.name, pieces, gaps)


def check_missing(missing: str) -> None:
    """Refuse a way to go about gaps that does not exist.

    Raises:
        QueryError: neither raise nor skip.
    """
    if missing not in get_args(OnMissing):
        raise QueryError(f"missing {missing!r}: expected raise or skip")


def _stored(shelf: Shelf, days: Sequence[dt.date]) -> tuple[dict[dt.date, StoredDay], list[Gap]]:
    """The days that are stored, and those that are not."""
    stored, gaps = {}, []
    for day in days:
        try:
            stored[day] = shelf.day(day)
        except PartitionMissing as missing:
            gaps.append(Gap(day, None, missing.reason))
    return stored, gaps


def _neighbours(shelf: Shelf, days: Sequence[dt.date]) -> Mapping[dt.date, StoredDay]:
    """The stored days just outside the range, where they may hold rows of it."""
    if not shelf.spills or not days:
        return {}
    step = dt.timedelta(days=1)
    return _stored(shelf, [days[0] - step, days[-1] + step])[0]


def require_complete(plan: ReadPlan, shelf: Shelf) -> None:
    """Refuse a plan with gaps.

    Raises:
        PartitionMissing: whole days are missing.
        QueryError: some instruments are missing from stored days.
    """
    advice = 'pass missing="skip" to read the rest'
    if gaps := [gap for gap in plan.missing if gap.instrument is None]:
        days = [gap.day for gap in gaps]
        hints = [f"missing are {_listed(days)}", *_reasons(gaps), _nearby(shelf, days[0]), advice]
        raise PartitionMissing(plan.dataset, days[0], "; ".join(hints))
    if plan.missing:
        raise QueryError(f"{plan.dataset} lacks {_listed(plan.missing)}; {advice}")


def _of_instrument(instrument: InstrumentId, stored: Mapping[dt.date, StoredDay]) -> tuple[list[Piece], list[Gap]]:
    pieces, gaps = [], []
    for day, found in stored.items():
        file = found.file(instrument)
        if file is not None:
            pieces.append(Piece(instrument, day, file))
        else:
            gaps.append(Gap(day, instrument, found.reason(instrument) or "not among the day's instruments"))
    return pieces, gaps


def _never_stored(name: str, instrument: InstrumentId, stored: Mapping[dt.date, StoredDay]) -> QueryError:
    reasons = [f"{day} {reason}" for day, found in stored.items() if (reason := found.reason(instrument)) is not None]
    if reasons:
        return QueryError(f"{name} has nothing of {instrument} in the range: {_listed(reasons)}")
    known = sorted({one for found in stored.values() for one in found.instruments()})
    return QueryError.unknown(
        f"{name} {_listed(list(stored))}: instrument", str(instrument), difflib.get_close_matches(str(instrument), known)
    )


def _reasons(gaps: Sequence[Gap]) -> Sequence[str]:
    """Why whole days are missing, where more is to be said than that nothing is stored."""
    told = [gap for gap in gaps if gap.reason != _NOTHING_STORED]
    return [_listed(told)] if told else []


def _nearby(shelf: Shelf, day: dt.date) -> str:
    days = sorted(shelf.days(), key=lambda stored: abs(stored - day))
    return f"stored nearby are {_listed(sorted(days[:_SHOWN]), of=len(days))}" if days else "no day is stored"


def _listed(items: Sequence[object], of: int | None = None) -> str:
    more = (of or len(items)) - min(len(items), _SHOWN)
    return ", ".join(map(str, items[:_SHOWN])) + (f" and {more} more" if more else "")
