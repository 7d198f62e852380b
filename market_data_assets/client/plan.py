"""What a read touches: the stored days of its instruments, and what is missing from them. Nothing is decoded here."""

import datetime as dt
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from market_data_assets.client.offers import Offer
from market_data_assets.client.stored_days import Piece, Shelf, StoredDay, StoredDays
from market_data_assets.client.wording import counted
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import PartitionMissing, QueryError

OnMissing = Literal["raise", "skip"]
# Of all reasons for an instrument to have nothing on a day, the only one that leaves no hole in its data.
_NOT_LISTED = "not_listed"
_NOTHING_STORED = "nothing stored"
_SHOWN = 5
_LINES = 10


@dataclass(frozen=True, slots=True)
class Gap:
    """An instrument-day, or with ``instrument`` None a whole day, that a read covers and nothing is stored for."""

    day: dt.date
    instrument: InstrumentId | None
    reason: str

    def __str__(self) -> str:
        return f"{self.day} {self.instrument or ''} ({self.reason})".replace("  ", " ")


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What a read touches. Pieces go by instrument, in the order asked for, then by day.

    ``rows`` and ``size`` (bytes) are those of the stored files: a window or a choice of columns reads less.

    Attributes:
        offers: What each source that was asked would do for it; the first is the chosen one.
        why: Why that source; empty where nothing was to choose.
    """

    dataset: str
    pieces: Sequence[Piece]
    missing: Sequence[Gap]
    offers: Sequence[Offer] = ()
    why: str = ""

    @property
    def rows(self) -> int:
        """Rows of all the files."""
        return sum(piece.file.rows for piece in self.pieces)

    @property
    def size(self) -> int:
        """Bytes of all the files."""
        return sum(piece.file.size for piece in self.pieces)

    def __str__(self) -> str:
        instruments, days = len({piece.instrument for piece in self.pieces}), len({piece.day for piece in self.pieces})
        stored = f", {self.size:,} bytes" if self.size else ""
        lines = [f"{self.dataset}: {counted(instruments, 'instrument')} on {counted(days, 'day')}, {self.rows:,} rows{stored}"]
        lines += map(str, self.offers)
        lines += [f"chosen: {self.why}"] if self.why else []
        lines += _some([str(piece.file) for piece in self.pieces])
        lines += _some([f"missing: {gap}" for gap in self.missing])
        return "\n  ".join(lines)


def _some(lines: Sequence[str]) -> Sequence[str]:
    """The first lines, and how many more there are."""
    return [*lines[:_LINES], f"… and {len(lines) - _LINES} more"] if len(lines) > _LINES else lines


def plan_read(shelf: Shelf, instruments: Sequence[InstrumentId], time_range: TimeRange) -> ReadPlan:
    """The stored instrument-days in the range.

    Raises:
        PartitionMissing: the range touches no stored day.
        QueryError: an instrument that has nothing stored on any day of the range.
    """
    days = list(time_range.days())
    step = dt.timedelta(days=1)
    # Rows of the range may lie in the days just outside of it too.
    around = [days[0] - step, days[-1] + step] if shelf.spills and days else []
    found = shelf.look_up([*days, *around]) if days else {}
    stored, gaps = _stored(found, days)
    if days and not stored:
        raise PartitionMissing(shelf.name, days[0], "; ".join([*_reasons(gaps[:1]), _nearby(shelf, days[0])]))
    outside, _ = _stored(found, around)
    pieces: list[Piece] = []
    for instrument in instruments:
        own, without = _of_instrument(instrument, stored)
        if stored and not own:
            raise _never_stored(shelf.name, instrument, stored)
        spilled = [piece for piece in _of_instrument(instrument, outside)[0] if piece.file.reaches(time_range)]
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


def _stored(found: StoredDays, days: Sequence[dt.date]) -> tuple[dict[dt.date, StoredDay], list[Gap]]:
    """Of some days those that are stored, and those that are not."""
    stored, gaps = {}, []
    for day in days:
        answer = found[day]
        if isinstance(answer, PartitionMissing):
            gaps.append(Gap(day, None, answer.reason))
        else:
            stored[day] = answer
    return stored, gaps


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
