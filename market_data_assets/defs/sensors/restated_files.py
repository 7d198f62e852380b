"""Restated vendor file → fetch it again, and make again only what depends on it."""

import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from market_data_assets.assembly.restated import Place, Restated, Walk, find_restated
from market_data_assets.defs.automation import Automation, trigger
from market_data_assets.defs.day_runs import run_under_way
from market_data_assets.defs.jobs import REPAIR_JOB
from market_data_assets.defs.resources import LakeResource, TickSource
from market_data_assets.defs.sensors.named_instruments import selection_config
from market_data_assets.sources.base import TellsVersions

NAME = "restated_files"
DAYS = 30
"""How far back days are watched, counted from yesterday."""
MOST_FILES = 300
_SECONDS = 3.0
_MOST_REMEMBERED = 200


def restated_files(automation: Automation, clock: Callable[[], float] = time.time) -> dg.SensorDefinition:
    """One run of the repair job for each day of which the vendor has published files again.

    Args:
        clock: Unix seconds.
    """

    @dg.sensor(
        name=NAME,
        job_name=REPAIR_JOB,
        minimum_interval_seconds=300,
        default_status=automation.of_sensors,
        description=f"Walks round the stored days of the last {DAYS} days and asks the vendor for the version of each file, at most"
        f" {MOST_FILES} a tick, without fetching any. Files that it has published again are fetched and what depends on them is made"
        " again, for their instruments alone. Each new version is asked for once.",
    )
    def _restated(context: dg.SensorEvaluationContext, storage: LakeResource, ticks: TickSource) -> dg.SensorResult | dg.SkipReason:
        source = ticks.open()
        if not isinstance(source, TellsVersions):
            return dg.SkipReason(f"the source {source.name} has no files that could be published again")
        days = _days_before(clock(), automation.first_day)
        memory = _Memory.from_json(context.cursor)
        walk = find_restated(storage.open(), source, days, memory.place, most=MOST_FILES, seconds=_SECONDS)
        # What comes while a run of the day is under way is found again the next time round.
        found = [file for file in memory.unknown(walk.restated) if run_under_way(context.instance, file.day) is None]
        cursor = memory.after(walk, found, oldest=min(days, default=None)).to_json()
        if found:
            return dg.SensorResult(run_requests=_requests(found), cursor=cursor)
        return dg.SensorResult(skip_reason=_said(walk), cursor=cursor)

    return _restated


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the sensor's cursor holds: where to go on, and which new versions were asked for, by day."""

    place: Place | None = None
    asked: Mapping[dt.date, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str | None) -> "_Memory":
        if text is None:
            return cls()
        values = json.loads(text)
        place = None if values["place"] is None else Place(dt.date.fromisoformat(values["place"][0]), *values["place"][1:])
        return cls(place, {dt.date.fromisoformat(day): digests for day, digests in values["asked"].items()})

    def to_json(self) -> str:
        place = None if self.place is None else [self.place.day.isoformat(), self.place.data_type, self.place.position]
        return json.dumps({"place": place, "asked": {day.isoformat(): list(digests) for day, digests in self.asked.items()}})

    def unknown(self, restated: Sequence[Restated]) -> list[Restated]:
        """Those that were not asked for yet. One whose rows turned out the same stays stored under its former version."""
        return [file for file in restated if file.digest not in self.asked.get(file.day, ())]

    def after(self, walk: Walk, found: Sequence[Restated], oldest: dt.date | None) -> "_Memory":
        """With what was asked for now, at most 200 files a day, and without the days that are not watched any more."""
        asked = {day: list(digests) for day, digests in self.asked.items() if oldest is not None and day >= oldest}
        for file in found:
            asked[file.day] = [*asked.get(file.day, []), file.digest][-_MOST_REMEMBERED:]
        return _Memory(walk.place, asked)


def _days_before(now: float, first_day: dt.date) -> list[dt.date]:
    """The days that are watched, newest first."""
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    days = [today - dt.timedelta(days=back) for back in range(1, DAYS + 1)]
    return [day for day in days if day >= first_day]


def _requests(found: Sequence[Restated]) -> list[dg.RunRequest]:
    """One for each day."""
    by_day: dict[dt.date, list[Restated]] = {}
    for file in found:
        by_day.setdefault(file.day, []).append(file)
    return [_request(day, files) for day, files in by_day.items()]


def _request(day: dt.date, files: Sequence[Restated]) -> dg.RunRequest:
    digest = hashlib.sha256(" ".join(sorted(file.digest for file in files)).encode()).hexdigest()[:16]
    return dg.RunRequest(
        run_key=f"restated:{day}:{digest}",
        partition_key=day.isoformat(),
        run_config=selection_config({each for file in files for each in file.instruments}, refresh=True),
        tags=trigger(NAME),
    )


def _said(walk: Walk) -> str:
    errors = f"; {len(walk.errors)} could not be told: {walk.errors[0]}" if walk.errors else ""
    return f"{walk.asked} file(s) asked for, none is new{errors}"
