"""Materializing days in this process, with progress and a table at the end."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from market_data_assets.cli.console import out
from market_data_assets.settings import Settings

if TYPE_CHECKING:
    from market_data_assets.defs.runs import DayOutcome


def run_days(settings: Settings, days: Sequence[dt.date], patterns: Sequence[str], home: Path) -> "list[DayOutcome]":
    """Every tier of each day, in order, of the instruments that match the patterns; all of them without any."""
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


def summary(outcomes: "Sequence[DayOutcome]") -> Table:
    """One line per day and tier, and one per failure."""
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
