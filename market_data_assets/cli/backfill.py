"""`market-data backfill`: many days, made by the daemon of a Dagster instance, newest first."""

import datetime as dt
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from market_data_assets.cli.console import DEFAULT_HOME, MAKE, AsJson, Home, app, err, examples, load_settings, out
from market_data_assets.cli.exits import EXIT_FAILED
from market_data_assets.cli.scoping import Instruments, days_to_make, parts_of
from market_data_assets.errors import QueryError

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from market_data_assets.defs.backfills import Progress as Standing

_POLL_SECONDS = 2.0
_EXAMPLES = examples(
    "market-data backfill --from 2024-08-01 --to 2024-08-30",
    "market-data backfill --from 2024-08-01 --to 2024-08-30 --assets raw_tick_data --instruments 'BINANCE:PERP:*' --wait",
    "market-data backfill list",
    "market-data backfill cancel abcdefgh",
)

backfill_app = typer.Typer(no_args_is_help=True, invoke_without_command=True)
app.add_typer(backfill_app, name="backfill", rich_help_panel=MAKE, epilog=_EXAMPLES)


@backfill_app.callback()
def backfill(
    context: typer.Context,
    *,
    first: Annotated[str | None, typer.Option("--from", help="First UTC day, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last UTC day, inclusive; the first day when left out.")] = None,
    assets: Annotated[
        list[str] | None,
        typer.Option("--assets", help="Group or asset, such as raw_tick_data or processed_candles/candles_1m; repeat, or use commas."),
    ] = None,
    job: Annotated[str | None, typer.Option(help="The assets of this job, such as candles; the daily job's without either.")] = None,
    instruments: Instruments = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch and compute also what is stored and up to date.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress until the backfill ends.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Hand some days to the daemon of a Dagster instance, one run each, newest first; what is stored and up to date is left.

    The daemon goes on when this command has ended, and after it was killed and started again. It is part of `market-data ui`. Exit code 1
    when a day failed (with --wait). The monthly views are not part of it.

    A day also reads the days beside it, and features look back further; newest first, it is made before those are there. With automation
    on, sensors make it again; else finish with market-data run over the same days, which makes what is out of date, oldest first.
    """
    if context.invoked_subcommand is not None:
        return
    if first is None:
        raise QueryError("backfill: --from is missing; or use backfill list, backfill cancel")
    settings = load_settings()
    days = days_to_make(settings, first, last)
    # Dagster takes seconds to import; whoever mistyped a day should not wait for it.
    from market_data_assets.definitions import build_definitions  # noqa: PLC0415
    from market_data_assets.defs.backfills import select_assets, submit_backfill  # noqa: PLC0415
    from market_data_assets.defs.boot_sweep import daemon_is_alive  # noqa: PLC0415
    from market_data_assets.defs.instance import open_instance  # noqa: PLC0415
    from market_data_assets.domain.universe import id_pattern  # noqa: PLC0415

    patterns = [id_pattern(pattern) for pattern in parts_of(instruments)]
    selection: dict[str, Any] = ({"instruments": patterns} if patterns else {}) | ({"refresh": True} if refresh else {})
    definitions = build_definitions(settings)
    keys = select_assets(definitions, job, parts_of(assets))
    with open_instance(home) as instance:
        alive = daemon_is_alive(instance, dt.datetime.now(dt.UTC))
        if wait and not alive:
            raise QueryError(f"no daemon runs on {home}, so that --wait would never end; start market-data ui, or leave --wait out")
        backfill_id = submit_backfill(definitions, instance, days, keys, selection)
        if as_json:
            facts = {"backfill": backfill_id, "days": len(days), "assets": len(keys), "daemon": alive}
            typer.echo(json.dumps(facts))
        else:
            out.print(f"backfill {backfill_id}: {len(days):,} day(s) of {len(keys)} assets, newest first", highlight=False)
        if not alive:
            err.print(f"no daemon runs on {home} yet: the backfill begins when market-data ui is started", highlight=False, soft_wrap=True)
        if wait:
            _wait(instance, backfill_id, len(days), as_json=as_json)


@backfill_app.command("list", epilog=examples("market-data backfill list --json"))
def list_backfills(
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 10, home: Home = DEFAULT_HOME, as_json: AsJson = False
) -> None:
    """The newest backfills, whoever asked for them, and how far each is."""
    from market_data_assets.defs.backfills import progress_of  # noqa: PLC0415
    from market_data_assets.defs.instance import open_instance  # noqa: PLC0415

    table = Table("backfill", "days", "status", "done", "running", "failed runs", box=None, header_style="bold", padding=(0, 2, 0, 0))
    with open_instance(home) as instance:
        for each in instance.get_backfills(limit=limit):
            standing = progress_of(instance, each.backfill_id)
            if as_json:
                typer.echo(json.dumps({"backfill": each.backfill_id, "title": each.title, **asdict(standing)}))
            counts = (standing.days_done, standing.runs_in_progress, standing.runs_failed)
            table.add_row(each.backfill_id, escape(each.title or ""), standing.status, *map(str, counts))
    if not as_json:
        out.print(table if table.row_count else "no backfill was ever asked for on this instance")


@backfill_app.command(epilog=examples("market-data backfill cancel abcdefgh"))
def cancel(
    backfill_id: Annotated[str, typer.Argument(metavar="BACKFILL", help="Its id, as market-data backfill list shows it.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Drop the queued runs of a backfill and interrupt those in progress. What was committed stays."""
    from market_data_assets.defs.backfills import cancel_backfill  # noqa: PLC0415
    from market_data_assets.defs.instance import open_instance  # noqa: PLC0415

    with open_instance(home) as instance:
        cancel_backfill(instance, backfill_id)
    out.print(f"backfill {backfill_id} is being cancelled", highlight=False)


def _wait(instance: "DagsterInstance", backfill_id: str, days: int, *, as_json: bool) -> None:
    from market_data_assets.defs.backfills import failed_days  # noqa: PLC0415

    standing = _watch(instance, backfill_id, days)
    failed = list(failed_days(instance, backfill_id))
    if as_json:
        typer.echo(json.dumps({"backfill": backfill_id, "status": standing.status, "days_done": standing.days_done, "failed": failed}))
    else:
        for day in failed:
            out.print(f"[red]{day} failed[/red]; its runs, and why, are in the UI", highlight=False)
        out.print(f"{standing.status}: {standing.days_done:,} of {days:,} day(s) done", highlight=False)
    if not standing.succeeded:
        raise typer.Exit(EXIT_FAILED)


def _watch(instance: "DagsterInstance", backfill_id: str, days: int) -> "Standing":
    """Its standing once it has ended; until then a bar on standard error."""
    from market_data_assets.defs.backfills import progress_of  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("waiting", total=days)
        while not (standing := progress_of(instance, backfill_id)).ended:
            failed = f", {standing.runs_failed} failed" if standing.runs_failed else ""
            progress.update(task, completed=standing.days_done, description=f"{standing.runs_in_progress} running{failed}")
            time.sleep(_POLL_SECONDS)
    return standing
