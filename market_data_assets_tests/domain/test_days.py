import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.days import (
    DAY_MICROSECONDS,
    TimeRange,
    day_end,
    day_of,
    day_start,
    parse_day,
    to_datetime,
    to_instant,
)
from market_data_assets.errors import QueryError

DAYS = st.dates(dt.date(1970, 1, 1), dt.date(2200, 1, 1))
INSTANTS = st.integers(0, day_start(dt.date(2200, 1, 1)))


@given(INSTANTS)
def test_an_instant_lies_in_its_day(instant: int) -> None:
    day = day_of(instant)
    assert day_start(day) <= instant < day_end(day)
    assert to_instant(to_datetime(instant)) == instant
    assert to_instant(to_datetime(instant).isoformat()) == instant


@given(DAYS)
def test_a_day_is_24_hours_and_owns_its_midnight(day: dt.date) -> None:
    assert day_end(day) - day_start(day) == DAY_MICROSECONDS
    assert day_of(day_start(day)) == day
    assert day_of(day_start(day) - 1) == day - dt.timedelta(days=1)
    assert parse_day(day.isoformat()) == day == parse_day(day)
    assert to_instant(day) == day_start(day) == to_instant(day.isoformat())


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_the_zone_of_a_time_does_not_change_its_instant(instant: int, offset_minutes: int) -> None:
    zone = dt.timezone(dt.timedelta(minutes=offset_minutes))
    assert to_instant(to_datetime(instant).astimezone(zone)) == instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-08-08", "2024-08-08T00:00:00+00:00"),
        ("2024-08-08T23:55", "2024-08-08T23:55:00+00:00"),
        ("2024-08-08 23:55:00.000001", "2024-08-08T23:55:00.000001+00:00"),
        ("2024-08-08T23:55Z", "2024-08-08T23:55:00+00:00"),
        ("2024-08-09T01:55+02:00", "2024-08-08T23:55:00+00:00"),
        (" 2024-08-08 ", "2024-08-08T00:00:00+00:00"),
    ],
)
def test_text_without_a_zone_is_utc(text: str, expected: str) -> None:
    assert to_datetime(to_instant(text)).isoformat() == expected


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(QueryError, match="naive"):
        to_instant(dt.datetime(2024, 8, 8))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "2024-02-30", "2016-12-31T23:59:60", "1723075200"])
def test_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="ISO 8601"):
        to_instant(text)


@pytest.mark.parametrize("text", ["", "2024-8-8", "20240808", "2024-W32-4", "2024-02-30", "2024-08-08T00:00", "٢٠٢٤-٠٨-٠٨"])
def test_text_that_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="YYYY-MM-DD"):
        parse_day(text)


def test_an_instant_is_no_day() -> None:
    with pytest.raises(QueryError, match="not an instant"):
        parse_day(dt.datetime(2024, 8, 8, tzinfo=dt.UTC))


def test_a_range_of_a_day_touches_that_day_only() -> None:
    day = dt.date(2024, 2, 29)
    assert list(TimeRange.of_day(day).days()) == [day]


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2024-08-08T23:55", "2024-08-09", ["2024-08-08"]),
        ("2024-08-08T23:55", "2024-08-09T00:00:00.000001", ["2024-08-08", "2024-08-09"]),
        ("2024-08-08", "2024-08-11", ["2024-08-08", "2024-08-09", "2024-08-10"]),
        ("2024-08-08", "2024-08-08", []),
        ("2024-08-08T12:00", "2024-08-08T12:00", []),
    ],
)
def test_a_range_touches_the_days_that_hold_one_of_its_instants(start: str, end: str, days: list[str]) -> None:
    assert [day.isoformat() for day in TimeRange.parse(start, end).days()] == days


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(QueryError, match="before it starts"):
        TimeRange.parse("2024-08-09", "2024-08-08")
