"""`market-data run`: every tier of some days."""

from typing import Annotated

import typer

from market_data_assets.cli.console import DEFAULT_HOME, EXIT_FAILED, Home, app, err, out
from market_data_assets.cli.days import run_days, summary
from market_data_assets.cli.scoping import days_to_make, unmatched_patterns
from market_data_assets.deployment import open_lake, open_warehouse
from market_data_assets.domain.universe import id_pattern
from market_data_assets.errors import StorageFailed
from market_data_assets.settings import Settings


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
    settings = Settings.load()
    days = days_to_make(settings, first, last)
    patterns = [id_pattern(pattern) for text in instruments or [] for pattern in text.split(",") if pattern.strip()]
    _require_tables(settings)
    outcomes = run_days(settings, days, patterns, home)
    out.print(summary(outcomes))
    unmatched = unmatched_patterns(open_lake(settings), days, patterns) if patterns else ()
    for pattern in unmatched:
        err.print(f"[red]error:[/red] --instruments {pattern} matches no instrument of these days", highlight=False, soft_wrap=True)
    if unmatched or any(outcome.failed for outcome in outcomes):
        raise typer.Exit(EXIT_FAILED)


def _require_tables(settings: Settings) -> None:
    """Refuse to work for an hour towards tables that do not exist. The embedded ones are made by the run itself.

    Raises:
        StorageFailed: the dataset is not there, or not as this version wants it.
    """
    if settings.warehouse == "bigquery" and (pending := open_warehouse(settings).pending()):
        more = f" and {len(pending) - 1} more" if len(pending) > 1 else ""
        raise StorageFailed(f"BigQuery dataset {settings.bigquery.dataset}: {pending[0]}{more}; run market-data migrate first")
