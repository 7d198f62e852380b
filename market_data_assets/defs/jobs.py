"""Jobs: what can be launched with one click."""

import dagster as dg

DAILY_JOB = "daily"

JOBS = [
    # Run config may name instruments; such a run merges into the stored day.
    dg.define_asset_job(DAILY_JOB, selection=dg.AssetSelection.all(), description="Every tier of one UTC day."),
]
