"""What every command shares: the application, its two consoles, the panels of its help, common options."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperGroup

from market_data_assets.cli.exits import EXIT_CLOSED, EXIT_CODES

if TYPE_CHECKING:
    from market_data_assets.settings import Settings

DEFAULT_HOME = Path(".dagster")

MAKE, READ, LOOK_AFTER, MACHINE = "Make", "Read", "Look after", "Machine"
_PANELS = (MAKE, READ, LOOK_AFTER, MACHINE)


class _Commands(TyperGroup):
    """The commands by the panel they are in, then by name, so that the help begins with what is used first."""

    # The context is of a class that typer keeps to itself.

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        def place(name: str) -> tuple[int, str]:
            panel = getattr(self.commands[name], "rich_help_panel", None)
            return (_PANELS.index(panel) if panel in _PANELS else len(_PANELS)), name

        return sorted(self.commands, key=place)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            leave_closed_output()


class _Console(Console):
    """A console whose reader may go away at any time, as `| head` does."""

    def on_broken_pipe(self) -> None:
        leave_closed_output()


def leave_closed_output() -> NoReturn:
    """End without a word, now that nobody reads the output."""
    # Else Python would try to flush the rest when it ends, and complain on standard error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(EXIT_CLOSED)


def examples(*commands: str) -> str:
    """The epilog of a command's help."""
    return "\n\n".join(["Examples:", *commands])


app = typer.Typer(
    cls=_Commands,
    help="Crypto market data, one UTC day at a time. Every command has its own --help.",
    epilog="\n\n".join(["Exit codes:", *(f"{code}  {meaning}" for code, meaning in EXIT_CODES.items())]),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
out, err = _Console(), _Console(stderr=True)

Home = Annotated[Path, typer.Option("--dagster-home", envvar="DAGSTER_HOME", help="Folder of the Dagster instance.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")]


def load_settings(environ: Mapping[str, str] | None = None) -> "Settings":
    """The settings of the environment and of ``market_data.toml``.

    Raises:
        SettingsError: as :meth:`Settings.load`.
    """
    # pydantic takes a third of a second to import, which --help and --version should not pay.
    from market_data_assets.settings import Settings  # noqa: PLC0415

    return Settings.load(environ)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415

        typer.echo(f"market-data {version('market-data-assets')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> Any:
    del version
