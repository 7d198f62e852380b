"""Where a person finds what is stored: links into Google Cloud's console, paths on this machine."""

import datetime as dt
from typing import Any
from urllib.parse import quote

import dagster as dg

from market_data_assets.domain.datasets import Dataset
from market_data_assets.storage.layout import daily_page_name, partition_prefix
from market_data_assets.storage.stores.base import Store

_CONSOLE, _DOWNLOAD = "https://console.cloud.google.com/storage/browser/", "https://storage.cloud.google.com/"


def links(store: Store, dataset: Dataset, day: dt.date) -> dict[str, Any]:
    """The day's objects, and the daily page; a page that was not built yet is not there."""
    prefix = store.url(partition_prefix(dataset, day))
    return {"dagster/uri": prefix, "files": _link(prefix, _CONSOLE), "daily_page": _link(store.url(daily_page_name(day)), _DOWNLOAD)}


def _link(url: str, cloud: str) -> dg.MetadataValue[Any]:
    """A browser opens no ``gs://``, and no file from a page that came over HTTP: its path can be copied."""
    scheme, _, rest = url.partition("://")
    if scheme == "gs":
        return dg.MetadataValue.url(cloud + quote(rest))
    return dg.MetadataValue.path(rest) if scheme == "file" else dg.MetadataValue.text(url)
