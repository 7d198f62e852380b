"""Backfills as they are asked for: which assets, how they are stored in the instance, and what the command says."""

import datetime as dt
import fcntl
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus
from dagster._daemon.types import DaemonHeartbeat

from market_data_assets.cli import main
from market_data_assets.definitions import build_definitions
from market_data_assets.defs.backfills import cancel_backfill, failed_days, find_backfill, progress_of, select_assets, submit_backfill
from market_data_assets.defs.instance import open_instance
from market_data_assets.errors import QueryError
from market_data_assets_tests.defs.runs import settings_at

DAYS = [dt.date(2024, 8, 8), dt.date(2024, 8, 9)]


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(settings_at(tmp_path_factory.mktemp("lake")))


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """One for all tests of this file: a new one costs half a second."""
    with open_instance(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@dg.job
def _job() -> None:
    """A run of nothing."""


def run_of(instance: dg.DagsterInstance, backfill_id: str, day: dt.date, status: dg.DagsterRunStatus) -> None:
    instance.create_run_for_job(_job, status=status, tags={"dagster/backfill": backfill_id, "dagster/partition": day.isoformat()})


def submitted(definitions: dg.Definitions, instance: dg.DagsterInstance) -> str:
    return submit_backfill(definitions, instance, DAYS, select_assets(definitions, None, []), {})


def test_whole_graph_is_every_daily_asset(definitions: dg.Definitions) -> None:
    keys = {key.to_user_string() for key in select_assets(definitions, None, [])}
    assert {"raw_tick_data/trades", "processed_candles/candles_15s", "market_data_analytics/candles_1m", "mft_features/features_1h"} <= keys
    assert not {key for key in keys if key.startswith("views/")}


def test_job_groups_and_assets_are_put_together(definitions: dg.Definitions) -> None:
    keys = select_assets(definitions, "warehouse", ["raw_tick_data/trades", "mft_features"])
    groups = {key.path[0] for key in keys}
    assert groups == {"market_data_analytics", "raw_tick_data", "mft_features"}
    assert len(keys) == 14 + 1 + 6


@pytest.mark.parametrize(
    ("job", "names", "message"),
    [
        (None, ["raw_tick_dat"], "did you mean raw_tick_data"),
        (None, ["views"], "is not made by day"),
        ("dayly", [], "did you mean daily"),
        ("views", [], "is not made by day"),
    ],
)
def test_what_no_backfill_can_make_is_refused(definitions: dg.Definitions, job: str | None, names: Sequence[str], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        select_assets(definitions, job, names)


def test_request_is_one_that_the_daemon_takes(definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    keys = select_assets(definitions, None, ["raw_tick_data"])
    backfill_id = submit_backfill(definitions, instance, DAYS, keys, {"instruments": ["BINANCE:PERP:*"], "refresh": True})
    stored = find_backfill(instance, backfill_id)
    assert stored.run_config == {"resources": {"selection": {"config": {"instruments": ["BINANCE:PERP:*"], "refresh": True}}}}
    data = stored.get_asset_backfill_data(definitions.resolve_asset_graph())
    assert sorted(data.get_partition_names() or []) == [day.isoformat() for day in DAYS]
    assert set(data.target_subset.asset_keys) == set(keys)
    standing = progress_of(instance, backfill_id)
    assert (standing.status, standing.ended, standing.days_done) == ("REQUESTED", False, 0)


def test_day_whose_retry_succeeded_has_not_failed(definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    backfill_id = submitted(definitions, instance)
    for day, status in ((DAYS[0], "FAILURE"), (DAYS[0], "SUCCESS"), (DAYS[1], "FAILURE")):
        run_of(instance, backfill_id, day, dg.DagsterRunStatus[status])
    assert failed_days(instance, backfill_id) == [DAYS[1].isoformat()]
    standing = progress_of(instance, backfill_id)
    assert (standing.days_done, standing.runs_failed) == (1, 2)


def test_backfill_can_be_cancelled_once(definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    backfill_id = submitted(definitions, instance)
    cancel_backfill(instance, backfill_id)
    assert find_backfill(instance, backfill_id).status is BulkActionStatus.CANCELING
    instance.update_backfill(find_backfill(instance, backfill_id).with_status(BulkActionStatus.CANCELED))
    with pytest.raises(QueryError, match="has ended: CANCELED"):
        cancel_backfill(instance, backfill_id)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the settings of a deployment in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MDA_ROOT", str(tmp_path / "lake"))
    return tmp_path / "home"


def market_data(home: Path, *arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--dagster-home", str(home)])
    return int(str(ended.value.code))


def test_command_says_that_nobody_works_on_the_backfill_yet(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("backfill", "--from", "2024-08-08", "--to", "2024-08-09")
    assert market_data(machine, *asked, "--json") == 0
    captured = capsys.readouterr()
    facts = json.loads(captured.out)
    assert (facts["days"], facts["daemon"]) == (2, False)
    assert "no daemon runs on" in captured.err
    assert market_data(machine, *asked, "--wait") == 2
    assert "--wait would never end" in capsys.readouterr().err
    assert market_data(machine, "backfill", "list", "--json") == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["backfill"] for each in listed] == [facts["backfill"]], "the refused one was not stored"
    assert market_data(machine, "backfill", "cancel", facts["backfill"]) == 0


def test_command_that_waits_exits_with_1_when_the_backfill_failed(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_instance(machine) as instance:
        instance.add_daemon_heartbeat(DaemonHeartbeat(dt.datetime.now(dt.UTC).timestamp(), "BACKFILL", "a-daemon"))
        add = dg.DagsterInstance.add_backfill

        def end_at_once(stored: dg.DagsterInstance, backfill: object) -> None:
            """What a daemon does in the end."""
            add(stored, backfill)  # type: ignore[arg-type]
            (newest,) = stored.get_backfills()
            run_of(stored, newest.backfill_id, DAYS[0], dg.DagsterRunStatus.FAILURE)
            stored.update_backfill(newest.with_status(BulkActionStatus.COMPLETED_FAILED))

        monkeypatch.setattr(dg.DagsterInstance, "add_backfill", end_at_once)
        assert market_data(machine, "backfill", "--from", "2024-08-08", "--wait", "--json") == 1
        ended = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (ended["status"], ended["failed"]) == ("COMPLETED_FAILED", ["2024-08-08"])


def test_port_that_is_taken_is_said_in_one_line(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket  # noqa: PLC0415

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert market_data(machine, "ui", "--port", str(port)) == 2
    assert (
        capsys.readouterr().err
        == f"error: port {port} on 127.0.0.1 cannot be used (Address already in use); choose another one with --port\n"
    )
    assert not machine.exists()


def test_second_ui_on_a_home_is_refused(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine.mkdir()
    with (machine / "ui.lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert market_data(machine, "ui", "--port", "1") == 2
    assert "market-data ui runs already on" in capsys.readouterr().err
