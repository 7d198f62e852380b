"""UTC days and half-open ranges of instants. An instant is an integer of microseconds since the Unix epoch."""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from market_data_assets.errors import QueryError

DAY_MICROSECONDS = 86_400 * 1_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH_DAY = _EPOCH.date()
_MICROSECOND = dt.timedelta(microseconds=1)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_day(value: "str | dt.date") -> dt.date:
    """A UTC day from ``YYYY-MM-DD`` text or a date. A datetime is refused: it is an instant, not a day.

    Raises:
        QueryError: not a day.
    """
    if isinstance(value, dt.datetime):
        raise QueryError(f"day {value!r}: expected a date or YYYY-MM-DD, not an instant")
    if isinstance(value, dt.date):
        return value
    # fromisoformat() alone would also take 20240808 and 2024-W32-4, and then one day has several names.
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        with suppress(ValueError):
            return dt.date.fromisoformat(value.strip())
    raise QueryError(f"day {value!r}: expected YYYY-MM-DD")


def day_start(day: dt.date) -> int:
    """00:00 UTC of ``day``, inclusive."""
    return (day - _EPOCH_DAY).days * DAY_MICROSECONDS


def day_end(day: dt.date) -> int:
    """00:00 UTC of the day after ``day``, exclusive."""
    return day_start(day) + DAY_MICROSECONDS


def day_of(instant: int) -> dt.date:
    """The UTC day that holds ``instant``."""
    return _EPOCH_DAY + dt.timedelta(days=instant // DAY_MICROSECONDS)


def to_datetime(instant: int) -> dt.datetime:
    """``instant`` as an aware UTC datetime."""
    return _EPOCH + dt.timedelta(microseconds=instant)


def to_instant(value: "str | dt.date | dt.datetime") -> int:
    """Microseconds of a UTC instant: ISO text (UTC when it names no zone), a day (its start) or an aware datetime.

    Raises:
        QueryError: a naive datetime, or text that is not ISO 8601.
    """
    if isinstance(value, str):
        try:
            parsed = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            raise QueryError(f"time {value!r}: expected ISO 8601 such as 2024-08-08 or 2024-08-08T23:55") from None
        value = parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise QueryError(f"time {value!r} is naive; give it a time zone, or pass UTC text")
        return (value - _EPOCH) // _MICROSECOND
    return day_start(value)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A half-open range ``[start, end)`` of instants."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise QueryError(f"range ends at {to_datetime(self.end)}, before it starts at {to_datetime(self.start)}")

    @classmethod
    def parse(cls, start: "str | dt.date | dt.datetime", end: "str | dt.date | dt.datetime") -> "TimeRange":
        """The range between two times as :func:`to_instant` takes them, ``start`` inclusive and ``end`` exclusive.

        Raises:
            QueryError: a naive datetime, text that is no time, or an end before the start.
        """
        return cls(to_instant(start), to_instant(end))

    @classmethod
    def of_day(cls, day: dt.date) -> "TimeRange":
        """All of a UTC day."""
        return cls(day_start(day), day_end(day))

    def days(self) -> Iterator[dt.date]:
        """Every UTC day that the range touches, ascending; none if the range is empty."""
        day = day_of(self.start)
        while self.start < self.end and day_start(day) < self.end:
            yield day
            day += dt.timedelta(days=1)
