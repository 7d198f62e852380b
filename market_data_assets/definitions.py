"""The Dagster code location. Everything it contains is listed here."""

from typing import Any

import dagster as dg

from market_data_assets.defs.assets.daily_page import daily_page_asset
from market_data_assets.defs.assets.features import features_assets
from market_data_assets.defs.assets.instruments import instruments_asset
from market_data_assets.defs.assets.missing import missing_asset
from market_data_assets.defs.assets.processed import book_snapshot_assets, candle_assets
from market_data_assets.defs.assets.raw import raw_assets
from market_data_assets.defs.assets.views import view_assets
from market_data_assets.defs.assets.warehouse import warehouse_assets
from market_data_assets.defs.automation import Automation
from market_data_assets.defs.checks import CHECKS
from market_data_assets.defs.io_managers import LakeIOManager, WarehouseIOManager
from market_data_assets.defs.jobs import JOBS
from market_data_assets.defs.notifier import Notifier
from market_data_assets.defs.partitions import daily, monthly
from market_data_assets.defs.resources import LakeResource, Selection, TickSource, WarehouseResource
from market_data_assets.defs.retries import Retries
from market_data_assets.defs.schedules import schedules
from market_data_assets.defs.sensors import sensors
from market_data_assets.settings import Settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """The graph of one deployment."""
    partitions = daily(settings.first_day)
    vendor, retries = f"vendor_{settings.source}", Retries(settings.retries, settings.retry_seconds)
    automation = Automation(settings.automation, settings.first_day, notifies=settings.notify_url is not None)
    return dg.Definitions(
        assets=[
            instruments_asset(partitions, vendor, retries),
            *raw_assets(partitions, vendor),
            missing_asset(partitions),
            candle_assets(partitions),
            book_snapshot_assets(partitions),
            *warehouse_assets(partitions, kind="bigquery" if settings.warehouse == "bigquery" else "duckdb"),
            *features_assets(partitions),
            daily_page_asset(partitions),
            *view_assets(monthly(settings.first_day)),
        ],
        asset_checks=CHECKS,
        jobs=JOBS,
        # A process per step would cost seconds of imports each; a step works on its instruments side by side in one process.
        executor=dg.in_process_executor,
        schedules=schedules(automation),
        sensors=sensors(automation),
        resources=_resources(settings),
    )


def _resources(settings: Settings) -> dict[str, Any]:
    """Every resource by its key. The API key and the webhook stay environment variables: Dagster stores their names, never their values."""
    key = dg.EnvVar("MDA_TARDIS_API_KEY") if settings.tardis.api_key is not None else None
    storage = _lake(settings)
    days = LakeIOManager(lake=storage, retries=settings.retries, retry_seconds=settings.retry_seconds)
    return {
        "storage": storage,
        "lake": days,
        # Dagster's own default would pickle what an asset returns.
        "io_manager": days,
        "warehouse": WarehouseIOManager(
            lake=storage, warehouse=_warehouse(settings), retries=settings.retries, retry_seconds=settings.retry_seconds
        ),
        "ticks": TickSource(
            source=settings.source,
            venues=list(settings.venues),
            instruments=list(settings.instruments),
            data_types=list(settings.data_types),
            tardis_datasets_url=settings.tardis.datasets_url,
            tardis_api_url=settings.tardis.api_url,
            tardis_api_key=key,
            binance_vision_url=settings.binance_vision.url,
            cache=str(settings.cache),
        ),
        "selection": Selection.configure_at_launch(),
        "notifier": Notifier(url=None if settings.notify_url is None else dg.EnvVar("MDA_NOTIFY_URL"), ui_url=settings.ui_url),
    }


def _lake(settings: Settings) -> LakeResource:
    if not settings.root_url.startswith("gs://"):
        return LakeResource(root=settings.root_url, workers=settings.workers)
    # Google's libraries take a second to import, which a deployment without them should not pay.
    from dagster_gcp import GCSResource  # noqa: PLC0415

    from market_data_assets.defs.google import BucketLakeResource  # noqa: PLC0415

    return BucketLakeResource(
        root=settings.root_url,
        workers=settings.workers,
        gcs=GCSResource(),
        read_cache=str(settings.read_cache),
        read_cache_bytes=settings.read_cache_bytes,
    )


def _warehouse(settings: Settings) -> WarehouseResource:
    if settings.warehouse == "embedded":
        return WarehouseResource(root=str(settings.warehouse_root))
    from market_data_assets.defs.google import BigQueryClients, BigQueryWarehouseResource  # noqa: PLC0415

    chosen = settings.bigquery
    return BigQueryWarehouseResource(
        root=str(settings.warehouse_root),
        clients=BigQueryClients(project=chosen.project, location=chosen.location, endpoint=chosen.endpoint),
        dataset=chosen.dataset,
        storage_endpoint=chosen.storage_endpoint,
        max_bytes_billed=chosen.max_bytes_billed,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The graph of the deployment that the environment and ``market_data.toml`` describe."""
    return build_definitions(Settings.load())
