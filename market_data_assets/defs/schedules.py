"""Schedules, all in UTC: what runs at a fixed hour whether a sensor has seen anything or not."""

import datetime as dt

import dagster as dg

from market_data_assets.defs.automation import Automation, trigger
from market_data_assets.defs.day_runs import daily_run
from market_data_assets.defs.jobs import DAILY_JOB, VIEWS_GROUP

_DAY = dt.timedelta(days=1)


def schedules(automation: Automation) -> list[dg.ScheduleDefinition]:
    """Every schedule of a deployment."""
    return [daily_schedule(automation), monthly_views_schedule(automation)]


def daily_schedule(automation: Automation) -> dg.ScheduleDefinition:
    """07:00 UTC: yesterday, unless a run of the whole day is under way or has succeeded."""

    @dg.schedule(
        name="daily_at_seven",
        job_name=DAILY_JOB,
        cron_schedule="0 7 * * *",
        execution_timezone="UTC",
        default_status=automation.of_schedules,
        description="Every tier of yesterday at 07:00 UTC: the fallback for a day that no sensor asked for. A day that is being made, or"
        " is made, is left alone.",
    )
    def _daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.astimezone(dt.UTC).date() - _DAY
        if day < automation.first_day:
            return dg.SkipReason(f"{day} lies before the first day, {automation.first_day}")
        run = daily_run(context.instance, day)
        if run is not None:
            return dg.SkipReason(f"{day}: run {run.run_id} of the daily job is {run.status.value.lower()}")
        return dg.RunRequest(run_key=day.isoformat(), partition_key=day.isoformat(), tags=trigger("daily_at_seven"))

    return _daily


def monthly_views_schedule(automation: Automation) -> dg.ScheduleDefinition:
    """08:00 UTC on the second of a month: the views of the month before, whose last day became final on the first."""

    @dg.schedule(
        name="monthly_views",
        job_name=VIEWS_GROUP,
        cron_schedule="0 8 2 * *",
        execution_timezone="UTC",
        default_status=automation.of_schedules,
        description="The monthly views of last month, on the 2nd at 08:00 UTC.",
    )
    def _monthly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        this_month = context.scheduled_execution_time.astimezone(dt.UTC).date().replace(day=1)
        month = (this_month - _DAY).replace(day=1)
        if month < automation.first_day.replace(day=1):
            return dg.SkipReason(f"{month:%Y-%m} lies before the first day, {automation.first_day}")
        return dg.RunRequest(run_key=month.isoformat(), partition_key=month.isoformat(), tags=trigger("monthly_views"))

    return _monthly
