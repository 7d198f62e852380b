"""`market-data demo`: one simulated day through every tier, shown."""

import datetime as dt
import os
from typing import TYPE_CHECKING

import typer

from market_data_assets.cli.console import DEFAULT_HOME, MAKE, Home, app, load_settings, out
from market_data_assets.cli.days import make_days, summary
from market_data_assets.cli.exits import EXIT_FAILED

if TYPE_CHECKING:
    from market_data_assets.settings import Settings

DEMO_DAY = dt.date(2024, 8, 8)
DEMO_INSTRUMENT = "BINANCE:PERP:BTC-USDT"


@app.command(rich_help_panel=MAKE)
def demo(home: Home = DEFAULT_HOME) -> None:
    """Run a whole day of simulated markets through every tier on this machine, then show what was built and where it is."""
    settings = load_settings({**os.environ, "MDA_SOURCE": "simulated", "MDA_WAREHOUSE": "embedded"})
    out.print(f"\n[bold]One simulated day of markets, {DEMO_DAY} UTC, through every tier[/bold]\n")
    outcomes = make_days(settings, [DEMO_DAY], [], home)
    out.print(summary(outcomes))
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(EXIT_FAILED)
    _show_candles(settings)
    _show_places(settings)


def _show_candles(settings: "Settings") -> None:
    from market_data_assets.client import MarketData  # noqa: PLC0415
    from market_data_assets.report.terminal import candle_text  # noqa: PLC0415

    next_day = DEMO_DAY + dt.timedelta(days=1)
    candles = MarketData(settings).candles(DEMO_INSTRUMENT, "15m", DEMO_DAY, next_day, as_="arrow")
    # Not through rich, which would count the chart's colour codes as text.
    typer.echo("\n" + candle_text(candles, f"{DEMO_INSTRUMENT}  15m  {DEMO_DAY} UTC", width=min(out.width, 110), height=20))


def _show_places(settings: "Settings") -> None:
    out.print(
        f"\n[bold]Files[/bold]      {settings.root}\n"
        f"[bold]Warehouse[/bold]  {settings.warehouse_root}\n"
        f"[bold]Read it[/bold]    from market_data_assets import MarketData\n"
        f'           MarketData().candles("{DEMO_INSTRUMENT}", "1m", "{DEMO_DAY}", "{DEMO_DAY + dt.timedelta(days=1)}")\n'
        f"[bold]Coverage[/bold]   .venv/bin/market-data coverage --from {DEMO_DAY}\n"
        f"[bold]Open UI[/bold]    make ui, then http://127.0.0.1:3000\n",
        highlight=False,
        soft_wrap=True,
    )
