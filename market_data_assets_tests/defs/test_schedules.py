import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.definitions import build_definitions
from market_data_assets_tests.defs.runs import settings_at
from market_data_assets_tests.defs.sensors.ticking import add_run

YESTERDAY = dt.date(2024, 8, 8)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> dg.RepositoryDefinition:
    return build_definitions(settings_at(tmp_path_factory.mktemp("schedules"), first_day="2024-07-15")).get_repository_def()


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """On the disk, since a schedule opens the instance itself; every test is about days of its own."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("instance"))) as made:
        yield made


def tick(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, name: str, at: dt.datetime) -> dg.RunRequest | str:
    """The one run that is asked for, or why none is."""
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=at, repository_def=repository) as context:
        done = repository.get_schedule_def(name).evaluate_tick(context)
    requests = done.run_requests or []
    assert len(requests) + (done.skip_message is not None) == 1
    return requests[0] if requests else str(done.skip_message)


def daily(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, yesterday: dt.date) -> dg.RunRequest | str:
    at = dt.datetime.combine(yesterday + dt.timedelta(days=1), dt.time(7), dt.UTC)
    return tick(repository, instance, "daily_at_seven", at)


def monthly(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, month: int) -> dg.RunRequest | str:
    return tick(repository, instance, "monthly_views", dt.datetime(2024, month, 2, 8, tzinfo=dt.UTC))


def test_at_seven_utc_yesterday_is_asked_for_once(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> None:
    schedule = repository.get_schedule_def("daily_at_seven")
    assert (schedule.cron_schedule, schedule.execution_timezone, schedule.job_name) == ("0 7 * * *", "UTC", "daily")
    request = daily(repository, instance, YESTERDAY)
    assert isinstance(request, dg.RunRequest)
    assert (request.run_key, request.partition_key) == ("2024-08-08", "2024-08-08")
    assert request.tags["market_data/trigger"] == "daily_at_seven"


@pytest.mark.parametrize(
    ("day", "status"),
    [(10, dg.DagsterRunStatus.NOT_STARTED), (11, dg.DagsterRunStatus.STARTED), (12, dg.DagsterRunStatus.SUCCESS)],
)
def test_a_day_that_is_asked_for_already_is_left_alone(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, day: int, status: dg.DagsterRunStatus
) -> None:
    run = add_run(instance, YESTERDAY.replace(day=day), status)
    assert daily(repository, instance, YESTERDAY.replace(day=day)) == f"2024-08-{day}: run {run} of the daily job is {status.value.lower()}"


def test_other_runs_of_the_day_do_not_stand_for_it(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> None:
    day = YESTERDAY.replace(day=20)
    add_run(instance, day, dg.DagsterRunStatus.FAILURE)
    add_run(instance, day, dg.DagsterRunStatus.SUCCESS, job="candles")
    add_run(instance, day, dg.DagsterRunStatus.SUCCESS, instruments=["BINANCE:SPOT_PAIR:BTC-USDT"])
    add_run(instance, day - dt.timedelta(days=1), dg.DagsterRunStatus.SUCCESS)
    assert isinstance(daily(repository, instance, day), dg.RunRequest)


def test_nothing_is_asked_for_before_the_first_day(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> None:
    at = dt.datetime(2024, 7, 15, 7, tzinfo=dt.UTC)
    assert tick(repository, instance, "daily_at_seven", at) == "2024-07-14 lies before the first day, 2024-07-15"
    assert monthly(repository, instance, 7) == "2024-06 lies before the first day, 2024-07-15"


def test_on_the_second_the_views_of_last_month_are_asked_for(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> None:
    request = monthly(repository, instance, 9)
    assert isinstance(request, dg.RunRequest)
    assert (request.run_key, request.partition_key) == ("2024-08-01", "2024-08-01")


def test_automation_switches_everything_on_and_nothing_is_on_without_it(tmp_path: Path) -> None:
    for value, is_on in (("true", True), ("false", False)):
        made = build_definitions(settings_at(tmp_path, automation=value)).get_repository_def()
        assert made.schedule_defs
        assert made.sensor_defs
        assert {each.default_status.value == "RUNNING" for each in (*made.schedule_defs, *made.sensor_defs)} == {is_on}


def test_jobs_are_pinned_and_describe_themselves(repository: dg.RepositoryDefinition) -> None:
    jobs = {job.name: job for job in repository.get_all_jobs() if not job.name.startswith("__")}
    expected = {"daily", "ingest", "candles", "warehouse", "features", "rebuild", "repair", "missing_data", "views"}
    assert set(jobs) == expected
    assert all(job.description and job.partitions_def is not None and "market_data/cost" in job.run_tags for job in jobs.values())
    assert {name: _groups(job) for name, job in jobs.items() if name not in {"daily", "rebuild", "repair", "missing_data"}} == {
        "ingest": {"instrument_availability", "raw_tick_data", "missing_data_reports"},
        "candles": {"processed_candles", "processed_book_snapshots"},
        "warehouse": {"market_data_analytics"},
        "features": {"mft_features"},
        "views": {"views"},
    }
    assert "missing_data_reports" in _groups(jobs["missing_data"])
    assert _groups(jobs["rebuild"]) >= {"processed_candles", "processed_book_snapshots", "market_data_analytics", "mft_features"}
    assert _groups(jobs["repair"]) >= {"raw_tick_data", "missing_data_reports", *_groups(jobs["rebuild"])}
    assert _groups(jobs["rebuild"]).isdisjoint({"raw_tick_data", "instrument_availability", "views"})
    assert _groups(jobs["repair"]).isdisjoint({"instrument_availability", "views"})


def test_sensors_describe_themselves_and_take_their_time(repository: dg.RepositoryDefinition) -> None:
    for sensor in repository.sensor_defs:
        assert sensor.description, sensor.name


def _groups(job: dg.JobDefinition) -> set[str]:
    layer = job.asset_layer
    return {layer.asset_graph.get(key).group_name for key in layer.executable_asset_keys}
