"""Ticks were materialized by a run that makes no candles: what is made from them is asked for, day by day."""

from functools import cache, partial

import dagster as dg

from market_data_assets.catalog import PROCESSED
from market_data_assets.defs.automation import Automation
from market_data_assets.defs.jobs import REBUILD_JOB
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.sensors.day_requests import RUNS_PER_TICK, DayRule, ask_for_runs
from market_data_assets.defs.sensors.event_walk import UNCHANGED_STATUSES
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.schemas import RAW
from market_data_assets.upkeep.tick_days import TickDays

NAME = "candles_after_ticks"
SECONDS_BETWEEN_TICKS = 30
_PROCESSED = frozenset(map(asset_key, PROCESSED))


def candles_after_ticks(automation: Automation) -> dg.SensorDefinition:
    """One run of the rebuild job for every day whose raw data was materialized and whose candles do not have it."""

    @dg.sensor(
        name=NAME,
        job_name=REBUILD_JOB,
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=automation.of_sensors,
        description="Asks for candles, book snapshots and what follows from them on every day whose ticks were materialized without them,"
        f" once all runs of the day have ended; {RUNS_PER_TICK} days a tick at most. Days that did not change, and runs that make the"
        " candles themselves, ask for nothing.",
    )
    def _sensor(context: dg.SensorEvaluationContext, storage: LakeResource) -> dg.SensorResult:
        days = TickDays(storage.open().store)
        # A run materializes several data types of its day; it is looked up once.
        made_candles = cache(partial(makes_candles, context.instance))
        rule = DayRule(
            name=NAME,
            job=REBUILD_JOB,
            assets=[asset_key(dataset) for dataset in RAW],
            days_of=lambda event: () if event.status in UNCHANGED_STATUSES or made_candles(event.run_id) else (event.day,),
            around=lambda day: [day],
            needs=lambda day: days.identity(day) if days.is_behind(day) else None,
        )
        return ask_for_runs(context, rule, automation)

    return _sensor


def makes_candles(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether the run was to make any processed table itself, whatever became of it."""
    planned = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED).records if run_id else ()
    return any(record.asset_key in _PROCESSED for record in planned)
