"""The command line as a user runs it: a process of its own, its output, its exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from market_data_assets.assembly.deliveries import find_missing
from market_data_assets.catalog import DATASETS
from market_data_assets.cli.scoping import unmatched_patterns
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.report.dictionary import data_dictionary
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, lake_at, write_instruments, write_trades
from market_data_assets_tests.faults.http_server import Answer, serving

CANARY = "canary-5f1d7c2e"


def market_data(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `market-data` with everything it writes below ``folder``."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MDA_", "DAGSTER_"))}
    variables = {**clean, "MDA_ROOT": str(folder / "lake"), "MDA_WORKERS": "2", "COLUMNS": "200", **(environment or {})}
    command = [str(Path(sys.executable).with_name("market-data")), *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=240, check=False)


def test_run_materializes_a_day_and_ends_with_a_table(tmp_path: Path) -> None:
    done = market_data(tmp_path, "run", "--from", "2024-08-08", "--instruments", "BINANCE:FUTURE:*")
    assert done.returncode == 0, done.stdout + done.stderr
    tiers = ("instrument_availability", "raw_tick_data", "processed_candles", "processed_book_snapshots", "market_data_analytics")
    assert all(any(tier in line and "ok" in line for line in done.stdout.splitlines()) for tier in tiers), done.stdout
    assert (tmp_path / "lake/market_data_analytics/candles_1m/day-2024-08-08.parquet").is_file()
    assert done.stderr == ""


def test_pattern_that_matches_no_instrument_is_told(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    write_instruments(lake, DAY, {str(BTC): "binance-futures"})
    patterns = ["BINANCE:PERP:*", "BINANCE:PERP:NOPE-USDT"]
    assert unmatched_patterns(lake, [DAY, NEXT_DAY], patterns) == patterns[1:]


def test_refused_key_fails_the_run_and_is_written_nowhere(tmp_path: Path) -> None:
    with serving() as server:
        for path in ("/v1/exchanges/binance", "/v1/instruments/binance"):
            server.script(path, Answer(b"no", 401))
        done = market_data(
            tmp_path,
            *("run", "--from", "2024-08-08", "--dagster-home", str(tmp_path / "home")),
            environment={
                "MDA_SOURCE": "tardis",
                "MDA_VENUES": "binance",
                "MDA_TARDIS_DATASETS_URL": server.url,
                "MDA_TARDIS_API_URL": server.url,
                "MDA_TARDIS_API_KEY": CANARY,
            },
        )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "AuthError" in done.stdout
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in written)
    assert CANARY not in done.stdout + done.stderr
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (("run", "--from", "yesterday"), {}, "day 'yesterday': expected YYYY-MM-DD"),
        (("run", "--from", "2024-08-09", "--to", "2024-08-08"), {}, "lies before --from"),
        (("run", "--from", "2024-08-08"), {"MDA_SOURCE": "tradis"}, "did you mean tardis?"),
        (("run", "--from", "2024-08-08"), {"MDA_ROOTS": "x"}, "did you mean MDA_ROOT"),
        (("run", "--from", "2024-08-08", "--instruments", "BINANCE:PREP:*"), {}, "PERP"),
        (("coverage", "--from", "2024-08-08", "--data-type", "trade"), {}, "expected one of trades, book_snapshot_5"),
        (("coverage", "--from", "2024-08-09", "--to", "2024-08-08"), {}, "lies before --from"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_two(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    done = market_data(tmp_path, *arguments, environment=environment)
    assert done.returncode == 2, done.stdout + done.stderr
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of twelve days on which half of what was expected is missing."""
    folder = tmp_path_factory.mktemp("reported")
    lake = lake_at(folder / "lake")
    for number in range(1, 13):
        day = DAY.replace(day=number)
        write_instruments(lake, day, {str(BTC): "binance-futures", str(ETH): "binance-futures"})
        write_trades(lake, day, {BTC: [(f"2024-08-{number:02}T{hour:02}:00", hour, "buy", 1.0) for hour in range(24)]})
        lake.write_table(MISSING_REPORT, day, TableFrame(find_missing(lake, lake.read_table(INSTRUMENTS, day), day, 1)))
    return folder


def test_coverage_is_a_heat_map_that_fits_the_terminal(reported: Path) -> None:
    done = market_data(reported, "coverage", "--from", "2024-08-01", "--to", "2024-08-12", environment={"COLUMNS": "100"})
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert all(done.stdout.count(f"08-{day:02}") == 1 for day in range(1, 13))
    assert done.stdout.count("BINANCE PERP trades") == done.stdout.count("Coverage, % of the listed time")
    lines = market_data(reported, "coverage", "--from", "2024-08-08", "--instruments").stdout.splitlines()
    assert [line.split()[:2] for line in lines[-2:]] == [[str(BTC), "trades"], [str(ETH), "trades"]]
    assert lines[-1].split()[-1] == "0.0"


def test_coverage_as_json_is_a_line_per_day_instrument_and_data_type(reported: Path) -> None:
    done = market_data(reported, "coverage", "--from", "2024-08-08", "--to", "2024-08-09", "--data-type", "trades", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["day"], row["instrument_id"], row["data_type"]) for row in rows] == [
        (day, str(each), "trades") for day in ("2024-08-08", "2024-08-09") for each in (BTC, ETH)
    ]
    assert [row["share"] == 0 for row in rows] == [False, True] * 2


def test_coverage_of_days_without_a_report_says_so(reported: Path) -> None:
    done = market_data(reported, "coverage", "--from", "2024-09-01")
    assert (done.returncode, done.stdout) == (0, "no report of what is missing is stored for these days; run them first\n")


def test_dictionary_is_the_one_of_the_records(tmp_path: Path) -> None:
    assert market_data(tmp_path, "dictionary").stdout == data_dictionary(DATASETS)
