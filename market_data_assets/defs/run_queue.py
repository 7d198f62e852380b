"""The order in which queued runs start: by who asked for them, then the newest day first."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus
from dagster._core.run_coordinator.base import SubmitRunContext
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator, RunQueueConfig
from dagster._core.storage.dagster_run import DagsterRun
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    BACKFILL_ID_TAG,
    PARTITION_NAME_TAG,
    PRIORITY_TAG,
    SCHEDULE_NAME_TAG,
    SENSOR_NAME_TAG,
)

from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.errors import QueryError

# More than the ordinal of any day that has data (2024-08-08 is 739,106), so that the bands do not overlap.
_BAND = 1_000_000


def run_priority(tags: Mapping[str, str]) -> int | None:
    """What ``dagster/priority`` a run with such tags gets; higher runs start first.

    A backfill's days get negative numbers, those of schedules and sensors positive ones, those that people launch larger ones; within
    each the newest day has the largest. None where the run names no day: Dagster takes it as 0, which is before every backfill.
    """
    key = tags.get(PARTITION_NAME_TAG) or tags.get(ASSET_PARTITION_RANGE_END_TAG)
    if key is None:
        return None
    try:
        day = day_of_partition(key).toordinal()
    except QueryError:
        return None
    if BACKFILL_ID_TAG in tags:
        return day - _BAND
    return day if SCHEDULE_NAME_TAG in tags or SENSOR_NAME_TAG in tags else day + _BAND


class NewestDaysFirst(QueuedRunCoordinator):
    """Dagster's queue; a run gets its priority as it enters, unless it came with one.

    The days of a backfill enter oldest first, a few every second, so none of them starts before all are in the queue.
    """

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        # Else the daemon gives up a backfill, and cancels its runs, when it looks at it while the code server restarts: it takes the
        # assets for deleted. Dagster reads this from the environment only; the queue is the code of ours that every daemon loads.
        os.environ.setdefault("DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR", "1")

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        run = context.dagster_run
        priority = run_priority(run.tags)
        if PRIORITY_TAG not in run.tags and priority is not None:
            self._instance.add_run_tags(run.run_id, {PRIORITY_TAG: str(priority)})
        return super().submit_run(context)

    def get_run_queue_config(self) -> RunQueueConfig:
        """What the daemon asks for each time before it takes runs from the queue."""
        config = super().get_run_queue_config()
        held = [{"key": BACKFILL_ID_TAG, "value": backfill_id, "limit": 0} for backfill_id in self._entering()]
        return config._replace(tag_concurrency_limits=[*config.tag_concurrency_limits, *held])

    def _entering(self) -> Sequence[str]:
        """The backfills some of whose runs are not in the queue yet; a daemon that was killed meanwhile goes on with them."""
        active = self._instance.get_backfills(BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED]))
        return [backfill.backfill_id for backfill in active if backfill.submitting_run_requests]
