"""Jobs: what can be launched with one click, and what schedules and sensors ask for.

Run config may name instruments; such a run merges into the stored day.
"""

import dagster as dg

from market_data_assets.catalog import PROCESSED
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.schemas import INSTRUMENTS, RAW

DAILY_JOB = "daily"
INGEST_JOB = "ingest"
CANDLES_JOB = "candles"
WAREHOUSE_JOB = "warehouse"
FEATURES_JOB = "features"
REBUILD_JOB = "rebuild"
REPAIR_JOB = "repair"
MISSING_JOB = "missing_data"
VIEWS_GROUP = "views"
REPORTS_GROUP = "reports"

_VIEWS = dg.AssetSelection.groups(VIEWS_GROUP)
_RAW = dg.AssetSelection.assets(*map(asset_key, RAW))
_REPORT = dg.AssetSelection.assets(asset_key(MISSING_REPORT))
_PAGE = dg.AssetSelection.groups(REPORTS_GROUP)
_PROCESSED = dg.AssetSelection.assets(*map(asset_key, PROCESSED))
_COST = "market_data/cost"
_DOWNLOADS = {_COST: "downloads"}
_COMPUTES = {_COST: "computes"}

JOBS = [
    dg.define_asset_job(DAILY_JOB, selection=dg.AssetSelection.all() - _VIEWS, description="Every tier of one UTC day.", tags=_DOWNLOADS),
    dg.define_asset_job(
        INGEST_JOB,
        selection=dg.AssetSelection.assets(asset_key(INSTRUMENTS)) | _RAW | _REPORT,
        description="What the vendor has of one UTC day: its instruments, every raw data type, and the report of what is missing.",
        tags=_DOWNLOADS,
    ),
    dg.define_asset_job(
        CANDLES_JOB,
        selection=_PROCESSED,
        description="Candles and book snapshots of one UTC day in every timeframe, from the ticks that are stored.",
        tags=_COMPUTES,
    ),
    dg.define_asset_job(
        WAREHOUSE_JOB,
        selection=dg.AssetSelection.groups("market_data_analytics"),
        description="Candles and book snapshots of one UTC day, as they are stored, loaded into their analytics tables.",
        tags=_COMPUTES,
    ),
    dg.define_asset_job(
        FEATURES_JOB,
        selection=dg.AssetSelection.groups("mft_features"),
        description="Features of one UTC day from the candles that are stored of it and of the days before.",
        tags=_COMPUTES,
    ),
    dg.define_asset_job(
        REBUILD_JOB,
        selection=_PROCESSED.downstream() - _VIEWS,
        description="Everything that is made from the stored ticks of one UTC day: candles, book snapshots, analytics tables, features.",
        tags=_COMPUTES,
    ),
    dg.define_asset_job(
        REPAIR_JOB,
        selection=_RAW.downstream() - _VIEWS,
        description="Everything downstream of the vendor for one UTC day. Name the instruments, and refresh, in the run config.",
        tags=_DOWNLOADS,
    ),
    dg.define_asset_job(
        MISSING_JOB,
        selection=_REPORT | _PAGE,
        description="The report of what is missing of one UTC day and its page, from what is stored now: also after a run that failed.",
        tags=_COMPUTES,
    ),
    dg.define_asset_job(VIEWS_GROUP, selection=_VIEWS, description="The monthly views of one month, from the days stored.", tags=_COMPUTES),
]
