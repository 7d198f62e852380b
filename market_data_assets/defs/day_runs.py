"""What Dagster knows of the runs of one day: which are under way, and whether the daily job has made it already."""

import datetime as dt
from collections.abc import Collection
from typing import Any

import dagster as dg

from market_data_assets.defs.jobs import DAILY_JOB

PARTITION_TAG = "dagster/partition"
UNDER_WAY = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
_LOOKED_AT = 20
"""Runs of one job and day that are looked at, newest first."""


def run_under_way(instance: dg.DagsterInstance, day: dt.date) -> str | None:
    """The id of a run of the day, of any job or selection, that waits or works; None without one."""
    found = instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY, tags={PARTITION_TAG: day.isoformat()}), limit=1)
    return found[0].run_id if found else None


def daily_run(
    instance: dg.DagsterInstance, day: dt.date, statuses: Collection[dg.DagsterRunStatus] = (*UNDER_WAY, dg.DagsterRunStatus.SUCCESS)
) -> dg.DagsterRun | None:
    """The newest run of the daily job over the whole selection of the day that is in one of ``statuses``; None without one."""
    wanted = dg.RunsFilter(job_name=DAILY_JOB, statuses=list(statuses), tags={PARTITION_TAG: day.isoformat()})
    return next((run for run in instance.get_runs(wanted, limit=_LOOKED_AT) if not _names_instruments(run)), None)


def _names_instruments(run: dg.DagsterRun) -> bool:
    """Whether the run is about some of the day's instruments only."""
    config: Any = run.run_config
    for key in ("resources", "selection", "config", "instruments"):
        config = config.get(key, {})
    return bool(config)
