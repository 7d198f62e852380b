"""When dated contracts are listed and when they expire: a rolling window over days, Fridays, month ends and quarter ends."""

import datetime as dt
from collections.abc import Sequence

_FRIDAY = 4

Window = tuple[dt.date, dt.date]
"""Listing day and expiry day of a contract."""


def windows(expiries: Sequence[dt.date], at_once: int) -> list[Window]:
    """The expiry of one contract lists the one ``at_once`` later, so that many exist at any moment."""
    return list(zip(expiries, expiries[at_once:], strict=False))


def days_around(day: dt.date) -> list[dt.date]:
    """From the day before ``day`` to two days after."""
    return [day + dt.timedelta(days=number) for number in range(-1, 3)]


def fridays_around(day: dt.date) -> list[dt.date]:
    """From three weeks before ``day`` to three weeks after."""
    next_friday = day + dt.timedelta(days=(_FRIDAY - day.weekday()) % 7)
    return [next_friday + dt.timedelta(weeks=week) for week in range(-3, 4)]


def month_ends_around(day: dt.date) -> list[dt.date]:
    """The last Fridays of all months from the year before ``day`` to the year after."""
    return [_last_friday(year, month) for year in range(day.year - 1, day.year + 2) for month in range(1, 13)]


def quarter_ends_around(day: dt.date) -> list[dt.date]:
    """The last Fridays of March, June, September and December from the year before ``day`` to the year after."""
    return [friday for friday in month_ends_around(day) if friday.month % 3 == 0]


def _last_friday(year: int, month: int) -> dt.date:
    last = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
    return last - dt.timedelta(days=(last.weekday() - _FRIDAY) % 7)
