"""Walking the event log with a cursor, so that no materialization is missed: stock asset sensors see the newest one alone."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.errors import QueryError

EVENTS_PER_TICK = 50
"""Of one asset. Each carries its metadata, which may be a hundred kilobytes of pictures."""
UNCHANGED_STATUSES = frozenset({"noop", "unchanged"})
"""What a materialization says whose day stayed as it was."""


@dataclass(frozen=True, slots=True)
class Materialized:
    """One materialization of one day.

    Attributes:
        run_id: Empty where it was reported by hand.
        status: What became of the day: ``committed``, or another word where it stayed as it was; empty where the event does not say.
    """

    asset: dg.AssetKey
    day: dt.date
    run_id: str
    status: str


@dataclass(frozen=True, slots=True)
class WalkCursor:
    """How far a sensor has come.

    Attributes:
        seen: By asset, as text: the storage id of the last event that was read. An asset that is not there was never looked at.
        waiting: Days that are not decided yet, in the order in which they are to be looked at.
    """

    seen: Mapping[str, int]
    waiting: tuple[dt.date, ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> "WalkCursor":
        """From what :meth:`dump` gave; without a text the start."""
        if text is None:
            return cls({})
        stored = json.loads(text)
        return cls(stored["seen"], tuple(dt.date.fromisoformat(day) for day in stored["waiting"]))

    def dump(self) -> str:
        """As text."""
        return json.dumps({"seen": dict(self.seen), "waiting": [day.isoformat() for day in self.waiting]})


def read_events(
    instance: dg.DagsterInstance, assets: Sequence[dg.AssetKey], seen: Mapping[str, int]
) -> tuple[Sequence[Materialized], Mapping[str, int]]:
    """The materializations that were not read yet, at most 50 of each asset, and how far that is.

    Of an asset that was never looked at: the newest 50, so that switching a sensor on does not go through years of history.
    """
    found: list[Materialized] = []
    following = dict(seen)
    for asset in assets:
        name = asset.to_user_string()
        records = _records(instance, asset, seen.get(name))
        found += (event for record in records for event in _event(asset, record))
        following[name] = max((record.storage_id for record in records), default=seen.get(name, 0))
    return found, following


def _records(instance: dg.DagsterInstance, asset: dg.AssetKey, after: int | None) -> Sequence[dg.EventLogRecord]:
    if after is None:
        return instance.fetch_materializations(asset, limit=EVENTS_PER_TICK).records[::-1]
    wanted = dg.AssetRecordsFilter(asset_key=asset, after_storage_id=after)
    return instance.fetch_materializations(wanted, limit=EVENTS_PER_TICK, ascending=True).records


def _event(asset: dg.AssetKey, record: dg.EventLogRecord) -> Iterator[Materialized]:
    """The event; nothing where it is not of a day."""
    materialization = record.asset_materialization
    if record.partition_key is None or materialization is None:
        return
    try:
        day = day_of_partition(record.partition_key)
    except QueryError:
        return
    status = materialization.metadata.get("status")
    yield Materialized(asset, day, record.run_id, "" if status is None else str(status.value))
