"""Candles of a day came, or changed, after the features of later days were made: those features are asked for once more."""

import datetime as dt
from collections.abc import Iterator
from functools import cache

import dagster as dg

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.registry import MFT_FEATURES
from market_data_assets.defs.automation import Automation
from market_data_assets.defs.day_runs import UNDER_WAY
from market_data_assets.defs.jobs import FEATURES_JOB
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.sensors.day_requests import RUNS_PER_TICK, DayRule, ask_for_runs
from market_data_assets.defs.sensors.event_walk import UNCHANGED_STATUSES, Materialized
from market_data_assets.defs.specs import asset_key
from market_data_assets.upkeep.feature_days import LOOK_BACK_DAYS, FeatureDays

NAME = "features_after_history"
SECONDS_BETWEEN_TICKS = 60
_CANDLES, _FEATURES = list(CANDLES.values())[-1], list(MFT_FEATURES.values())[-1]
"""The last that a run commits of each tier; features of the longest look-back."""


def features_after_history(automation: Automation) -> dg.SensorDefinition:
    """One run of the features job for every day whose features were made without, or from other, candles of the days before it."""

    @dg.sensor(
        name=NAME,
        job_name=FEATURES_JOB,
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=automation.of_sensors,
        description=f"Features look back up to {LOOK_BACK_DAYS} days. A backfill runs the newest days first, so the days before come after;"
        f" once nothing is under way any more, this asks for the features that lack them, {RUNS_PER_TICK} days a tick at most.",
    )
    def _sensor(context: dg.SensorEvaluationContext, storage: LakeResource) -> dg.SensorResult | dg.SkipReason:
        if context.instance.get_runs_count(dg.RunsFilter(statuses=UNDER_WAY)):
            return dg.SkipReason("runs are under way, and may bring more candles; looked at when they have ended")
        lake = storage.open()
        days = FeatureDays(lake.store)

        @cache
        def stored() -> frozenset[dt.date]:
            # Listing thousands of days takes a while, and most ticks have no event.
            return frozenset(lake.days(_FEATURES))

        rule = DayRule(
            name=NAME,
            job=FEATURES_JOB,
            assets=[asset_key(_CANDLES)],
            days_of=lambda event: (day for day in _days_after(event) if day in stored()),
            around=lambda day: [day],
            needs=days.lacks,
        )
        return ask_for_runs(context, rule, automation)

    return _sensor


def _days_after(event: Materialized) -> Iterator[dt.date]:
    """The days whose features look back at the day of an event."""
    if event.status not in UNCHANGED_STATUSES:
        yield from (event.day + dt.timedelta(days=after) for after in range(1, LOOK_BACK_DAYS + 1))
