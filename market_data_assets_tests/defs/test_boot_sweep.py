"""Runs that were left behind, on real instances and with real processes."""

import datetime as dt
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, EngineEventData
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._daemon.types import DaemonHeartbeat

from market_data_assets.cli import main
from market_data_assets.defs.boot_sweep import daemon_is_alive, sweep_runs
from market_data_assets.defs.instance import open_instance
from market_data_assets.defs.run_launcher import WatchedRunLauncher
from market_data_assets.defs.run_workers import Worker, worker_of
from market_data_assets_tests.defs.test_run_queue import ORIGIN

STARTING, STARTED, CANCELING = dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING


@dg.job
def _job() -> None:
    """A run of nothing."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """One for all tests of this file: a new one costs half a second."""
    with open_instance(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture
def instance(shared: dg.DagsterInstance) -> Iterator[dg.DagsterInstance]:
    """Without the runs and the heartbeats of other tests."""
    yield shared
    for run in shared.get_runs():
        shared.delete_run(run.run_id)
    shared.wipe_daemon_heartbeats()


@pytest.fixture(scope="module")
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, pid: int | None = None, day: str = "2024-08-08") -> str:
    """A run in that status whose process is ``pid``."""
    run = instance.create_run_for_job(_job, status=status, tags={"dagster/partition": day})
    if pid is not None:
        instance.report_engine_event("Started process for run", run, EngineEventData.in_process(pid))
    return run.run_id


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def beat(instance: dg.DagsterInstance, seconds_ago: float) -> None:
    instance.add_daemon_heartbeat(DaemonHeartbeat(now().timestamp() - seconds_ago, "BACKFILL", "a-daemon"))


def test_run_whose_process_is_gone_fails_and_its_pool_is_free_again(instance: dg.DagsterInstance, dead: int) -> None:
    run_id = left(instance, STARTED, dead)
    log = instance.event_log_storage
    log.set_concurrency_slots("vendor", 1)
    log.claim_concurrency_slot("vendor", run_id, "trades")
    (swept,) = sweep_runs(instance, now())
    assert (swept.run_id, swept.became, swept.slots) == (run_id, "FAILURE", 1)
    assert str(swept) == f"run {run_id[:8]} of 2024-08-08 (_job) was STARTED, its process is gone: FAILURE, 1 pool slot(s) freed"
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE
    assert log.claim_concurrency_slot("vendor", "another-run", "trades").is_claimed
    assert sweep_runs(instance, now()) == []


def test_command_says_one_line_for_each_run(tmp_path: Path, dead: int, capsys: pytest.CaptureFixture[str]) -> None:
    with open_instance(tmp_path) as instance:
        run_id = left(instance, STARTED, dead)
    for line in (f"run {run_id[:8]} of 2024-08-08 (_job) was STARTED, its process is gone: FAILURE\n", ""):
        with pytest.raises(SystemExit) as ended:
            main(["sweep-runs", "--dagster-home", str(tmp_path)])
        assert (ended.value.code, capsys.readouterr().out) == (0, line)


def test_run_that_was_being_cancelled_is_cancelled(instance: dg.DagsterInstance, dead: int) -> None:
    run_id = left(instance, CANCELING, dead)
    sweep_runs(instance, now())
    assert status(instance, run_id) is dg.DagsterRunStatus.CANCELED


def test_run_whose_process_is_there_is_left_alone(instance: dg.DagsterInstance) -> None:
    left(instance, STARTED, os.getpid())
    assert sweep_runs(instance, now()) == []


def test_run_that_waits_to_start_is_left_alone(instance: dg.DagsterInstance) -> None:
    run = instance.create_run_for_job(_job, status=dg.DagsterRunStatus.QUEUED, remote_job_origin=ORIGIN)
    assert sweep_runs(instance, now()) == []
    assert status(instance, run.run_id) is dg.DagsterRunStatus.QUEUED


def test_run_that_named_no_process_is_swept_only_without_a_daemon(instance: dg.DagsterInstance) -> None:
    run_id = left(instance, STARTING)
    beat(instance, seconds_ago=5)
    assert daemon_is_alive(instance, now())
    assert sweep_runs(instance, now()) == []
    beat(instance, seconds_ago=300)
    assert not daemon_is_alive(instance, now())
    assert [swept.run_id for swept in sweep_runs(instance, now())] == [run_id]


def test_process_that_got_the_number_after_a_reboot_is_not_the_runs(instance: dg.DagsterInstance) -> None:
    run_id = left(instance, STARTED)
    an_hour_before_us = now().timestamp() - 3600 - float(Path("/proc/uptime").read_text().split()[0])
    facts = DagsterEvent("ENGINE_EVENT", "_job", message="", event_specific_data=EngineEventData.in_process(os.getpid()))
    entry = dg.EventLogEntry(
        error_info=None, level=20, user_message="", run_id=run_id, timestamp=an_hour_before_us, job_name="_job", dagster_event=facts
    )
    instance.handle_new_event(entry)
    assert worker_of(instance, run_id) is Worker.GONE


def test_launcher_reports_a_run_whose_process_is_gone_at_the_second_look(instance: dg.DagsterInstance, dead: int) -> None:
    assert looks(instance, left(instance, STARTED, dead)) == ["RUNNING", "FAILED"]


def test_launcher_leaves_a_run_whose_process_is_there(instance: dg.DagsterInstance) -> None:
    assert looks(instance, left(instance, STARTED, os.getpid())) == ["RUNNING", "RUNNING"]


def test_run_that_died_with_its_code_server_is_not_reported_before_that_is_back(instance: dg.DagsterInstance, dead: int) -> None:
    run_id = left(instance, STARTED, dead)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = {"host": "127.0.0.1", "port": nobody.getsockname()[1]}
        instance.add_run_tags(run_id, {GRPC_INFO_TAG: json.dumps(address)})
        assert looks(instance, run_id) == ["RUNNING", "RUNNING"]


def looks(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """What run monitoring is told at two looks one after the other."""
    launcher, run = instance.run_launcher, instance.get_run_by_id(run_id)
    assert isinstance(launcher, WatchedRunLauncher)
    assert launcher.supports_check_run_worker_health
    assert run is not None
    return [launcher.check_run_worker_health(run).status.value for _ in range(2)]
