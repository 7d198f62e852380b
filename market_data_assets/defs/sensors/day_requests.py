"""One tick of a sensor that turns materializations into runs of whole days: bounded, at most one run for a day, none beside another."""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import dagster as dg

from market_data_assets.defs.automation import Automation, trigger
from market_data_assets.defs.day_runs import run_under_way
from market_data_assets.defs.sensors.event_walk import Materialized, WalkCursor, read_events
from market_data_assets.errors import MarketDataError

DAYS_PER_TICK = 20
RUNS_PER_TICK = 5
"""The daemon stores some 200 events of each run before any other sensor has its turn, which takes seconds."""
SECONDS_PER_TICK = 2.0
"""What is not looked at by then is looked at in the next tick. A day of six feeds takes 20 ms with 20 instruments, 1 s with 2,000."""
MOST_WAITING = 1_000
"""Days that wait at most; while there are more, no further events are read."""

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayRule:
    """What a sensor does with materializations.

    Attributes:
        name: Of the sensor, first part of its run keys and the trigger on its runs.
        job: Which job is asked for.
        assets: Whose materializations are looked at.
        days_of: The days that one of them may make out of date.
        around: Days that must have no run under way before a day is judged: what such a run does would be judged half done.
        needs: Identity of what the day would be made from now, if it is out of date; None if not.
    """

    name: str
    job: str
    assets: Sequence[dg.AssetKey]
    days_of: Callable[[Materialized], Iterable[dt.date]]
    around: Callable[[dt.date], Sequence[dt.date]]
    needs: Callable[[dt.date], str | None]


def ask_for_runs(
    context: dg.SensorEvaluationContext, rule: DayRule, automation: Automation, clock: Callable[[], float] = time.monotonic
) -> dg.SensorResult:
    """One tick: read events, judge the days they are about, ask for one run for each that is out of date.

    The run key is made of the day and of what it would be made from, so the same state asks once, whatever becomes of the tick.

    Args:
        clock: Monotonic seconds.
    """
    started, cursor = clock(), WalkCursor.parse(context.cursor)
    events, seen = ((), cursor.seen) if len(cursor.waiting) >= MOST_WAITING else read_events(context.instance, rule.assets, cursor.seen)
    days = (day for event in events for day in rule.days_of(event) if automation.first_day <= day < dt.datetime.now(dt.UTC).date())
    waiting = list(dict.fromkeys([*cursor.waiting, *days]))
    requests: list[dg.RunRequest] = []
    undecided: list[dt.date] = []
    looked = 0
    try:
        while waiting and looked < DAYS_PER_TICK and len(requests) < RUNS_PER_TICK and clock() - started < SECONDS_PER_TICK:
            day, looked = waiting.pop(0), looked + 1
            if any(run_under_way(context.instance, each) for each in rule.around(day)):
                undecided.append(day)
            elif (identity := rule.needs(day)) is not None:
                key = f"{rule.name}:{day}:{identity}"
                requests.append(dg.RunRequest(run_key=key, job_name=rule.job, partition_key=day.isoformat(), tags=trigger(rule.name)))
    except MarketDataError as error:
        # Nothing is forgotten: the cursor stays where it was, and the next tick asks again under the same run keys.
        return dg.SensorResult(skip_reason=f"the lake could not be asked: {str(error).splitlines()[0]}", cursor=context.cursor)
    # Those that wait go behind those that were not looked at, so that every day has its turn.
    left = WalkCursor(seen, (*waiting, *undecided))
    if requests:
        return dg.SensorResult(run_requests=requests, cursor=left.dump())
    reason = f"{len(events)} new materializations; {looked} days looked at, {len(undecided)} of them have a run under way"
    return dg.SensorResult(skip_reason=f"{reason}; {len(left.waiting)} days wait", cursor=left.dump())
