"""What a plan is made for, opened from the settings. Nothing is written by that, and the vendor is not asked yet."""

from market_data_assets.deployment import open_lake, open_warehouse
from market_data_assets.preflight.backfill import Deployed
from market_data_assets.preflight.universe import Vendor
from market_data_assets.settings import Settings
from market_data_assets.sources.download import local_path
from market_data_assets.sources.opening import open_source
from market_data_assets.sources.tardis import DATASETS_URL


def open_deployed(settings: Settings) -> Deployed:
    """The lake, the warehouse and the vendor of a deployment."""
    return Deployed(open_lake(settings), open_warehouse(settings), _vendor(settings), settings.root_url, settings.warehouse)


def _vendor(settings: Settings) -> Vendor:
    tardis, binance = settings.tardis, settings.binance_vision
    source = open_source(
        settings.source,
        settings.universe,
        settings.cache,
        tardis_datasets_url=tardis.datasets_url,
        tardis_api_url=tardis.api_url,
        tardis_api_key=tardis.api_key,
        binance_vision_url=binance.url,
    )
    return Vendor(
        source,
        settings.universe,
        # Its listing takes a request for each instrument and day; Tardis' metadata are one document for all days.
        asked_once=settings.source == "binance_vision" and local_path(binance.url) is None,
        only_free_days=settings.source == "tardis" and tardis.datasets_url == DATASETS_URL and tardis.api_key is None,
    )
