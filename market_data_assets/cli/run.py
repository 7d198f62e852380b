"""`market-data run`: every tier of some days."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from market_data_assets.cli.console import DEFAULT_HOME, MAKE, AsJson, Home, app, err, examples, load_settings, out
from market_data_assets.cli.days import as_json_rows, make_days, summary
from market_data_assets.cli.exits import EXIT_FAILED
from market_data_assets.cli.scoping import FirstDay, Instruments, LastDay, days_to_make, parts_of, unmatched_patterns
from market_data_assets.errors import StorageFailed

if TYPE_CHECKING:
    from market_data_assets.settings import Settings


@app.command(
    rich_help_panel=MAKE,
    epilog=examples(
        "market-data run --from 2024-08-01 --to 2024-08-07",
        "market-data run --from 2024-08-08 --instruments 'BINANCE:PERP:*-USDT,DERIBIT:PERP:*' --json",
    ),
)
def run(
    first: FirstDay,
    last: LastDay = None,
    instruments: Instruments = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Materialize every tier of each day in this process, oldest first. Exit code 1 when a partition failed.

    The ticks of the next day are fetched before a day is computed, since they hold its last rows: only the last day stays provisional.
    """
    from market_data_assets.deployment import open_lake  # noqa: PLC0415
    from market_data_assets.domain.universe import id_pattern  # noqa: PLC0415

    settings = load_settings()
    days = days_to_make(settings, first, last)
    patterns = [id_pattern(pattern) for pattern in parts_of(instruments)]
    _require_tables(settings)
    outcomes = make_days(settings, days, patterns, home)
    if as_json:
        for row in as_json_rows(outcomes):
            typer.echo(json.dumps(row))
    else:
        out.print(summary(outcomes))
    unmatched = unmatched_patterns(open_lake(settings), days, patterns) if patterns else ()
    _complain(unmatched)
    if unmatched or any(outcome.failed for outcome in outcomes):
        raise typer.Exit(EXIT_FAILED)


def _complain(unmatched: Sequence[str]) -> None:
    for pattern in unmatched:
        message = f"--instruments {escape(pattern)} matches no instrument of these days"
        err.print(f"[red]error:[/red] {message}", highlight=False, soft_wrap=True)


def _require_tables(settings: "Settings") -> None:
    """Refuse to work for an hour towards tables that do not exist. The embedded ones are made by the run itself.

    Raises:
        StorageFailed: the dataset is not there, or not as this version wants it.
    """
    from market_data_assets.deployment import open_warehouse  # noqa: PLC0415

    if settings.warehouse == "bigquery" and (pending := open_warehouse(settings).pending()):
        more = f" and {len(pending) - 1} more" if len(pending) > 1 else ""
        raise StorageFailed(f"BigQuery dataset {settings.bigquery.dataset}: {pending[0]}{more}; run market-data migrate first")
