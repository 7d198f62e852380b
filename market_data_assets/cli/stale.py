"""`market-data stale`: which stored days are out of date, and the command that makes just these again."""

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.table import Table

from market_data_assets.cli.console import LOOK_AFTER, AsJson, app, err, load_settings, out
from market_data_assets.cli.exits import EXIT_FAILED
from market_data_assets.cli.scoping import Datasets, First, Last

if TYPE_CHECKING:
    from market_data_assets.upkeep.stale import StaleDay, Staleness


@app.command(rich_help_panel=LOOK_AFTER)
def stale(first: First = None, last: Last = None, datasets: Datasets = None, as_json: AsJson = False) -> None:
    """Say which stored days would be other ones if they were made again, and why. Nothing is computed or changed.

    Exit code 0 when every day is up to date, 1 when some are not or cannot be judged, 2 for wrong use.
    """
    from market_data_assets.deployment import open_lake, open_warehouse  # noqa: PLC0415
    from market_data_assets.upkeep.scope import Scope  # noqa: PLC0415
    from market_data_assets.upkeep.stale import find_stale  # noqa: PLC0415

    scope = Scope.parse(first, last, datasets or [])
    settings = load_settings()
    with err.status("reading manifests"):
        found = find_stale(open_lake(settings), open_warehouse(settings), scope)
    if as_json:
        for each in found.days:
            typer.echo(json.dumps(each.as_json()))
    else:
        _show(found)
    if found.days or found.unreadable:
        raise typer.Exit(EXIT_FAILED)


def _show(found: "Staleness") -> None:
    from market_data_assets.upkeep.scope import ranges_of, run_command  # noqa: PLC0415

    if found.days:
        table = Table("tier", "datasets", "days", "why", "such as", box=None, header_style="bold", padding=(0, 2, 0, 0))
        for group in _groups(found.days):
            table.add_row(
                group.tier, ", ".join(group.names), "\n".join(_range(*each) for each in group.ranges), group.cause, escape(group.detail)
            )
        out.print(table)
        out.print("\n[bold]To make them again[/bold], oldest first:")
        for start, end in ranges_of(each.day for each in found.days):
            out.print(f"    {run_command(start, end)}", highlight=False, soft_wrap=True)
        out.print()
    counts = [f"{found.looked_at:,} stored days looked at", f"{len(found.days):,} out of date"]
    counts += [f"{found.unnoted:,} do not say which version of the code made them"] if found.unnoted else []
    counts += [f"[red]{found.unreadable:,} cannot be read, see market-data fsck[/red]"] if found.unreadable else []
    out.print(", ".join(counts), highlight=False, soft_wrap=True)


@dataclass
class _Group:
    """Datasets of a tier that are out of date on the same days for the same cause."""

    tier: str
    cause: str
    ranges: "Sequence[tuple[dt.date, dt.date]]"
    detail: str
    names: list[str] = field(default_factory=list)


def _groups(days: "Sequence[StaleDay]") -> list[_Group]:
    """In the order of first appearance."""
    from market_data_assets.upkeep.scope import ranges_of  # noqa: PLC0415

    found: dict[tuple[str, str], dict[dt.date, str]] = {}
    for day in days:
        for reason in day.reasons:
            found.setdefault((day.dataset, reason.cause), {}).setdefault(day.day, reason.detail)
    groups: dict[tuple[object, ...], _Group] = {}
    for (dataset, cause), details in found.items():
        tier, name = re.split("[/.]", dataset, maxsplit=1)
        ranges = tuple(ranges_of(details))
        groups.setdefault((tier, cause, ranges), _Group(tier, cause, ranges, next(iter(details.values())))).names.append(name)
    return list(groups.values())


def _range(first: object, last: object) -> str:
    return f"{first}" if first == last else f"{first} to {last}"
