"""Materializing days in this process, with progress and a table at the end."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from market_data_assets.cli.console import err
from market_data_assets.errors import StorageFailed

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from market_data_assets.defs.runs import DayOutcome
    from market_data_assets.settings import Settings


def make_days(settings: "Settings", days: Sequence[dt.date], patterns: Sequence[str], home: Path) -> "list[DayOutcome]":
    """Every tier of each day, in order, of the instruments that match the patterns; all of them without any."""
    # Dagster takes seconds to import, and only this command needs it.
    from market_data_assets.definitions import build_definitions  # noqa: PLC0415
    from market_data_assets.defs.instance import open_terminal_instance  # noqa: PLC0415
    from market_data_assets.defs.runs import run_days, steps_of  # noqa: PLC0415

    definitions = build_definitions(settings)
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        _opened(home, open_terminal_instance) as instance,
        Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress,
        _interruptible(),
    ):
        task = progress.add_task("", total=steps_of(definitions, len(days)))

        def stepped(day: dt.date, step: str) -> None:
            progress.update(task, advance=1, description=f"{day}  {step}")

        return list(run_days(definitions, instance, days, patterns, stepped))


def _opened(home: Path, open_instance: "Callable[[Path], DagsterInstance]") -> "DagsterInstance":
    try:
        return open_instance(home)
    except OSError as error:
        raise StorageFailed(f"--dagster-home {home}: cannot be used ({error.strerror or error})") from None


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C as Python knows it, and in one line: Dagster has an exception of its own for it."""
    from dagster import DagsterExecutionInterruptedError  # noqa: PLC0415

    # SQLAlchemy logs the traceback of whatever comes while it closes a connection, and raises it all the same.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    try:
        yield
    except DagsterExecutionInterruptedError:
        raise KeyboardInterrupt from None


def as_json_rows(outcomes: "Sequence[DayOutcome]") -> list[dict[str, object]]:
    """One row per day and asset; ``error`` is null where the partition was committed."""
    return [{"day": str(outcome.day), **asdict(asset)} for outcome in outcomes for asset in outcome.assets]


def summary(outcomes: "Sequence[DayOutcome]") -> Table:
    """One line per day and tier, and one per failure."""
    table = Table("day", "tier", "instruments", "rows", "size", "status", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in table.columns[2:5]:
        column.justify = "right"
    for outcome in outcomes:
        for asset in outcome.assets:
            if asset.error is not None:
                table.add_row(str(outcome.day), asset.asset, "", "", "", f"[red]{escape(asset.error)}[/red]")
        for tier, totals in _by_tier(outcome).items():
            sizes = (f"{totals.instruments:,}", f"{totals.rows:,}", f"{totals.bytes / 1e6:,.1f} MB")
            table.add_row(str(outcome.day), tier, *sizes, f"[green]{'ok' if totals.changed else 'unchanged'}[/green]")
    return table


@dataclass
class _Totals:
    """Of the tables of one tier that were made, or left as they were."""

    instruments: int = 0
    rows: int = 0
    bytes: int = 0
    changed: bool = False


def _by_tier(outcome: "DayOutcome") -> dict[str, _Totals]:
    tiers: dict[str, _Totals] = {}
    for asset in outcome.assets:
        if asset.error is None:
            totals = tiers.setdefault(asset.asset.split("/")[0], _Totals())
            totals.instruments = max(totals.instruments, asset.instruments)
            totals.rows += asset.rows
            totals.bytes += asset.bytes
            totals.changed |= not asset.is_unchanged
    return tiers
