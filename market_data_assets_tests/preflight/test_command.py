"""`market-data plan` as a user runs it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from market_data_assets.catalog import TABLES
from market_data_assets.cli import app, main
from market_data_assets.cli.console import out
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import MarketDataError, QueryError, SettingsError
from market_data_assets.preflight.queries import QueryPlan
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.client.lakes import BTC, DAY, buckets, lake_at, write_buckets, write_instruments, write_trades

Plan = Callable[..., Result]
CANDLES_1M = CANDLES[Timeframe.parse("1m")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with one day's trades and candles, of which the candles are loaded. No plan changes it."""
    folder = tmp_path_factory.mktemp("plan")
    lake = lake_at(folder / "lake")
    write_instruments(lake, DAY, {str(BTC): "binance-futures"})
    write_trades(lake, DAY, {BTC: [("2024-08-08T12:00", 1, "buy", 1.0)]})
    write_buckets(lake, CANDLES_1M, DAY, {BTC: buckets(CANDLES_1M, BTC, ["2024-08-08T12:00"])})
    warehouse = EmbeddedWarehouse(folder / "lake/market_data_analytics", TABLES)
    warehouse.migrate()
    warehouse.replace_day(next(table for table in TABLES if table.name == "candles_1m"), lake.committed_day(CANDLES_1M, DAY))
    return folder


@pytest.fixture
def plan(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    for name, value in {"MDA_ROOT": str(folder / "lake"), "MDA_INSTRUMENTS": str(BTC)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(out, "width", 200)
    monkeypatch.chdir(folder)
    return lambda *arguments: CliRunner().invoke(app, ["plan", *arguments])


def test_a_plan_is_a_table_remarks_and_one_line(plan: Plan) -> None:
    done = plan("--from", "2024-08-07", "--to", "2024-08-09", "--rate", "6")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["tier", "partitions", "stored"]
    (raw,) = [line.split() for line in lines if line.startswith("raw_tick_data")]
    assert raw[1:3] == ["18", "1"]
    assert lines[-1].startswith("3 days, 3 to make, no vendor files, ~")
    assert "about 30 min at 6 days an hour" in lines[-1]
    assert lines[-1].endswith("no limit is exceeded")


def test_a_plan_as_json_has_its_verdict_and_every_table(plan: Plan) -> None:
    document = json.loads(plan("--from", "2024-08-08", "--data-types", "trades", "--json").stdout)
    assert document["to_make"] == ["2024-08-08"]
    assert len(document["tables"]) == 42
    (trades,) = [table for table in document["tables"] if table["name"] == "trades"]
    assert (trades["complete"], trades["missing"], trades["rows"]) == (1, 0, 0)
    assert document["seconds"] is None
    assert document["verdict"].startswith("1 day, 1 to make")


def test_a_plan_changes_no_file(plan: Plan, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    for arguments in (
        ("--from", "2024-08-08"),
        ("query", "SELECT count(*) FROM candles_1m"),
        ("read", "trades", str(BTC), "--from", "2024-08-08", "--to", "2024-08-09"),
    ):
        assert plan(*arguments).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_query_is_planned_by_the_warehouse(plan: Plan) -> None:
    assert plan("query", "SELECT close FROM candles_1m").stdout.endswith("to scan in the embedded warehouse, $0\n")
    found = json.loads(plan("query", "SELECT close FROM candles_1m", "--json").stdout)
    assert found["bytes"] > 0 == found["dollars"]
    assert found["limit_bytes"] is None
    assert isinstance(plan("query", "DELETE FROM candles_1m").exception, QueryError)


def test_a_read_is_planned_as_the_read_package_explains_it(plan: Plan) -> None:
    span = ("--from", "2024-08-08", "--to", "2024-08-09")
    assert plan("read", "candles_1m", str(BTC), *span).stdout.startswith("processed_candles/candles_1m: 1 instrument on 1 day, 1 rows")
    found = json.loads(plan("read", "trades", str(BTC), *span, "--json").stdout)
    assert (found["dataset"], found["files"], found["rows"], found["missing"]) == ("raw_tick_data/trades", 1, 1, [])
    assert found["offers"][0]["source"] == "lake"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("--to", "2024-08-09"), QueryError, "--from is missing"),
        (("--from", "2024-08-09", "--to", "2024-08-08"), QueryError, "lies before --from"),
        (("--from", "2010-01-01"), QueryError, "MDA_FIRST_DAY"),
        (("--from", "2024-08-08", "--data-types", "trade"), SettingsError, "allowed are trades"),
        (("--from", "2024-08-08", "--instruments", "BINANCE:PREP:*"), SettingsError, "PERP"),
    ],
)
def test_wrong_use_is_refused_with_what_is_allowed(
    plan: Plan, arguments: tuple[str, ...], error: type[MarketDataError], message: str
) -> None:
    with pytest.raises(error, match=message):
        raise plan(*arguments).exception or AssertionError("not refused")


def test_bigquery_bills_a_minimum_and_refuses_more_than_its_limit() -> None:
    small, large = QueryPlan(1, 10**9), QueryPlan(2 * 10**9, 10**9)
    assert small.dollars == pytest.approx(10 * 2**20 / 2**40 * 6.25)
    assert not small.is_refused
    assert str(large).endswith("over the limit of 1.0 GB a query: it would be refused")


@pytest.mark.parametrize("command", ["plan", "run"])
def test_days_that_are_no_partitions_are_refused_in_one_line(plan: Plan, command: str) -> None:
    for day, message in (("2999-01-01", "not over yet"), ("2001-01-01", "before the first day")):
        done = CliRunner().invoke(app, [command, "--from", day])
        assert isinstance(done.exception, QueryError)
        assert message in str(done.exception)


def test_a_plan_fits_a_narrow_terminal(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "width", 80)
    table, _, _ = plan("--from", "2024-08-07", "--to", "2024-08-08", "--rate", "6").stdout.partition("\n\n")
    assert "processed_book_snapshots" in table
    assert max(map(len, table.splitlines())) <= 80
    assert "…" not in table


def test_an_error_with_brackets_is_printed_as_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["market-data", "plan", "query", "SELECT [1, 2] FROM x[/red]"])
    monkeypatch.setenv("MDA_ROOT", str(folder / "lake"))
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "SELECT [1, 2] FROM x[/red]" in capsys.readouterr().err
