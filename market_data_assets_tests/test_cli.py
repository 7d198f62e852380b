"""The command line as a user runs it: a process of its own, its output, its exit code."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

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
    ],
)
def test_wrong_use_is_one_line_and_exit_code_two(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    done = market_data(tmp_path, *arguments, environment=environment)
    assert done.returncode == 2, done.stdout + done.stderr
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
