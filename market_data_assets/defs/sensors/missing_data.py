"""Missing-data report → download just what is missing: a few times for each day, then no more."""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import dagster as dg

from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.defs.automation import Automation, trigger
from market_data_assets.defs.day_runs import PARTITION_TAG, run_under_way
from market_data_assets.defs.jobs import REPAIR_JOB
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.sensors.named_instruments import selection_config
from market_data_assets.defs.sensors.open_days import Attempts, OpenDays
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import PartitionMissing
from market_data_assets.storage.lake import Lake

HEALABLE = frozenset({"not_listed", "not_available_yet", "not_materialized", "failed", "damaged_file"})
"""Reasons that asking again may change. Every row of the report was expected, so a file that is not there may be late."""
ATTEMPT_TAG = "market_data/repair_attempt"
NAME = "missing_data_repair"
MOST_DAYS = 5
_EVENTS = 200
_MOST_LOOKED_AT = 50


def missing_data_repair(automation: Automation, clock: Callable[[], float] = time.time) -> dg.SensorDefinition:
    """One run of the repair job for each day whose report has something that may have come meanwhile.

    Args:
        clock: Unix seconds.
    """

    @dg.sensor(
        name=NAME,
        job_name=REPAIR_JOB,
        minimum_interval_seconds=60,
        default_status=automation.of_sensors,
        description="Reads each new report of what is missing and asks for the instruments that the vendor may have by now, for them"
        f" alone: at once, after 1 hour and after 6 more, then the day is given up. At most {MOST_DAYS} days a tick, the newest first,"
        " and none of which a run is queued or under way.",
    )
    def _missing(context: dg.SensorEvaluationContext, storage: LakeResource) -> dg.SensorResult:
        tick = _Tick(context.instance, storage.open(), clock(), OpenDays.from_json(context.cursor))
        tick.look()
        for line in tick.said:
            context.log.warning(line)
        cursor = tick.open_days.to_json()
        if tick.requests:
            return dg.SensorResult(run_requests=tick.requests, cursor=cursor)
        said = "; ".join(tick.said) or f"nothing to ask for; {len(tick.open_days.days)} day(s) wait for their next attempt"
        return dg.SensorResult(skip_reason=said, cursor=cursor)

    return _missing


@dataclass
class _Tick:
    """One look at what is new and at what is still open."""

    instance: dg.DagsterInstance
    lake: Lake
    now: float
    open_days: OpenDays
    requests: list[dg.RunRequest] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Read what is new, and ask for what is due."""
        reported = self._read_events()
        waiting = [
            day
            for day, attempts in sorted(self.open_days.days.items(), reverse=True)
            if day in reported or attempts.are_used_up or attempts.is_due(self.now)
        ]
        for day in waiting[:_MOST_LOOKED_AT]:
            # Asked before the report is read: what a run that is over has reported is then in the lake.
            if run_under_way(self.instance, day) is None:
                self._look_at(day)
            if len(self.requests) == MOST_DAYS:
                break

    def _read_events(self) -> frozenset[dt.date]:
        """The days whose report was made since; those that are not open are opened."""
        wanted = dg.AssetRecordsFilter(asset_key=asset_key(MISSING_REPORT), after_storage_id=self.open_days.event)
        records = self.instance.fetch_materializations(wanted, limit=_EVENTS, ascending=True).records
        reported = frozenset(day_of_partition(record.partition_key) for record in records if record.partition_key is not None)
        opened = {**dict.fromkeys(reported, Attempts()), **self.open_days.days}
        event = records[-1].storage_id if records else self.open_days.event
        self.open_days = OpenDays(event, opened).bounded()
        if dropped := len(opened) - len(self.open_days.days):
            self.said.append(f"{dropped} day(s) given up: too many wait, the newest are kept")
        return reported

    def _look_at(self, day: dt.date) -> None:
        """Ask for a day once more, leave it open, or be done with it. The report in the lake is what counts, whichever run made it."""
        missing = healable(self.lake, day)
        known = self.open_days.days[day]
        attempts = max(known, self._launched(day), key=lambda each: each.count)
        self.open_days = self.open_days.with_day(day, attempts)
        if not missing or attempts.are_used_up:
            self.open_days = self.open_days.without(day)
            if missing and known.count:
                self.said.append(f"{day} given up after {attempts.count} attempts: {len(missing)} instrument(s) are still missing")
        elif attempts.is_due(self.now):
            self.open_days = self.open_days.with_day(day, attempts.after(self.now))
            self.requests.append(_request(day, attempts.count + 1, missing))

    def _launched(self, day: dt.date) -> Attempts:
        """What was tried according to the runs: a day that was given up, or healed and broke again, has had its attempts."""
        tags = {PARTITION_TAG: day.isoformat(), **trigger(NAME)}
        records = self.instance.get_run_records(filters=dg.RunsFilter(tags=tags))
        tried = [Attempts(int(each.dagster_run.tags[ATTEMPT_TAG]), int(each.create_timestamp.timestamp())) for each in records]
        return max(tried, key=lambda each: each.count, default=Attempts())


def healable(lake: Lake, day: dt.date) -> Sequence[InstrumentId]:
    """The instruments of the day's report that asking again may bring, in order; none where there is no report."""
    try:
        report = lake.read_table(MISSING_REPORT, day, ["instrument_id", "reason"])
    except PartitionMissing:
        return []
    names = {row["instrument_id"] for row in report.to_pylist() if row["reason"] in HEALABLE}
    return sorted(InstrumentId.parse(name) for name in names if name is not None)


def _request(day: dt.date, attempt: int, missing: Iterable[InstrumentId]) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"repair:{day}:{attempt}",
        partition_key=day.isoformat(),
        run_config=selection_config(missing, refresh=False),
        tags={**trigger(NAME), ATTEMPT_TAG: str(attempt)},
    )
