import datetime as dt
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from market_data_assets.errors import PreconditionFailed
from market_data_assets.report.page.stored_page import store_page
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import daily_page_name
from market_data_assets.storage.stores import open_store
from market_data_assets_tests.client.lakes import DAY
from market_data_assets_tests.emulators.bigquery import PROJECT
from market_data_assets_tests.faults.stores import Wrapped
from market_data_assets_tests.report.page.days import BUILT_AT, built, fill, new_lake, text_of
from market_data_assets_tests.upkeep.lakes import LATER, check


class RacedStore(Wrapped):
    """Another run is first, once."""

    raced = False

    def put(self, name, data, *, if_generation, crc32c=None):
        if not self.raced:
            self.raced = True
            super().put(name, b"theirs", if_generation=if_generation)
            raise PreconditionFailed(name, if_generation, if_generation + 1)
        return super().put(name, data, if_generation=if_generation, crc32c=crc32c)


def test_page_replaces_the_one_before() -> None:
    lake = new_lake()
    store_page(lake.store, built(lake))
    later = built(lake, built_at=BUILT_AT + dt.timedelta(hours=1))
    stored = store_page(lake.store, later)
    assert stored.name == "reports/by_date/day-2024-08-08/index.html"
    assert (bytes(lake.store.get(stored.name).data), stored.bytes) == (later.html, len(later.html))


def test_page_in_a_bucket_is_one_that_a_browser_opens(bucket: str) -> None:
    lake = Lake(open_store(f"{bucket}/lake"), workers=1)
    fill(lake)
    page = built(lake)
    stored = store_page(lake.store, page)
    client = storage.Client(project=PROJECT, credentials=AnonymousCredentials())
    blob = client.bucket(bucket.removeprefix("gs://")).get_blob(f"lake/{stored.name}")
    assert (blob.content_type, blob.download_as_bytes()) == ("text/html; charset=utf-8", page.html)
    assert "https://storage.cloud.google.com/" in text_of(page)
    client.close()


def test_page_of_another_run_is_replaced_too() -> None:
    lake = new_lake()
    page = built(lake)
    store_page(RacedStore(lake.store), page)
    assert bytes(lake.store.get(daily_page_name(DAY)).data) == page.html


def test_fsck_has_nothing_to_say_about_pages(tmp_path: Path) -> None:
    lake = new_lake()
    store_page(lake.store, built(lake))
    assert check(lake, tmp_path, now=LATER).findings == []
