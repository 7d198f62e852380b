"""The order of the run queue, on real instances."""

import datetime as dt
from collections.abc import Iterator, Mapping

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.run_coordinator.base import SubmitRunContext

from market_data_assets.defs.instance import open_instance
from market_data_assets.defs.run_queue import NewestDaysFirst, run_priority

OLD, NEW = "2024-08-08", "2024-08-09"
BACKFILL, SENSOR, SCHEDULE = {"dagster/backfill": "abcdefgh"}, {"dagster/sensor_name": "late_rows"}, {"dagster/schedule_name": "daily"}

ORIGIN = RemoteJobOrigin(
    RemoteRepositoryOrigin(GrpcServerCodeLocationOrigin(host="127.0.0.1", port=1, location_name="none"), "none"), "_job"
)


@dg.job
def _job() -> None:
    """A run of nothing."""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """One for all tests of this file: a new one costs half a second."""
    with open_instance(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def submit(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags of the run once it is in the queue."""
    run = instance.create_run_for_job(_job, tags=tags, remote_job_origin=ORIGIN)
    # Submitting through the instance would want a code location; nothing of the queue asks for it.
    queued = instance.run_coordinator.submit_run(SubmitRunContext(run, workspace=None))  # type: ignore[arg-type]
    assert queued.status is dg.DagsterRunStatus.QUEUED
    return queued.tags


def test_newest_day_of_a_backfill_starts_first_and_people_come_before_sensors_before_backfills() -> None:
    queued = [
        {"dagster/partition": OLD, **BACKFILL},
        {"dagster/partition": NEW, **BACKFILL},
        {"dagster/partition": OLD, **SENSOR},
        {"dagster/partition": NEW, **SCHEDULE},
        {"dagster/partition": OLD},
        {"dagster/partition": NEW},
    ]
    priorities = [run_priority(tags) for tags in queued]
    assert None not in priorities
    assert priorities == sorted(priorities)
    assert priorities[1] < 0 < priorities[2], "a run without a day, which Dagster takes as 0, comes before backfills"


def test_run_over_a_range_is_as_new_as_its_last_day() -> None:
    assert run_priority({"dagster/asset_partition_range_end": NEW}) == run_priority({"dagster/partition": NEW})


@pytest.mark.parametrize("tags", [{}, {"dagster/partition": "BINANCE"}])
def test_run_without_a_day_has_no_priority_of_ours(tags: Mapping[str, str]) -> None:
    assert run_priority(tags) is None


def test_priority_is_tagged_as_a_run_enters_the_queue(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.run_coordinator, NewestDaysFirst)
    tags = {"dagster/partition": OLD, **BACKFILL}
    assert submit(instance, tags)["dagster/priority"] == str(run_priority(tags))


def test_priority_that_somebody_chose_is_kept(instance: dg.DagsterInstance) -> None:
    assert submit(instance, {"dagster/partition": OLD, "dagster/priority": "7"})["dagster/priority"] == "7"


def test_no_day_of_a_backfill_starts_before_all_are_in_the_queue(instance: dg.DagsterInstance) -> None:
    backfill = PartitionBackfill(
        backfill_id="abcdefgh",
        status=BulkActionStatus.REQUESTED,
        from_failure=False,
        tags={},
        backfill_timestamp=dt.datetime(2024, 8, 10, tzinfo=dt.UTC).timestamp(),
    )
    instance.add_backfill(backfill.with_submitting_run_requests([dg.RunRequest(partition_key=OLD)], ["a-run"]))
    held = {"key": "dagster/backfill", "value": "abcdefgh", "limit": 0}
    assert held in limits(instance)
    instance.update_backfill(backfill.with_submitting_run_requests([], []))
    assert held not in limits(instance)


def limits(instance: dg.DagsterInstance) -> list[Mapping[str, object]]:
    config = instance.get_concurrency_config().run_queue_config
    assert config is not None
    return list(config.tag_concurrency_limits)
