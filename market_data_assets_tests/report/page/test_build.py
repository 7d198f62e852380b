import datetime as dt
from html.parser import HTMLParser

import pytest

from market_data_assets.compute.completeness.record import Missing
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import Retryable
from market_data_assets.report.page.build import build_page
from market_data_assets.report.page.sections import SECTIONS
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import MANIFEST, partition_prefix
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.client.lakes import BTC, DAY, write_instruments
from market_data_assets_tests.faults.stores import Wrapped
from market_data_assets_tests.report.page.days import BUILT_AT, LISTED, built, fill, new_lake, text_of, write_missing
from market_data_assets_tests.storage.by_hand import put_by_hand

MOST_BYTES = 2_500_000


class SilentStore(Wrapped):
    """It answers nothing."""

    def _operation(self, change, call):
        raise Retryable("the connection was reset")


class Loads(HTMLParser):
    """What a browser would fetch for a page by itself, the ids of its elements, and the targets of its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "a":
            self.links.append(given["href"] or "")
        else:
            self.fetched += [given[name] or "" for name in ("src", "href", "data", "poster", "srcset") if name in given]


@pytest.fixture(scope="module")
def page() -> str:
    lake = new_lake()
    fill(lake)
    found = built(lake).html
    assert len(found) < MOST_BYTES
    return found.decode()


def test_page_carries_all_that_it_needs(page: str) -> None:
    loads = Loads(page)
    assert loads.fetched == ["data:,"]
    assert "@import" not in page.partition("</style>")[0]
    assert "url(" not in page.partition("</style>")[0]


def test_page_links_to_the_days_around_it_and_to_the_folders_of_the_day(page: str) -> None:
    links = Loads(page).links
    assert {"../day-2024-08-07/index.html", "../day-2024-08-09/index.html"} <= set(links)
    assert "../../../raw_tick_data/by_date/day-2024-08-08/data_type-trades/" in links
    assert not any(link.startswith("http") for link in links)


def test_page_in_a_bucket_links_to_what_a_browser_opens() -> None:
    class BucketNames(MemoryStore):
        def url(self, name: str) -> str:
            return f"gs://bucket/lake/{name}"

    lake = Lake(BucketNames(), workers=1)
    fill(lake)
    links = Loads(text_of(built(lake))).links
    assert "https://storage.cloud.google.com/bucket/lake/reports/by_date/day-2024-08-07/index.html" in links
    folder = "raw_tick_data/by_date/day-2024-08-08/data_type-trades/"
    assert f"https://console.cloud.google.com/storage/browser/bucket/lake/{folder}" in links
    assert not any(link.startswith("..") for link in links)


def test_every_section_is_there_under_its_name(page: str) -> None:
    assert {section.name for section in SECTIONS} <= set(Loads(page).ids)


def test_equal_days_give_equal_pages_but_for_the_time_of_building() -> None:
    lakes = [new_lake(), new_lake()]
    for lake in lakes:
        fill(lake)
    first, second = (built(lake).html.decode() for lake in lakes)
    assert first == second
    later = built(lakes[0], built_at=BUILT_AT + dt.timedelta(hours=1)).html.decode()
    assert later == first.replace("2024-08-09 07:00:00 UTC", "2024-08-09 08:00:00 UTC")


def test_what_is_missing_stands_in_the_first_sentence() -> None:
    lake = new_lake()
    fill(lake)
    head = built(lake).headline
    assert head.state == "incomplete"
    assert head.verdict.startswith("Not complete: 95.8 % of what was expected is there, with 1 finding (1 gap); 23 tables not stored: ")
    assert (head.instruments, head.trades, head.findings, head.failed) == (2, 2, 1, 0)


def test_day_of_which_nothing_is_stored_has_a_page_that_says_so() -> None:
    page = built(new_lake())
    assert (page.headline.state, page.headline.verdict) == ("empty", "Nothing of this day is stored.")
    text = page.html.decode()
    for said in (
        "The report of what is missing is not stored for this day",
        "No candles with trades are stored for this day.",
        "No quality check has left a report of this day yet.",
        "No raw file with rows is stored for this day",
        "No table of this day is stored.",
    ):
        assert said in text
    assert "Bokeh" not in text


def test_day_without_instruments_expects_nothing() -> None:
    lake = new_lake()
    write_instruments(lake, DAY, {})
    write_missing(lake, [])
    text = built(lake).html.decode()
    assert "No instrument was listed on this day" in text
    assert "Nothing was expected of this day" in text


def test_text_of_others_stays_text() -> None:
    lake = new_lake()
    fill(lake)
    hostile = "</td></script><script>alert(1)</script>{{ 7 * 7 }}<img src=x onerror=alert(2)>"
    write_missing(lake, [Missing(BTC, "trades", hostile, hostile, LISTED, None, 1), Missing(None, None, "unknown_symbol", hostile)])
    page = build_page(lake, DAY, source=hostile, built_at=BUILT_AT, workers=1)
    text = text_of(page)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "{{ 7 * 7 }}" in text
    assert Loads(page.html.decode()).fetched == ["data:,"]


def test_manifest_that_cannot_be_read_is_said_and_stops_nothing() -> None:
    lake = new_lake()
    fill(lake)
    put_by_hand(lake, partition_prefix(TRADES, DAY) + MANIFEST, b"{")
    page = built(Lake(lake.store, workers=1))
    assert "its manifest cannot be read" in page.html.decode()
    assert "trades" in page.headline.verdict


def test_store_that_does_not_answer_is_no_empty_day() -> None:
    lake = new_lake()
    fill(lake)
    with pytest.raises(Retryable):
        built(Lake(SilentStore(lake.store), workers=1))
