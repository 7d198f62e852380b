"""Backfills: many days handed to the daemon of an instance, which makes each of them in a run of its own, newest first."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import dagster as dg
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES, BulkActionStatus, PartitionBackfill
from dagster._core.storage.tags import BACKFILL_ID_TAG, PARTITION_NAME_TAG
from dagster._core.utils import make_new_backfill_id

from market_data_assets.defs.jobs import DAILY_JOB
from market_data_assets.errors import QueryError

_SUCCEEDED = (BulkActionStatus.COMPLETED_SUCCESS, BulkActionStatus.COMPLETED)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is. A day is a run; a day whose run is retried counts once it has succeeded.

    Attributes:
        status: Dagster's word for it, such as REQUESTED or COMPLETED_SUCCESS.
        ended: It will not change any more.
        succeeded: It ended, and no day failed.
    """

    status: str
    ended: bool
    succeeded: bool
    days_done: int
    runs_in_progress: int
    runs_failed: int


def select_assets(definitions: dg.Definitions, job: str | None, names: Sequence[str]) -> Sequence[dg.AssetKey]:
    """The daily assets of a job and of the named groups and assets; those of the daily job without either.

    Args:
        names: Groups such as ``raw_tick_data``, or assets such as ``processed_candles/candles_1m``.

    Raises:
        QueryError: an unknown job, group or asset, or one that is not partitioned by day.
    """
    graph = definitions.resolve_asset_graph()
    keys: set[dg.AssetKey] = set()
    if job is not None or not names:
        keys |= _keys_of_job(definitions, job or DAILY_JOB)
    groups = {node.group_name for node in (graph.get(key) for key in graph.get_all_asset_keys())}
    assets = {key.to_user_string(): key for key in graph.materializable_asset_keys}
    for name in names:
        if name in groups:
            keys |= graph.asset_keys_for_group(name)
        elif name in assets:
            keys.add(assets[name])
        else:
            raise QueryError.unknown("asset or group", name, get_close_matches(name, [*groups, *assets], n=3))
    for key in sorted(keys):
        if not isinstance(graph.get(key).partitions_def, dg.DailyPartitionsDefinition):
            raise QueryError(f"{key.to_user_string()} is not made by day; a backfill takes daily assets only")
    return sorted(keys)


def _keys_of_job(definitions: dg.Definitions, job: str) -> set[dg.AssetKey]:
    names = [each.name for each in definitions.resolve_all_job_defs() if not each.name.startswith("__")]
    if job not in names:
        raise QueryError.unknown("job", job, get_close_matches(job, names, n=3) or names)
    return set(definitions.resolve_job_def(job).asset_layer.executable_asset_keys)


def submit_backfill(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    days: Sequence[dt.date],
    keys: Sequence[dg.AssetKey],
    selection: Mapping[str, Any],
) -> str:
    """Store the request, which the daemon of the instance picks up, now or when one is started; returns the backfill's id.

    Args:
        selection: Values of the ``selection`` resource: ``instruments``, ``refresh``. Its defaults where empty.
    """
    now = dt.datetime.now(dt.UTC)
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id=make_new_backfill_id(),
        asset_graph=definitions.resolve_asset_graph(),
        partition_names=[day.isoformat() for day in days],
        asset_selection=keys,
        backfill_timestamp=now.timestamp(),
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=f"{days[0]} to {days[-1]}",
        description=None,
        run_config={"resources": {"selection": {"config": dict(selection)}}} if selection else None,
    )
    instance.add_backfill(backfill)
    return backfill.backfill_id


def progress_of(instance: dg.DagsterInstance, backfill_id: str) -> Progress:
    """How far the backfill is.

    Raises:
        QueryError: the instance has no backfill of that id.
    """
    backfill = find_backfill(instance, backfill_id)

    def count(*statuses: dg.DagsterRunStatus) -> int:
        return instance.get_runs_count(dg.RunsFilter(tags={BACKFILL_ID_TAG: backfill_id}, statuses=list(statuses)))

    return Progress(
        status=backfill.status.value,
        ended=backfill.status in BULK_ACTION_TERMINAL_STATUSES,
        succeeded=backfill.status in _SUCCEEDED,
        days_done=count(dg.DagsterRunStatus.SUCCESS),
        runs_in_progress=count(dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED),
        runs_failed=count(dg.DagsterRunStatus.FAILURE),
    )


def failed_days(instance: dg.DagsterInstance, backfill_id: str) -> Sequence[str]:
    """The days none of whose runs succeeded, ascending."""
    runs = instance.get_runs(dg.RunsFilter(tags={BACKFILL_ID_TAG: backfill_id}))
    days = {status: {run.tags.get(PARTITION_NAME_TAG, "") for run in runs if run.status is status} for status in dg.DagsterRunStatus}
    return sorted(days[dg.DagsterRunStatus.FAILURE] - days[dg.DagsterRunStatus.SUCCESS])


def find_backfill(instance: dg.DagsterInstance, backfill_id: str) -> PartitionBackfill:
    """The backfill as the instance has it now.

    Raises:
        QueryError: the instance has no backfill of that id.
    """
    backfill = instance.get_backfill(backfill_id)
    if backfill is None:
        known = [each.backfill_id for each in instance.get_backfills(limit=50)]
        raise QueryError.unknown("backfill", backfill_id, get_close_matches(backfill_id, known, n=3))
    return backfill


def cancel_backfill(instance: dg.DagsterInstance, backfill_id: str) -> None:
    """Ask the daemon to end the backfill: its queued runs are dropped and those in progress interrupted.

    Raises:
        QueryError: no such backfill, or one that has ended.
    """
    backfill = find_backfill(instance, backfill_id)
    if backfill.status in BULK_ACTION_TERMINAL_STATUSES:
        raise QueryError(f"backfill {backfill_id} has ended: {backfill.status.value}")
    instance.update_backfill(backfill.with_status(BulkActionStatus.CANCELING))  # type: ignore[no-untyped-call]
