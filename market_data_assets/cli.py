"""`market-data`: the command line. Errors are one line; exit code 1 when a partition failed, 2 for wrong use or settings."""

import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from market_data_assets.domain.days import TimeRange, day_end, day_start, parse_day
from market_data_assets.domain.universe import id_pattern
from market_data_assets.errors import MarketDataError, QueryError
from market_data_assets.settings import Settings

if TYPE_CHECKING:
    from market_data_assets.defs.runs import DayOutcome

DEMO_DAY = dt.date(2024, 8, 8)
DEMO_INSTRUMENT = "BINANCE:PERP:BTC-USDT"
EXIT_FAILED, EXIT_USAGE = 1, 2

app = typer.Typer(
    help="Crypto market data, one UTC day at a time.", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)
out, err = Console(), Console(stderr=True)

Home = Annotated[Path, typer.Option("--dagster-home", envvar="DAGSTER_HOME", help="Folder of the Dagster instance.")]
DEFAULT_HOME = Path(".dagster")


@app.command()
def run(
    first: Annotated[str, typer.Option("--from", help="First UTC day, YYYY-MM-DD.")],
    last: Annotated[str | None, typer.Option("--to", help="Last UTC day, inclusive; the first day when left out.")] = None,
    instruments: Annotated[
        list[str] | None, typer.Option("--instruments", help="Id or pattern such as BINANCE:PERP:*-USDT; repeat, or separate by commas.")
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Materialize every tier of each day in this process, oldest first. Exit code 1 when a partition failed."""
    start, end = parse_day(first), parse_day(last or first)
    if end < start:
        raise QueryError(f"--to {end} lies before --from {start}")
    days = list(TimeRange(day_start(start), day_end(end)).days())
    patterns = [id_pattern(pattern) for text in instruments or [] for pattern in text.split(",") if pattern.strip()]
    outcomes = _run_days(Settings.load(), days, patterns, home)
    out.print(_summary(outcomes))
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def demo(home: Home = DEFAULT_HOME) -> None:
    """Run a whole day of simulated markets through every tier on this machine, then show what was built and where it is."""
    settings = Settings.load({**os.environ, "MDA_SOURCE": "simulated", "MDA_WAREHOUSE": "embedded"})
    out.print(f"\n[bold]One simulated day of markets, {DEMO_DAY} UTC, through every tier[/bold]\n")
    outcomes = _run_days(settings, [DEMO_DAY], [], home)
    out.print(_summary(outcomes))
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(EXIT_FAILED)
    _show_candles(settings)
    _show_places(settings)


@app.command("warm-up")
def warm_up() -> None:
    """Compile the numerical code once, so that the first day does not wait for it."""
    from market_data_assets.warm_up import warm_up  # noqa: PLC0415

    with err.status("compiling the numerical code, once"):
        warm_up()


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000,
    home: Home = DEFAULT_HOME,
) -> None:
    """Start the Dagster web server and daemon on this machine; Ctrl-C stops both."""
    from market_data_assets.defs.instance import prepare_home  # noqa: PLC0415

    prepare_home(home)
    # Dagster says of `dagster dev` that `dg dev` is its new name; that is no news for who runs this command.
    os.environ["PYTHONWARNINGS"] = "ignore::FutureWarning:click.core"
    os.environ["DAGSTER_HOME"] = str(home.resolve())
    arguments = ["dagster", "dev", "--module-name", "market_data_assets.definitions", "--host", "127.0.0.1", "--port", str(port)]
    os.execv(Path(sys.executable).with_name("dagster"), arguments)


def _run_days(settings: Settings, days: Sequence[dt.date], patterns: Sequence[str], home: Path) -> "list[DayOutcome]":
    # Dagster takes seconds to import, and only this command needs it.
    from market_data_assets.definitions import build_definitions  # noqa: PLC0415
    from market_data_assets.defs.instance import open_instance  # noqa: PLC0415
    from market_data_assets.defs.runs import run_day, steps_per_day  # noqa: PLC0415

    definitions = build_definitions(settings)
    outcomes = []
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with open_instance(home) as instance, Progress(*columns, console=out, transient=True) as progress:
        task = progress.add_task("", total=len(days) * steps_per_day(definitions))
        for day in days:

            def stepped(step: str, day: dt.date = day) -> None:
                progress.update(task, advance=1, description=f"{day}  {step}")

            outcomes.append(run_day(definitions, instance, day, patterns, stepped))
    return outcomes


def _summary(outcomes: "Sequence[DayOutcome]") -> Table:
    table = Table("day", "tier", "instruments", "rows", "size", "status", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in table.columns[2:5]:
        column.justify = "right"
    for outcome in outcomes:
        tiers: dict[str, list[int]] = {}
        for asset in outcome.assets:
            if asset.error is not None:
                table.add_row(str(outcome.day), asset.asset, "", "", "", f"[red]{escape(asset.error)}[/red]")
                continue
            totals = tiers.setdefault(asset.asset.split("/")[0], [0, 0, 0])
            totals[0] = max(totals[0], asset.instruments)
            totals[1] += asset.rows
            totals[2] += asset.bytes
        for tier, (instruments, rows, size) in tiers.items():
            table.add_row(str(outcome.day), tier, f"{instruments:,}", f"{rows:,}", _megabytes(size), "[green]ok[/green]")
    return table


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _show_candles(settings: Settings) -> None:
    from market_data_assets.client import MarketData  # noqa: PLC0415
    from market_data_assets.report.terminal import candle_text  # noqa: PLC0415

    next_day = DEMO_DAY + dt.timedelta(days=1)
    candles = MarketData(settings).candles(DEMO_INSTRUMENT, "15m", DEMO_DAY, next_day, as_="arrow")
    # Not through rich, which would count the chart's colour codes as text.
    typer.echo("\n" + candle_text(candles, f"{DEMO_INSTRUMENT}  15m  {DEMO_DAY} UTC", width=min(out.width, 110), height=20))


def _show_places(settings: Settings) -> None:
    out.print(
        f"\n[bold]Files[/bold]      {settings.root}\n"
        f"[bold]Warehouse[/bold]  {settings.warehouse_root}\n"
        f"[bold]Read it[/bold]    from market_data_assets import MarketData\n"
        f'           MarketData().candles("{DEMO_INSTRUMENT}", "1m", "{DEMO_DAY}", "{DEMO_DAY + dt.timedelta(days=1)}")\n'
        f"[bold]Open UI[/bold]    make ui, then http://127.0.0.1:3000\n",
        highlight=False,
        soft_wrap=True,
    )


def main() -> None:
    """The entry point: prints one line for an error of ours, whatever its depth."""
    try:
        app()
    except MarketDataError as error:
        err.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        raise SystemExit(EXIT_USAGE) from None
