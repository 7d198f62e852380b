"""Opening the lake and the warehouse that the settings of a deployment describe. Nothing is read or written by that."""

from market_data_assets.settings import Settings
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.warehouse.base import Warehouse
from market_data_assets.storage.warehouse.opening import open_warehouse as open_tables


def open_lake(settings: Settings) -> Lake:
    """The lake at ``settings.root``; what is fetched of one that is elsewhere is kept on this machine."""
    cache = RangeCache(settings.read_cache, settings.read_cache_bytes)
    return Lake(open_store(settings.root_url), workers=settings.workers, cache=cache)


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse with its analytics tables. Whoever opens it neither creates nor changes them; the migration does."""
    # The registries of computed tables take time to import, and a reader of ticks does without them.
    from market_data_assets.catalog import TABLES  # noqa: PLC0415

    bigquery = settings.bigquery
    return open_tables(
        settings.warehouse,
        TABLES,
        root=settings.warehouse_root,
        project=bigquery.project,
        dataset=bigquery.dataset,
        location=bigquery.location,
        endpoint=bigquery.endpoint,
        storage_endpoint=bigquery.storage_endpoint,
        max_bytes_billed=bigquery.max_bytes_billed,
    )
