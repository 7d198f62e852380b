"""Arrow rows on a terminal: as many columns as fit, times in UTC, numbers as short as they are exact."""

import datetime as dt
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from market_data_assets.cli.console import err, out

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = 20
"""Rows shown unless another number is asked for: a screen."""
_GAP = 2


def show_rows(rows: "pa.Table", *, more_rows: str = "") -> None:
    """Print all of ``rows``, and on standard error what is left out: columns that do not fit, and ``more_rows``."""
    if not rows.num_rows:
        out.print("no rows")
        return
    names = rows.column_names
    cells = {name: [_cell(value) for value in rows[name].to_pylist()] for name in names}
    shown = _fitting(cells, out.width)
    table = Table(box=None, header_style="bold", padding=(0, _GAP, 0, 0))
    for name in shown:
        number = _is_number(rows, name)
        table.add_column(name, justify="right" if number else "left", no_wrap=True, overflow="ellipsis")
    for row in zip(*(cells[name] for name in shown), strict=True):
        table.add_row(*row)
    out.print(table, highlight=False, markup=False)
    hidden = len(names) - len(shown)
    left_out = [more_rows] if more_rows else []
    left_out += [f"{hidden} more columns do not fit: --columns chooses, --json and --csv print all"] if hidden else []
    for line in left_out:
        err.print(line, style="dim", highlight=False, soft_wrap=True, markup=False)


def _fitting(cells: dict[str, list[str]], width: int) -> Sequence[str]:
    """The first columns that fit side by side, at least one."""
    shown: list[str] = []
    used = 0
    for name, values in cells.items():
        used += max(len(name), *map(len, values)) + _GAP
        if shown and used - _GAP > width:
            break
        shown.append(name)
    return shown


def _is_number(rows: "pa.Table", name: str) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    type_ = rows.schema.field(name).type
    return pa.types.is_integer(type_) or pa.types.is_floating(type_)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return "nan" if math.isnan(value) else f"{value:.10g}"
        case dt.datetime():
            return _instant(value)
        case list():
            return " ".join(map(_cell, value))
        case _:
            return str(value)


def _instant(value: dt.datetime) -> str:
    if value.microsecond:
        return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if value.second else f"{value:%Y-%m-%dT%H:%MZ}"
