"""`market-data`: the command line, one file per command.

Errors are one line; exit code 1 when a partition failed, 2 for wrong use or settings.
"""

from rich.markup import escape

from market_data_assets.cli import coverage, demo, dictionary, doctor, fsck, machine, migrate, plan, run, stale
from market_data_assets.cli.console import EXIT_USAGE, app, err
from market_data_assets.errors import MarketDataError

__all__ = ["app", "coverage", "demo", "dictionary", "doctor", "fsck", "machine", "main", "migrate", "plan", "run", "stale"]


def main() -> None:
    """The entry point: prints one line for an error of ours, whatever its depth."""
    try:
        app()
    except MarketDataError as error:
        err.print(f"[red]error:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(EXIT_USAGE) from None
