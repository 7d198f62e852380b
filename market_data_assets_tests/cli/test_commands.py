"""What every command has in common: one-line errors, exit codes, help, completion, a light start."""

import fcntl
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from market_data_assets.cli import app
from market_data_assets.cli.completion import complete_data_type, complete_dataset, complete_day, complete_readable, complete_venue
from market_data_assets.cli.exits import EXIT_CODES, exit_code
from market_data_assets.cli.manual import reference
from market_data_assets.errors import AuthError, PartitionMissing, QueryError, SettingsError, StorageFailed
from market_data_assets_tests.cli.conftest import MarketDataCommand
from market_data_assets_tests.client.lakes import BTC, DAY

ROOT = Path(__file__).parents[2]
MARKET_DATA = Path(sys.executable).with_name("market-data")


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "message"),
    [
        (("rum",), {}, 2, "Did you mean 'run'?; see market-data --help"),
        (("run", "--form", "2024-08-08"), {}, 2, "see market-data run --help"),
        (("run", "--from", "yesterday"), {}, 2, "day 'yesterday': expected YYYY-MM-DD"),
        (("run", "--from", "2024-08-09", "--to", "2024-08-08"), {}, 2, "lies before --from"),
        (("run", "--from", "2999-01-01"), {}, 2, "is not over yet"),
        (("run", "--from", "2024-08-08"), {"MDA_SOURCE": "tradis"}, 2, "did you mean tardis?"),
        (("run", "--from", "2024-08-08"), {"MDA_ROOTS": "x"}, 2, "did you mean MDA_ROOT"),
        (("run", "--from", "2024-08-08", "--instruments", "BINANCE:PREP:*"), {}, 2, "PERP"),
        (("coverage", "--from", "2024-08-08", "--data-type", "trade"), {}, 2, "expected one of trades, book_snapshot_5"),
        (("coverage", "--from", "2024-08-09", "--to", "2024-08-08"), {}, 2, "lies before --from"),
        (("fsck", "--dataset", "candles_2m"), {}, 2, "did you mean candles_5m"),
        (("stale", "--from", "08-08"), {}, 2, "expected YYYY-MM-DD"),
        (("plan", "query", "DROP TABLE candles_1m"), {}, 2, "SELECT"),
        (("plan",), {"MDA_ROOT": ""}, 2, ""),
        (("instruments", "2024-08-08"), {}, 3, "nothing stored for 2024-08-08"),
        (("missing", "2024-08-08"), {}, 3, "nothing stored for 2024-08-08"),
        (("quality", "2024-08-08"), {}, 3, "nothing stored for 2024-08-08"),
        (("migrate",), {"MDA_ROOT": "/proc/nowhere"}, 3, "cannot be written"),
    ],
)
def test_an_error_is_one_line_that_names_what_was_expected(
    market_data: MarketDataCommand, arguments: tuple[str, ...], environment: dict[str, str], code: int, message: str
) -> None:
    done = market_data(*arguments, **environment)
    assert done.code == code, done
    assert message in done.err
    assert done.err.count("\n") == (1 if message else 0)


def test_an_instance_that_cannot_be_used_is_one_line(market_data: MarketDataCommand, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = market_data("run", "--from", "2024-08-08", "--dagster-home", "file/home")
    assert (done.code, done.err) == (3, "error: --dagster-home file/home: cannot be used (Not a directory)\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (QueryError("x"), 2),
        (SettingsError("x"), 2),
        (PartitionMissing("trades", DAY), 3),
        (StorageFailed("x"), 3),
        (AuthError("x"), 3),
    ],
)
def test_wrong_use_and_what_is_not_possible_now_have_codes_of_their_own(error: Any, code: int) -> None:
    assert exit_code(error) == code


def test_no_days_stored_is_no_error_where_there_is_simply_nothing_to_look_at(market_data: MarketDataCommand) -> None:
    assert market_data("stale").code == 0
    done = market_data("coverage", "--from", "2024-08-08")
    assert (done.code, done.out) == (0, "no report of what is missing is stored for these days; run them first\n")


def test_version_is_one_line(market_data: MarketDataCommand) -> None:
    done = market_data("--version")
    assert done.code == 0
    assert done.out.startswith("market-data ")
    assert len(done.lines) == 1


def commands() -> dict[str, Any]:
    """Every command that the help shows, by its path."""
    root: Any = typer.main.get_command(app)

    def below(command: Any, path: str) -> dict[str, Any]:
        found = {}
        for name, each in getattr(command, "commands", {}).items():
            if not each.hidden:
                found |= {f"{path} {name}": each} | below(each, f"{path} {name}")
        return found

    return below(root, "market-data")


def test_every_command_says_what_it_does_and_is_in_a_panel() -> None:
    for path, command in commands().items():
        assert command.help, path
        assert path.count(" ") > 1 or command.rich_help_panel in {"Make", "Read", "Look after", "Machine"}, path
        assert all(parameter.help for parameter in command.params), path


def test_the_help_of_all_begins_with_what_makes_days_and_ends_with_the_exit_codes() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    places = [shown.index(f" {panel} ─") for panel in ("Make", "Read", "Look after", "Machine")]
    assert places == sorted(places)
    assert all(f"{code}  {meaning}" in shown for code, meaning in EXIT_CODES.items())


def test_the_reference_in_the_docs_is_of_these_commands() -> None:
    text = (ROOT / "docs/command_line.md").read_text(encoding="utf-8")
    for path, command in commands().items():
        assert f"### `{path}`" in text, f"{path}: run make docs"
        assert all(f"`{name}`" in text for parameter in command.params for name in parameter.opts if name.startswith("--")), path
    assert text == reference(), "run make docs"


def test_the_shell_completes_names_that_exist_and_days_that_are_stored(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDA_ROOT", stored)
    assert complete_day("2024-08") == ["2024-08-09", "2024-08-08"]
    assert complete_venue("bin") == ["BINANCE"]
    assert complete_data_type("book") == ["book_snapshot_5", "book_snapshot_25"]
    assert "candles_15s" in complete_readable("candles")
    assert "processed_candles" in complete_dataset("processed")
    monkeypatch.setenv("MDA_SOURCE", "no such")
    assert complete_day("") == []


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


def test_starting_imports_nothing_heavy() -> None:
    heavy = ("pydantic", "numpy", "pyarrow", "pandas", "polars", "numba", "dagster", "duckdb", "httpx")
    done = run_python(f"import sys, market_data_assets.cli; print([name for name in {heavy} if name in sys.modules])")
    assert done.stdout == "[]\n", done.stderr


def test_the_shell_asks_for_completions_without_importing_dagster() -> None:
    variables = {**os.environ, "_MARKET_DATA_COMPLETE": "complete_bash", "COMP_WORDS": "market-data read cand", "COMP_CWORD": "2"}
    done = subprocess.run([MARKET_DATA], env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert "candles_1m" in done.stdout.splitlines(), done.stderr


def started(folder: Path, stored: str, *arguments: str) -> "subprocess.Popen[bytes]":
    # Without Python's buffer, the rest of a write that a closing reader cut short is lost before the error is seen.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MDA_") and name != "PYTHONUNBUFFERED"}
    command, environment = [str(MARKET_DATA), *arguments], {**clean, "MDA_ROOT": stored}
    # What a shell without job control starts in its background ignores Ctrl-C, and so would this.
    inherited = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        # Pipes that hold a page, so that whoever writes more than that waits for its reader.
        return subprocess.Popen(
            command, cwd=folder, env=environment, bufsize=0, pipesize=4096, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    finally:
        signal.signal(signal.SIGINT, inherited)


def test_a_reader_that_goes_away_ends_the_command_without_a_word(tmp_path: Path, stored: str) -> None:
    with started(tmp_path, stored, "dictionary") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(17) == b"# Data dictionary"
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (141, b"")


def test_ctrl_c_ends_with_one_line_and_its_own_code(tmp_path: Path, stored: str) -> None:
    # A pipe that holds a page: the command writes more than that, so it waits there, and goes on when the signal has come.
    os.mkfifo(tmp_path / "rows.csv.part")
    descriptor = os.open(tmp_path / "rows.csv.part", os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 4096)
    with started(tmp_path, stored, "read", "candles_1m", str(BTC), "--from", "2024-08-08", "--out", "rows.csv") as process:
        assert process.stderr is not None
        assert select.select([descriptor], [], [], 60)[0], "nothing was written"
        process.send_signal(signal.SIGINT)
        os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "rb") as reader:
            reader.read()
        assert process.wait(60) == 130
        assert process.stderr.read().strip() == b"error: interrupted; what was committed before is intact"
    assert list(tmp_path.iterdir()) == []
