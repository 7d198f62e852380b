"""The Dagster UI over a real day, as a person sees it: the graph, an asset, a partition with its charts, a check, a backfill."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from market_data_assets.definitions import build_definitions
from market_data_assets.defs.instance import open_instance
from market_data_assets.defs.jobs import CANDLES_JOB, INGEST_JOB
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.schemas import TRADES
from market_data_assets_tests.browser.fixtures import VIEWPORT
from market_data_assets_tests.browser.pictures import size_and_colours, take
from market_data_assets_tests.daemon.services import Services, accepts, services_at, wait_until
from market_data_assets_tests.defs.runs import DAY, settings_at

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

pytestmark = pytest.mark.timeout(290)
VARIABLES = {"instruments": "BINANCE:PERP:BTC-USDT", "data_types": "trades,book_snapshot_5"}
PATIENCE_MS = 45_000


@dataclass(frozen=True, slots=True)
class Interface:
    """A web server over an instance with ticks and candles of one day, and one backfill."""

    url: str
    backfill: str


@pytest.fixture(scope="module")
def interface(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    folder = tmp_path_factory.mktemp("interface")
    settings = settings_at(folder, **VARIABLES)
    home = folder / "home"
    definitions = build_definitions(settings)
    with open_instance(home) as instance:
        # The whole day would take longer than everything that is looked at.
        for job in (INGEST_JOB, CANDLES_JOB):
            assert definitions.resolve_job_def(job).execute_in_process(partition_key=str(DAY), instance=instance).success
    environment = {
        "MDA_ROOT": settings.root,
        "MDA_FIRST_DAY": "2024-07-01",
        "MDA_BINANCE_VISION_URL": str(folder / "klines"),
        **{f"MDA_{name.upper()}": value for name, value in VARIABLES.items()},
    }
    with services_at(home, environment) as services:
        services.start("code", "web")
        yield Interface(f"http://127.0.0.1:{services.web_port}", _prepare(services))


def _prepare(services: Services) -> str:
    """Close the dialog that greets a new user, which would cover every picture, and ask for a backfill of a few days."""
    wait_until(lambda: accepts(services.web_port), "web server", 60)
    services.graphql("mutation { setNuxSeen }")
    return services.launch_backfill([asset_key(TRADES)], ["2024-08-06", "2024-08-07", "2024-08-08"])


@pytest.fixture
def page(interface: Interface, browser: "BrowserContext") -> "Iterator[Page]":
    """A page that must not complain while it is open."""
    # The day is made before the browser starts: Dagster runs event loops of its own, and Playwright has one running from then on.
    complaints: list[str] = []
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert complaints == []


def see(page: "Page", url: str, *texts: str) -> None:
    """Open a page and wait until it shows each of the texts and asks for nothing more."""
    page.goto(url)
    for text in texts:
        page.get_by_text(text).first.wait_for(state="visible")
    page.wait_for_load_state("networkidle")


def check_picture(picture: Path) -> None:
    size, colours = size_and_colours(picture)
    assert size == (VIEWPORT["width"], VIEWPORT["height"])
    assert colours > 50


def drawn_width(picture: "Locator") -> int:
    """Pixels of a picture that is in sight and that the browser could draw."""
    picture.wait_for(state="visible")
    return int(picture.evaluate("image => image.decode().then(() => image.naturalWidth)"))


def test_asset_graph_shows_every_tier(page: "Page", interface: Interface, tmp_path: Path) -> None:
    see(page, f"{interface.url}/asset-groups", "processed_candles", "mft_features", "views")
    # The first is in the list beside the graph, which is drawn later; each name in it has an invisible twin that measures it.
    page.get_by_text("raw_tick_data").locator("visible=true").nth(1).wait_for(state="visible")
    check_picture(take(page, tmp_path, "asset_graph"))


def test_asset_shows_what_it_is_and_its_columns(page: "Page", interface: Interface, tmp_path: Path) -> None:
    texts = ("Candles of 1m on exchange time", "Owners", "Parquet", "timestamp_close", "canonical id, VENUE:TYPE:SYMBOL")
    see(page, f"{interface.url}/assets/processed_candles/candles_1m?view=overview", *texts)
    check_picture(take(page, tmp_path, "asset"))


def test_partition_shows_its_numbers_and_its_chart(page: "Page", interface: Interface, tmp_path: Path) -> None:
    texts = ("dagster/partition_row_count", "finality", "the first of 1,440 rows")
    see(page, f"{interface.url}/assets/processed_candles/candles_1m?view=partitions&partition={DAY}", *texts)
    pictures = page.locator("img[src^='data:image']")
    assert drawn_width(pictures.first) == 384
    check_picture(take(page, tmp_path, "partition"))
    page.get_by_text("[Show Markdown]").first.click()
    assert drawn_width(pictures.last) == 900
    check_picture(take(page, tmp_path, "chart"))


def test_check_shows_its_verdict_and_what_it_looked_at(page: "Page", interface: Interface, tmp_path: Path) -> None:
    see(page, f"{interface.url}/assets/raw_tick_data/trades?view=checks", "ids_unique", "Passed", "looked_at_rows")
    check_picture(take(page, tmp_path, "check"))


def test_backfill_shows_its_days(page: "Page", interface: Interface, tmp_path: Path) -> None:
    texts = (interface.backfill, "2024-08-06...2024-08-08", "raw_tick_data / trades", "0% completed")
    see(page, f"{interface.url}/runs/b/{interface.backfill}", *texts)
    check_picture(take(page, tmp_path, "backfill"))
