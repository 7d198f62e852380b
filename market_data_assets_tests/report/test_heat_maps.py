"""Heat maps of coverage: the picture and the tables."""

import io

import pytest
from rich.console import Console

from market_data_assets.report.heat_maps import axes_of, heat_map, heat_tables, hour_map, percent
from market_data_assets_tests.report.pictures import size, starts, texts

SHARES = {("BINANCE PERP trades", f"2024\n08-{day:02}"): 1.0 for day in range(1, 32)}
SHARES |= {("DERIBIT OPTION options_chain", "2024\n08-02"): 0.99999, ("DERIBIT OPTION options_chain", "2024\n08-03"): 0.0}


def shown(shares, width):
    console = Console(width=width, file=io.StringIO(), record=True)
    for table in heat_tables(shares, "Coverage", width):
        console.print(table)
    return console.export_text().splitlines()


@pytest.mark.parametrize(("share", "text"), [(1.0, "100"), (0.99999, "99.9"), (0.5, "50.0"), (0.0, "0.0")])
def test_only_what_is_whole_is_a_hundred_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_month_fits_any_terminal_with_every_number_and_day_in_full(width):
    lines = shown(SHARES, width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "…" not in text
    assert all(text.count(f"08-{day:02}") == 1 for day in range(1, 32))
    assert text.split().count("100") == 31
    assert text.count("99.9") == 1


def test_cell_where_nothing_was_expected_is_a_dot():
    assert shown({("a", "x"): 1.0, ("b", "y"): 0.0}, 80)[-2:] == ["a   100     ·", "b     ·   0.0"]


def test_axes_are_in_order():
    assert axes_of({("b", "y"): 1.0, ("a", "z"): 0.0}) == (["a", "b"], ["y", "z"])


def test_picture_grows_with_rows_and_columns_and_is_the_same_each_time():
    one = heat_map({("BINANCE PERP", "trades"): 1.0}, "Coverage")
    assert one == heat_map({("BINANCE PERP", "trades"): 1.0}, "Coverage")
    assert texts(one) == ["Coverage", "trades", "BINANCE PERP", "100"]
    many = heat_map({(f"V{row:02} PERP", f"type_{column}"): 0.5 for row in range(60) for column in range(6)}, "Coverage")
    assert size(one)[1] < 100
    assert 1_300 < size(many)[1] < 1_500
    assert size(many)[0] > size(one)[0]
    assert texts(heat_map({}, "Coverage")) == ["Coverage"]


def test_least_hole_has_another_colour_than_what_is_whole():
    assert starts(heat_map({("a", "x"): 1.0}, ""), "#0072B2")
    assert not starts(heat_map({("a", "x"): 0.9999}, ""), "#0072B2")


def test_hours_of_a_day_fit_beside_each_other_in_whole_percents():
    hours = hour_map({("bands", f"{hour:02}"): 0.999 for hour in range(24)}, "Known")
    assert size(hours)[0] < 900
    assert texts(hours).count("99") == 24
