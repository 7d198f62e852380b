"""Where the day's objects are."""

from collections.abc import Sequence
from dataclasses import dataclass

from market_data_assets.report.page.page_day import PageDay
from market_data_assets.report.page.section import Section
from market_data_assets.report.page.sections.sizes import LAKE
from market_data_assets.storage.layout import daily_page_name, partition_prefix
from market_data_assets.storage.web_links import console_link


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table of the day is.

    Attributes:
        link: From the page's own folder; of a bucket, which lists no folders to a browser, into the console.
        url: As the store names it.
    """

    table: str
    link: str
    url: str
    version: int | None
    is_unreadable: bool


@dataclass(frozen=True, slots=True)
class Places:
    """The tables of the day, in the order of the tiers."""

    places: Sequence[Place]


def gather(page: PageDay) -> Places:
    """Every table that a whole day has, stored or not."""
    up = "../" * daily_page_name(page.day).count("/")
    places = []
    for dataset in LAKE:
        manifest, prefix = page.manifest(dataset), partition_prefix(dataset, page.day)
        version = None if manifest is None else manifest.version
        unreadable = manifest is None and page.is_unreadable(dataset)
        url = page.lake.store.url(prefix)
        places.append(Place(str(dataset), console_link(url) or up + prefix, url, version, unreadable))
    return Places(places)


PLACES = Section("places", "Where it is", "The folders of the day, as the store names them.", gather)
