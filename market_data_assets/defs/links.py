"""Where a person finds what is stored: links into Google Cloud's console, paths on this machine."""

import datetime as dt
from typing import Any

import dagster as dg

from market_data_assets.domain.datasets import Dataset
from market_data_assets.storage.layout import daily_page_name, partition_prefix
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.web_links import console_link, download_link


def links(store: Store, dataset: Dataset, day: dt.date) -> dict[str, Any]:
    """The day's objects, and the daily page; a page that was not built yet is not there."""
    prefix, page = store.url(partition_prefix(dataset, day)), store.url(daily_page_name(day))
    return {"dagster/uri": prefix, "files": _link(prefix, console_link(prefix)), "daily_page": _link(page, download_link(page))}


def _link(url: str, web: str | None) -> dg.MetadataValue[Any]:
    """A browser opens no file from a page that came over HTTP: its path can be copied."""
    if web is not None:
        return dg.MetadataValue.url(web)
    scheme, _, rest = url.partition("://")
    return dg.MetadataValue.path(rest) if scheme == "file" else dg.MetadataValue.text(url)
