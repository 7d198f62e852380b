"""Rows of a day arrived in the files of the day before or after it: what was made of the day is asked for once more."""

import datetime as dt

import dagster as dg

from market_data_assets.defs.automation import Automation
from market_data_assets.defs.jobs import REBUILD_JOB
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.sensors.day_requests import RUNS_PER_TICK, DayRule, ask_for_runs
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.schemas import RAW
from market_data_assets.upkeep.lineage import neighbours_of
from market_data_assets.upkeep.tick_days import TickDays

NAME = "late_rows"
SECONDS_BETWEEN_TICKS = 30
_DAY = dt.timedelta(days=1)


def late_rows(automation: Automation) -> dg.SensorDefinition:
    """One run of the rebuild job for every day that can become final, or that has got rows since it was made."""

    @dg.sensor(
        name=NAME,
        job_name=REBUILD_JOB,
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=automation.of_sensors,
        description="Vendors cut days by arrival, so the file of a day holds the last rows of the day before. When raw data of a day is"
        " materialized, this asks for the days beside it once more if they become final by that, or get rows; once the runs around them"
        f" have ended, {RUNS_PER_TICK} days a tick at most.",
    )
    def _sensor(context: dg.SensorEvaluationContext, storage: LakeResource) -> dg.SensorResult:
        days = TickDays(storage.open().store)
        rule = DayRule(
            name=NAME,
            job=REBUILD_JOB,
            assets=[asset_key(dataset) for dataset in RAW],
            days_of=lambda event: (event.day - _DAY, event.day + _DAY),
            around=neighbours_of,
            needs=lambda day: days.identity(day) if days.has_late_rows(day) else None,
        )
        return ask_for_runs(context, rule, automation)

    return _sensor
