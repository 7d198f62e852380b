"""`market-data fsck`, `stale`, `migrate` and `doctor` as a user runs them: what they print, and their exit codes."""

import json
import tempfile

import pytest
from typer.testing import CliRunner, Result

from market_data_assets.cli import app
from market_data_assets.cli.console import out
from market_data_assets.errors import QueryError
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets_tests.storage.by_hand import NAME, PREFIX, put_by_hand, remove_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, START, frame, frames
from market_data_assets_tests.upkeep.conftest import filled
from market_data_assets_tests.upkeep.lakes import TRADES


@pytest.fixture
def root(objects, tmp_path, monkeypatch):
    """A deployment whose lake holds a day of everything."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MDA_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("MDA_WORKERS", "1")
    monkeypatch.setattr(out, "_width", 160)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    return filled(LocalStore(tmp_path / "lake"), objects)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def lines(result: Result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_migrate_says_what_it_would_do_does_it_and_has_nothing_left_to_do(root):
    planned = run("migrate", "--dry-run").stdout
    assert "would change  candles_1m: create the table" in planned
    assert planned.replace("would change", "changed") == run("migrate").stdout
    assert run("migrate").stdout == "every table of the embedded warehouse is as its record says\n"
    assert lines(run("migrate", "--json")) == []


def test_fsck_of_a_lake_that_is_not_loaded_names_the_day_and_ends_with_one(root):
    run("migrate")
    result = run("fsck", "--json")
    [finding, summary] = lines(result)
    assert (finding["kind"], finding["day"], finding["severity"]) == ("not_loaded", str(DAY), "unfinished")
    assert summary == {"summary": {"partitions": 4, "counts": {"not_loaded": 1}, "repaired": [], "swept": 0}}
    assert result.exit_code == 1


def test_fsck_shows_each_finding_with_its_remedy_and_repairs(root):
    remove_by_hand(root, NAME)
    put_by_hand(root, PREFIX + "_SUCCESS", b"of another commit\n")
    shown = run("fsck", "--dataset", "trades")
    assert shown.exit_code == 1
    assert f"file_missing  raw_tick_data/trades  {DAY}  {BTC}" in shown.stdout
    assert f"remedy    market-data run --from {DAY} --instruments {BTC}" in shown.stdout
    assert "1 partitions looked at: not clean" in shown.stdout
    root.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}))
    clean = run("fsck", "--dataset", "options_chain", "--deep", "--repair")
    assert (clean.exit_code, clean.stdout) == (0, "1 partitions looked at: clean\n")


def test_stale_prints_ranges_and_the_command_that_makes_them_again(root):
    assert run("stale", "--dataset", "raw_tick_data").exit_code == 0
    root.write_day(TRADES, frames({BTC: frame([START + 7])}))
    result = run("stale", "--dataset", "candles_1m")
    assert result.exit_code == 1
    assert "input_changed" in result.stdout
    assert f"    market-data run --from {DAY}\n" in result.stdout
    [stale] = [line for line in lines(run("stale", "--json")) if line["dataset"] == "processed_candles/candles_1m"]
    assert "input_changed" in {reason["cause"] for reason in stale["reasons"]}


def test_doctor_prints_a_line_for_each_check_and_writes_only_when_told(root):
    results = lines(run("doctor", "--json"))
    assert {result["name"]: result["status"] for result in results}["store_move"] == "skipped"
    shown = run("doctor")
    assert shown.exit_code == 0
    assert "lake_readable" in shown.stdout
    assert "only with --write-probe" in shown.stdout


def test_doctor_fails_where_a_check_does(root, monkeypatch, tmp_path):
    monkeypatch.setenv("MDA_SOURCE", "binance_vision")
    monkeypatch.setenv("MDA_BINANCE_VISION_URL", str(tmp_path / "none"))
    result = run("doctor", "--json")
    assert result.exit_code == 1
    assert lines(result)[-1]["status"] == "fail"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fsck", "--dataset", "trade"), "did you mean trades"),
        (("stale", "--from", "yesterday"), "expected YYYY-MM-DD"),
        (("fsck", "--from", "2024-08-09", "--to", "2024-08-08"), "lies before --from"),
    ],
)
def test_wrong_use_is_an_error_that_says_what_is_right(root, arguments, message):
    result = run(*arguments)
    assert isinstance(result.exception, QueryError)
    assert message in str(result.exception)
