"""`market-data report`: the page of a day."""

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

from market_data_assets_tests.cli.conftest import MarketDataCommand


def test_report_says_whether_the_day_is_whole_and_where_its_page_is(market_data: MarketDataCommand, stored: str) -> None:
    done = market_data("report", "2024-08-08", MDA_ROOT=stored)
    assert done.code == 0
    assert done.lines[0].startswith("Not complete: ")
    page = Path(unquote(urlsplit(done.lines[-1]).path))
    assert page == Path(stored) / "reports/by_date/day-2024-08-08/index.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_report_as_json_has_the_numbers(market_data: MarketDataCommand, stored: str) -> None:
    [line] = market_data("report", "2024-08-10", "--json", MDA_ROOT=stored).lines
    said = json.loads(line)
    assert (said["day"], said["state"], said["trades"]) == ("2024-08-10", "empty", 0)


def test_report_of_no_day_is_wrong_use(market_data: MarketDataCommand, stored: str) -> None:
    assert market_data("report", "yesterday", MDA_ROOT=stored).code == 2
