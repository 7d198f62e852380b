"""A plan as a table of its tiers, for a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from market_data_assets.client.wording import readable
from market_data_assets.preflight.downloads import Downloads
from market_data_assets.preflight.durations import time_text
from market_data_assets.preflight.growth import Growth
from market_data_assets.preflight.plan import BackfillPlan, TablePlan
from market_data_assets.preflight.stored import State

_STYLES = {State.MISSING: "red", State.INCOMPLETE: "red", State.STALE: "yellow", State.PROVISIONAL: "yellow", State.COMPLETE: "green"}
_NOTHING = "[dim]-[/dim]"


def tiers_table(plan: BackfillPlan, width: int) -> Table:
    """One line per tier: its partitions by state, and what those to make take; totals at the end.

    Columns without anything are left out, and those that are needed least where the terminal is narrower than all of them.
    """
    table = Table(box=None, header_style="bold", padding=(0, _PADDING, 0, 0), show_footer=True)
    tables = list(plan.tables)
    table.add_column("tier", footer="total", no_wrap=True)
    totals = _cells(plan, tables, None)
    rows = {
        tier: _cells(plan, [each for each in tables if each.tier == tier], tier) for tier in dict.fromkeys(each.tier for each in tables)
    }
    shown = [column for column, total in enumerate(totals) if total != _NOTHING]
    widths = [max(map(_cell_width, column)) + _PADDING for column in zip(_HEADS, totals, *rows.values(), strict=True)]
    for spare in _SPARE:
        if max(map(len, rows)) + _PADDING + sum(widths[column] for column in shown) > width and spare in shown:
            shown.remove(spare)
    for column in shown:
        table.add_column(_HEADS[column], footer=totals[column], footer_style="bold", justify="right", no_wrap=True)
    for tier, cells in rows.items():
        table.add_row(tier, *(cells[column] for column in shown))
    return table


_HEADS = (
    "partitions",
    "stored",
    *(str(state) for state in State if state is not State.MISSING),
    "to make",
    "vendor files",
    "to fetch",
    "grows by",
    "time",
)
_SPARE = tuple(map(_HEADS.index, ("stored", "partitions", "vendor files", str(State.COMPLETE), str(State.PROVISIONAL), str(State.STALE))))
"""Columns from the one that is needed least: what is stored is the sum of its states, and the verdict has the files."""
_PADDING = 2


def _cell_width(cell: str) -> int:
    return Text.from_markup(cell).cell_len


def _cells(plan: BackfillPlan, tables: Sequence[TablePlan], tier: str | None) -> list[str]:
    downloads = sum((each.downloads for each in tables), Downloads())
    growth = sum((each.growth for each in tables), Growth())
    states = [sum(each.states.get(state, 0) for each in tables) for state in State if state is not State.MISSING]
    return [
        f"{sum(each.partitions for each in tables):,}",
        _number(sum(each.stored for each in tables)),
        *(_number(count, _STYLES[state]) for state, count in zip([*State][1:], states, strict=True)),
        _number(sum(each.to_make for each in tables)),
        _number(downloads.files),
        _size(downloads.bytes, downloads.unsized),
        _size(growth.bytes, growth.unsized),
        _time(plan, tier),
    ]


def _number(count: int, style: str = "") -> str:
    if not count:
        return _NOTHING
    return f"[{style}]{count:,}[/{style}]" if style else f"{count:,}"


def _size(size: int, unsized: int) -> str:
    if not size:
        return "?" if unsized else _NOTHING
    return f"{'> ' if unsized else ''}{readable(size)}"


def _time(plan: BackfillPlan, tier: str | None) -> str:
    seconds = plan.duration.seconds
    if seconds is None or not plan.to_make:
        return _NOTHING if not plan.to_make else "?"
    if tier is None:
        return time_text(seconds)
    if plan.pace is None or not sum(plan.pace.tiers.values()):
        return _NOTHING
    share = plan.pace.tiers.get(tier, 0.0) / sum(plan.pace.tiers.values())
    return time_text(seconds * share) if share else _NOTHING
