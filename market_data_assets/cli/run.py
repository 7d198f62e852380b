"""`market-data run`: every tier of some days."""

from typing import Annotated

import typer

from market_data_assets.cli.console import DEFAULT_HOME, EXIT_FAILED, Home, app, out
from market_data_assets.cli.days import run_days, summary
from market_data_assets.cli.scoping import days_to_make
from market_data_assets.domain.universe import id_pattern
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
    outcomes = run_days(settings, days, patterns, home)
    out.print(summary(outcomes))
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(EXIT_FAILED)
