"""The vendor has exported another day: the daily job is asked for."""

import datetime as dt
from collections.abc import Sequence
from itertools import takewhile

import dagster as dg

from market_data_assets.defs.automation import Automation, trigger
from market_data_assets.defs.day_runs import run_under_way
from market_data_assets.defs.jobs import DAILY_JOB
from market_data_assets.defs.resources import TickSource
from market_data_assets.domain.days import parse_day
from market_data_assets.errors import MarketDataError
from market_data_assets.sources.base import AnnouncesDays
from market_data_assets.sources.limits import Limits

NAME = "vendor_day_ready"
SECONDS_BETWEEN_TICKS = 600
"""Vendors export once a day; asking is one small request per market."""
DAYS_PER_TICK = 7
LIMITS = Limits(connect_seconds=2, read_seconds=3, total_seconds=4, attempts=1)
"""A tick ends in five seconds: what the vendor does not answer by then is asked for again in the next one."""

_DAY = dt.timedelta(days=1)


def vendor_day_ready(automation: Automation) -> dg.SensorDefinition:
    """One run of the daily job for every day that the vendor has exported since the last one."""

    @dg.sensor(
        name=NAME,
        job_name=DAILY_JOB,
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=automation.of_sensors,
        description=f"Asks the vendor until when it has exported, and for the daily job of each day that is new; {DAYS_PER_TICK} days a"
        " tick at most, the oldest first. Begins with the newest day.",
    )
    def _sensor(context: dg.SensorEvaluationContext, ticks: TickSource) -> dg.SensorResult | dg.SkipReason:
        return ask_for_days(context, ticks, automation.first_day, dt.datetime.now(dt.UTC))

    return _sensor


def ask_for_days(
    context: dg.SensorEvaluationContext, ticks: TickSource, first_day: dt.date, now: dt.datetime
) -> dg.SensorResult | dg.SkipReason:
    """One tick at ``now``. The cursor is the last day that was asked for."""
    try:
        source = ticks.open(LIMITS)
        until = source.exported_until(now) if isinstance(source, AnnouncesDays) else None
    except MarketDataError as error:
        return dg.SkipReason(f"the vendor could not be asked: {str(error).splitlines()[0]}")
    if until is None:
        return dg.SkipReason(f"{source.name} does not say until when it has exported days")
    last = None if context.cursor is None else parse_day(context.cursor)
    wanted = days_to_ask_for(until, last, first_day, now)
    if not wanted:
        return dg.SkipReason(f"{source.name} has exported until {until:%Y-%m-%d %H:%M} UTC; nothing is new since {last or first_day}")
    if (run := run_under_way(context.instance, wanted[0])) is not None:
        return dg.SkipReason(f"{wanted[0]}: run {run} is under way; asked for when it has ended")
    # Two runs of a day would fetch the same files side by side. Days after such a one wait, too, so that the cursor stays one day.
    free = list(takewhile(lambda day: run_under_way(context.instance, day) is None, wanted))
    return dg.SensorResult(run_requests=[_request(day, until) for day in free], cursor=free[-1].isoformat())


def _request(day: dt.date, until: dt.datetime) -> dg.RunRequest:
    return dg.RunRequest(run_key=f"{day}:{until.isoformat()}", partition_key=day.isoformat(), tags=trigger(NAME))


def days_to_ask_for(until: dt.datetime, last: dt.date | None, first_day: dt.date, now: dt.datetime) -> Sequence[dt.date]:
    """The days to ask for now, ascending: exported and over, from ``first_day``, after ``last``; without ``last`` the newest alone.

    Args:
        until: The first instant that is not exported.
        last: The last day that was asked for.
    """
    newest = min(until, now).astimezone(dt.UTC).date() - _DAY
    begin = newest if last is None else last + _DAY
    begin = max(begin, first_day)
    return [begin + each * _DAY for each in range(min(DAYS_PER_TICK, (newest - begin).days + 1))]
