"""Putting the daily page into the lake: one object, so a reader finds the old page or the new one."""

from dataclasses import dataclass

from market_data_assets.errors import ConcurrentCommit, PreconditionFailed
from market_data_assets.report.page.build import DailyPage
from market_data_assets.storage.layout import daily_page_name
from market_data_assets.storage.stores.base import Store

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class StoredPage:
    """Where a page is.

    Attributes:
        name: Of the object.
        url: As the store names it.
    """

    name: str
    url: str
    bytes: int


def store_page(store: Store, page: DailyPage) -> StoredPage:
    """Replace the page of its day.

    Raises:
        ConcurrentCommit: others keep replacing it at the same time.
        StorageFailed, Retryable: the store refused or stayed silent.
    """
    name = daily_page_name(page.day)
    for _ in range(_ATTEMPTS):
        head = store.head(name)
        try:
            store.put(name, page.html, if_generation=0 if head is None else head.generation)
        except PreconditionFailed:
            continue  # another run has just stored its own, which may be older than ours
        return StoredPage(name, store.url(name), len(page.html))
    raise ConcurrentCommit(name)
