"""What the UI shows of stored days."""

import re
from pathlib import Path
from urllib.parse import unquote

import dagster as dg
import pytest

from market_data_assets.defs.links import links
from market_data_assets.defs.metadata import UNCHANGED, committed_metadata, stored_metadata
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_25, DERIVATIVE_TICKER, INSTRUMENTS, LIQUIDATIONS, OPTIONS_CHAIN, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.base import fetch_day
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.defs.runs import DAY
from market_data_assets_tests.report.pictures import texts

PERP = "BINANCE:PERP:BTC-USDT"
RAW = (TRADES, LIQUIDATIONS, DERIVATIVE_TICKER, BOOK_SNAPSHOT_25, OPTIONS_CHAIN)


@pytest.fixture(scope="module")
def lake() -> Lake:
    """Raw ticks of a small simulated day."""
    found = Lake(MemoryStore())
    source = SimulatedSource(Universe(patterns=(PERP, "DERIBIT:OPTION:BTC-USD-42000-240816-*")), (), 0.05)
    listings = source.instruments(DAY)
    found.write_table(INSTRUMENTS, DAY, listings.frame())
    for dataset in RAW:
        found.write_day(dataset, fetch_day(source, dataset, listings.instruments, DAY))
    return found


def chart(metadata: dict[str, object]) -> str:
    """The picture as SVG."""
    value = metadata["chart"]
    assert isinstance(value, dg.MarkdownMetadataValue)
    assert value.md_str is not None
    (encoded,) = re.findall(r"^!\[picture\]\(data:image/svg\+xml,([^ ()<>&]+)\)$", value.md_str)
    return unquote(encoded)


@pytest.mark.parametrize(
    ("dataset", "title"),
    [
        (TRADES, f"{PERP}  trades  2024-08-08 UTC"),
        (LIQUIDATIONS, f"{PERP}  liquidations  2024-08-08 UTC"),
        (DERIVATIVE_TICKER, f"{PERP}  derivative_ticker  2024-08-08 UTC"),
        (BOOK_SNAPSHOT_25, f"{PERP}  book_snapshot_25  2024-08-08 UTC"),
        (OPTIONS_CHAIN, "Options of 2024-08-08 UTC: 2 contracts"),
        (INSTRUMENTS, "Instruments listed on 2024-08-08 UTC, by venue and type"),
    ],
    ids=str,
)
def test_every_tier_of_a_vendor_has_a_small_picture_and_a_preview(lake: Lake, dataset: Dataset, title: str) -> None:
    metadata = stored_metadata(lake, dataset, DAY)
    assert texts(chart(metadata))[0] == title
    assert sum(len(str(value)) for value in metadata.values()) < 60_000
    preview = metadata["preview"]
    assert isinstance(preview, dg.MarkdownMetadataValue)
    assert (preview.md_str or "").count("\n|") == 2 + min(5, metadata["dagster/partition_row_count"])


def test_day_of_trades_shows_its_price_without_a_click(lake: Lake) -> None:
    glance = stored_metadata(lake, TRADES, DAY)["glance"]
    assert isinstance(glance, dg.MarkdownMetadataValue)
    said, _, drawn = (glance.md_str or "").rpartition("\n\n")
    assert re.fullmatch(rf"{PERP}\n\n[\d,.]+ → [\d,.]+, [\d,.]+ to [\d,.]+", said)
    assert drawn.startswith("![picture](data:image/svg+xml,")
    # What is longer the UI puts behind [Show Markdown].
    assert len(glance.md_str or "") < 1_000


def test_day_that_was_left_alone_says_so_and_shows_what_is_stored(lake: Lake) -> None:
    source = SimulatedSource(Universe(patterns=(PERP,)), (), 0.05)
    commit = lake.write_day(TRADES, fetch_day(source, TRADES, source.instruments(DAY).instruments, DAY), partial=True)
    committed, unchanged = committed_metadata(lake, TRADES, DAY, commit), stored_metadata(lake, TRADES, DAY)
    assert (committed["status"], unchanged["status"]) == ("noop", UNCHANGED)
    assert {**committed, "status": ""} == {**unchanged, "status": ""}


def test_files_and_page_on_this_machine_are_paths(tmp_path: Path) -> None:
    found = links(LocalStore(tmp_path), TRADES, DAY)
    folder = tmp_path / "raw_tick_data/by_date/day-2024-08-08/data_type-trades"
    assert found["files"] == dg.MetadataValue.path(f"{folder}/")
    assert found["dagster/uri"] == f"file://{folder}/"
    assert found["daily_page"] == dg.MetadataValue.path(str(tmp_path / "reports/by_date/day-2024-08-08/index.html"))


def test_files_and_page_in_a_bucket_are_links_that_a_browser_opens() -> None:
    class BucketNames(MemoryStore):
        def url(self, name: str) -> str:
            return f"gs://bucket/{name}"

    found = links(BucketNames(), TRADES, DAY)
    console, download = "https://console.cloud.google.com/storage/browser", "https://storage.cloud.google.com"
    assert found["files"] == dg.MetadataValue.url(f"{console}/bucket/raw_tick_data/by_date/day-2024-08-08/data_type-trades/")
    assert found["daily_page"] == dg.MetadataValue.url(f"{download}/bucket/reports/by_date/day-2024-08-08/index.html")
