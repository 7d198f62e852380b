"""A backfill through real services, all of which are killed while it runs: it completes, and every day is what it would have been."""

import datetime as dt
import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.defs.backfills import failed_days, progress_of, select_assets
from market_data_assets.defs.boot_sweep import sweep_runs
from market_data_assets.defs.instance import open_instance
from market_data_assets_tests.daemon.backfilled import Deployment, kill_worker, worker_process
from market_data_assets_tests.daemon.services import Services, services_at, wait_until

# A year apart, so that no day reads another one's ticks or candles and one pass makes them final, whatever the order.
DAYS = [dt.date(2023, 8, 8), dt.date(2024, 8, 8)]
ASSETS = ["instrument_availability/instruments", "raw_tick_data/trades", "processed_candles/candles_1h", "market_data_analytics/candles_1h"]
FIRST_OF_THIRTY = dt.date(2024, 8, 1)
# Ample: the services share a machine with other tests.
PATIENCE = 400.0


@pytest.mark.timeout(600)
def test_backfill_completes_though_worker_code_server_and_daemon_are_killed(tmp_path: Path) -> None:
    disturbed, undisturbed = Deployment(tmp_path / "disturbed", "trades"), Deployment(tmp_path / "undisturbed", "trades")
    home = disturbed.folder / "home"
    keys = select_assets(disturbed.definitions, None, ASSETS)
    with open_instance(home) as instance, services_at(home, disturbed.environment) as services:
        services.start("code", "web")
        backfill = services.launch_backfill(keys, list(map(str, DAYS)))
        services.start("daemon")
        first = started(instance, [])
        assert day_of(instance, first) == str(DAYS[-1]), "the newest day is the first"
        kill_worker(instance, first)
        second = started(instance, [first])
        services.kill("daemon")
        services.kill("code")
        services.start("code")
        sweep_runs(instance, dt.datetime.now(dt.UTC))
        services.start("daemon")
        wait_until(lambda: progress_of(instance, backfill).ended, "end of the backfill", PATIENCE)
        assert progress_of(instance, backfill).succeeded, services.log("daemon")
        assert instance.get_run_by_id(second) is not None
        assert not left_behind(instance)
    undisturbed.materialize(DAYS, keys)
    assert disturbed.hashes(DAYS) == undisturbed.hashes(DAYS)
    assert len(disturbed.hashes(DAYS)) >= len(DAYS) * 3, "instruments, trades and candles"
    assert disturbed.findings() == undisturbed.findings(), "nothing is damaged, half committed or missing in the warehouse"


@pytest.mark.long
@pytest.mark.skipif("BACKFILL_KILL_DAYS" not in os.environ, reason="takes forty minutes; set BACKFILL_KILL_DAYS=30, see CONTRIBUTING")
@pytest.mark.timeout(3 * 3600)
def test_long_backfill_of_the_whole_graph_completes_though_services_are_killed_at_random(tmp_path: Path) -> None:
    chance = random.Random(int(os.environ.get("BACKFILL_KILL_SEED", "1")))
    days = [FIRST_OF_THIRTY + dt.timedelta(days=number) for number in range(int(os.environ["BACKFILL_KILL_DAYS"]))]
    types = "trades,book_snapshot_5"
    disturbed, undisturbed = Deployment(tmp_path / "disturbed", types), Deployment(tmp_path / "undisturbed", types)
    home = disturbed.folder / "home"
    keys = select_assets(disturbed.definitions, None, [])
    with open_instance(home) as instance, services_at(home, disturbed.environment) as services:
        services.start("code", "web")
        backfill = services.launch_backfill(keys, list(map(str, days)))
        services.start("daemon")
        kills = disturb(instance, services, chance, lambda: progress_of(instance, backfill).ended)
        say(f"first pass with {kills} kills: {progress_of(instance, backfill)}, failed: {failed_days(instance, backfill)}")
        # Days whose retry was killed too are made by asking again.
        if failed := failed_days(instance, backfill):
            backfill = services.launch_backfill(keys, failed)
            wait_until(lambda: progress_of(instance, backfill).ended, "end of the backfill", 3600)
        assert progress_of(instance, backfill).succeeded, services.log("daemon")
        assert not left_behind(instance)
    # Newest first, each day was made before the ticks and candles of the days before it were there.
    disturbed.materialize(days, keys)
    # Once for the ticks of all days, once to compute from them.
    undisturbed.materialize(days, keys)
    undisturbed.materialize(days, keys)
    assert disturbed.hashes(days) == undisturbed.hashes(days)
    assert disturbed.findings() == undisturbed.findings(), "nothing is damaged, half committed or missing in the warehouse"


def disturb(instance: dg.DagsterInstance, services: Services, chance: random.Random, ended: Callable[[], bool]) -> int:
    """Kill one of the three every minute or so until the backfill has ended, and start it again as a supervisor would."""
    kills = 0
    while not ended():
        time.sleep(chance.uniform(10, 60))
        victim = chance.choice(["worker", "daemon", "code"])
        if victim == "worker":
            running = [run.run_id for run in in_progress(instance) if worker_process(instance, run.run_id)]
            if running:
                kill_worker(instance, chance.choice(running))
        else:
            services.kill(victim)
            time.sleep(chance.uniform(0, 10))
            sweep_runs(instance, dt.datetime.now(dt.UTC))
            services.start(victim)
        kills += 1
    return kills


def started(instance: dg.DagsterInstance, known: Sequence[str]) -> str:
    """The first run, other than those known, whose process is there."""

    def found() -> str | None:
        return next((run.run_id for run in in_progress(instance) if run.run_id not in known and worker_process(instance, run.run_id)), None)

    run_id = wait_until(found, "run in progress", PATIENCE)
    assert run_id is not None
    return run_id


def in_progress(instance: dg.DagsterInstance) -> Sequence[dg.DagsterRun]:
    return instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))


def left_behind(instance: dg.DagsterInstance) -> Sequence[dg.DagsterRun]:
    waiting = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    return instance.get_runs(dg.RunsFilter(statuses=waiting))


def day_of(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.tags["dagster/partition"]


def say(line: str) -> None:
    """For whoever runs the long version with -s."""
    print(line, flush=True)  # noqa: T201
