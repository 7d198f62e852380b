"""`market-data`: the command line, one file per command.

Errors are one line on standard error; what the exit codes mean stands in :mod:`market_data_assets.cli.exits`.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from rich.markup import escape

from market_data_assets.cli import (
    backfill,
    coverage,
    demo,
    dictionary,
    doctor,
    fsck,
    instruments,
    machine,
    manual,
    migrate,
    missing,
    plan,
    quality,
    read,
    report,
    run,
    stale,
)
from market_data_assets.cli.console import app, err, leave_closed_output
from market_data_assets.cli.exits import EXIT_INTERRUPTED, EXIT_USAGE, exit_code
from market_data_assets.errors import MarketDataError

__all__ = [
    "app",
    "backfill",
    "coverage",
    "demo",
    "dictionary",
    "doctor",
    "fsck",
    "instruments",
    "machine",
    "main",
    "manual",
    "migrate",
    "missing",
    "plan",
    "quality",
    "read",
    "report",
    "run",
    "stale",
]


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: runs one command and ends the process with its exit code; one line for an error, whatever its depth."""
    try:
        # Without standalone_mode an exit code is returned instead of raised.
        code = app(arguments, prog_name="market-data", standalone_mode=False) or 0
        sys.stdout.flush()
    except MarketDataError as error:
        _fail(str(error), exit_code(error))
    except typer.TyperException as error:
        if not error.format_message():  # called without a command: the help was printed instead
            raise SystemExit(EXIT_USAGE) from None
        _fail(_wrong_use(error), EXIT_USAGE)
    except BrokenPipeError:
        leave_closed_output()
    if code == EXIT_INTERRUPTED:
        _fail("interrupted; what was committed before is intact", code)
    raise SystemExit(code)


def _fail(message: str, code: int) -> NoReturn:
    err.print(f"[red]error:[/red] {escape(' '.join(message.splitlines()))}", highlight=False, soft_wrap=True)
    raise SystemExit(code)


def _wrong_use(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    path = "market-data" if context is None else context.command_path
    return f"{' '.join(error.format_message().split()).rstrip('.')}; see {path} --help"
