"""The page in a real browser: it draws its charts from the disk alone, and answers to a person."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from market_data_assets_tests.report.page.days import built, fill, new_lake

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

_IN_SIGHT = """() => {
    const drawn = Bokeh.documents[0];
    const of = (name) => drawn.get_model_by_name(name);
    const [candles, gaps] = [of("candles").data.at.length, of("gaps").data.start.length];
    return {candles, gaps, price: of("price").axis_label, top: of("price range").end};
}"""


@pytest.fixture
def opened(browser: "BrowserContext", tmp_path: Path) -> "tuple[Page, list[str]]":
    """The page, drawn, and what it asked for or complained of since."""
    lake = new_lake()
    fill(lake)
    file = tmp_path / "index.html"
    file.write_bytes(built(lake).html)
    page, said = browser.new_page(), []
    page.on("request", lambda request: said.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.goto(file.as_uri())
    page.wait_for_selector("#plot[data-drawn]")
    said.remove(file.as_uri())
    return page, [each for each in said if not each.startswith("data:")]


def test_page_draws_asks_for_nothing_and_complains_of_nothing(opened: "tuple[Page, list[str]]") -> None:
    page, said = opened
    assert said == []
    assert page.evaluate(_IN_SIGHT) | {"top": None} == {"candles": 12, "price": "price, USDT", "top": None, "gaps": 0}
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_choosing_an_instrument_and_looking_closer_changes_what_is_drawn(opened: "tuple[Page, list[str]]") -> None:
    page, said = opened
    first, second = page.query_selector_all("[role=tab]")
    first.press("ArrowRight")
    assert [each.get_attribute("aria-selected") for each in (first, second)] == ["false", "true"]
    assert page.query_selector("#day-2").is_visible()
    before = page.evaluate(_IN_SIGHT)
    page.evaluate("() => { const time = Bokeh.documents[0].get_model_by_name('time'); time.end = time.start + 30 * 60e3; }")
    page.wait_for_function("before => Bokeh.documents[0].get_model_by_name('price range').end < before", arg=before["top"])
    assert page.evaluate(_IN_SIGHT)["candles"] == 6
    assert said == []
