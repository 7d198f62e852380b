"""What every command shares: the application, its two consoles, its exit codes."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

EXIT_FAILED, EXIT_USAGE = 1, 2
DEFAULT_HOME = Path(".dagster")

app = typer.Typer(
    help="Crypto market data, one UTC day at a time.", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)
out, err = Console(), Console(stderr=True)

Home = Annotated[Path, typer.Option("--dagster-home", envvar="DAGSTER_HOME", help="Folder of the Dagster instance.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")]
