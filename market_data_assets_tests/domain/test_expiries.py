import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.expiries import day_month_year, last_friday, year_month_day

DATES = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))


@given(DATES)
def test_every_date_is_read_back_in_both_notations(date: dt.date) -> None:
    month = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"][date.month - 1]
    assert year_month_day(f"{date.year % 100:02}{date.month:02}{date.day:02}") == date
    assert day_month_year(f"{date.day}{month}{date.year % 100:02}") == date
    assert day_month_year(f"{date.day:02}{month}{date.year % 100:02}") == date


@pytest.mark.parametrize("text", ["", "31FEB24", "0JAN24", "32JAN24", "27DEZ24", "27dec24", "27DEC2024", "PERPETUAL", "٢٧DEC24"])
def test_what_is_no_day_month_and_year_is_none(text: str) -> None:
    assert day_month_year(text) is None


@pytest.mark.parametrize("text", ["", "241332", "240230", "24127", "2412270", "PERP", "٢٤١٢٢٧"])
def test_what_is_no_year_month_and_day_is_none(text: str) -> None:
    assert year_month_day(text) is None


@pytest.mark.parametrize(
    ("code", "date"),
    [
        ("Z24", "2024-12-27"),
        ("H25", "2025-03-28"),
        ("Z21", "2021-12-31"),
        ("F21", "2021-01-29"),
        ("G24", "2024-02-23"),
        ("M24", "2024-06-28"),
    ],
)
def test_a_month_code_is_the_last_friday_of_its_month(code: str, date: str) -> None:
    assert last_friday(code) == dt.date.fromisoformat(date)


@pytest.mark.parametrize("code", ["", "A24", "Z2", "Z2024", "24Z", "z24"])
def test_what_is_no_month_code_is_none(code: str) -> None:
    assert last_friday(code) is None


@given(st.sampled_from("FGHJKMNQUVXZ"), st.integers(0, 99))
def test_no_friday_of_the_same_month_comes_later(letter: str, year: int) -> None:
    date = last_friday(f"{letter}{year:02}")
    assert date is not None
    assert date.weekday() == 4
    assert (date + dt.timedelta(days=7)).month != date.month
    assert date.month == "FGHJKMNQUVXZ".index(letter) + 1
