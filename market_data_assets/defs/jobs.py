"""Jobs: what can be launched with one click."""

import dagster as dg

from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.defs.specs import asset_key

DAILY_JOB = "daily"
MISSING_JOB = "missing_data"
VIEWS_GROUP = "views"

_VIEWS = dg.AssetSelection.groups(VIEWS_GROUP)

JOBS = [
    # Run config may name instruments; such a run merges into the stored day.
    dg.define_asset_job(DAILY_JOB, selection=dg.AssetSelection.all() - _VIEWS, description="Every tier of one UTC day."),
    dg.define_asset_job(
        MISSING_JOB,
        selection=dg.AssetSelection.assets(asset_key(MISSING_REPORT)),
        description="The report of what is missing of one UTC day, from what is stored now: also after a run that failed.",
    ),
    dg.define_asset_job(VIEWS_GROUP, selection=_VIEWS, description="The monthly views of one month, from the days stored."),
]
