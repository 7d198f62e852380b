"""Dates of expiry as venues write them."""

import datetime as dt
import re

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTH_CODES = "FGHJKMNQUVXZ"
_DAY_MONTH_YEAR = re.compile(rf"([0-9]{{1,2}})({'|'.join(_MONTHS)})([0-9]{{2}})")
_YEAR_MONTH_DAY = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_MONTH_CODE = re.compile(rf"([{_MONTH_CODES}])([0-9]{{2}})")


def day_month_year(text: str) -> dt.date | None:
    """``27DEC24`` or ``5AUG23``: the day is not always zero-padded; None for anything else."""
    match = _DAY_MONTH_YEAR.fullmatch(text)
    return _date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1])) if match else None


def year_month_day(text: str) -> dt.date | None:
    """``241227``; None for anything else."""
    match = _YEAR_MONTH_DAY.fullmatch(text)
    return _date(int(match[1]), int(match[2]), int(match[3])) if match else None


def last_friday(code: str) -> dt.date | None:
    """The last Friday of the month of a futures code such as ``Z24``; None for anything else."""
    match = _MONTH_CODE.fullmatch(code)
    if match is None:
        return None
    year, month = 2000 + int(match[2]), _MONTH_CODES.index(match[1]) + 1
    next_month = dt.date(year + month // 12, month % 12 + 1, 1)
    last_day = next_month - dt.timedelta(days=1)
    days_since_friday = (last_day.weekday() - 4) % 7
    return last_day - dt.timedelta(days=days_since_friday)


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(2000 + year, month, day)
    except ValueError:
        return None
