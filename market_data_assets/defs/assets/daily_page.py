"""The daily page: one HTML file about a day as it is stored, built last."""

import datetime as dt
from typing import TYPE_CHECKING

import dagster as dg

from market_data_assets.catalog import MFT, PROCESSED, TABLES
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.defs.jobs import REPORTS_GROUP
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource, TickSource
from market_data_assets.defs.specs import OWNERS, asset_key
from market_data_assets.domain.schemas import INSTRUMENTS, RAW

if TYPE_CHECKING:
    from market_data_assets.report.page.build import DailyPage
    from market_data_assets.report.page.stored_page import StoredPage

DAILY_PAGE = dg.AssetKey([REPORTS_GROUP, "daily_page"])
_TIERS = (INSTRUMENTS, *RAW, MISSING_REPORT, *PROCESSED, *MFT)


def daily_page_asset(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """The page of each day. It says what is not there, so it is worth building after a run that failed too."""

    @dg.asset(
        key=DAILY_PAGE,
        group_name=REPORTS_GROUP,
        description="A page about the day to open in a browser: what is missing and why, charts of the largest markets, what the checks"
        " found, latency, and sizes against the fourteen days before.",
        deps=[*map(asset_key, _TIERS), *(dg.AssetKey(table.key) for table in TABLES)],
        partitions_def=partitions,
        kinds={"html"},
        io_manager_key="lake",
        owners=OWNERS,
        # After the checks of what it is about, whose findings it shows.
        op_tags={"dagster/priority": "-10"},
    )
    def _daily_page(context: dg.AssetExecutionContext, storage: LakeResource, ticks: TickSource) -> dg.MaterializeResult[None]:
        # Templates take time to import, which only this step needs.
        from market_data_assets.report.page.build import build_page  # noqa: PLC0415
        from market_data_assets.report.page.stored_page import store_page  # noqa: PLC0415

        lake, day = storage.open(), day_of_partition(context.partition_key)
        page = build_page(lake, day, source=ticks.source, built_at=dt.datetime.now(dt.UTC), workers=storage.workers)
        return _result(page, store_page(lake.store, page))

    return _daily_page


def _result(page: "DailyPage", stored: "StoredPage") -> dg.MaterializeResult[None]:
    head = page.headline
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.url(stored.url),
            "bytes": stored.bytes,
            "verdict": head.verdict,
            "state": head.state,
            "complete_share": head.complete_share,
            "findings": head.findings,
            "failed": head.failed,
            "missing_tables": list(head.missing_tables),
            "instruments": head.instruments,
            "trades": head.trades,
            "stored_bytes": head.bytes,
        }
    )
