"""`market-data missing`: what of a day is not there, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from market_data_assets.cli.completion import complete_day
from market_data_assets.cli.console import READ, AsCsv, AsJson, app, examples, out
from market_data_assets.errors import QueryError

_HOUR_US = 3_600_000_000


@app.command(rich_help_panel=READ, epilog=examples("market-data missing 2024-08-08", "market-data missing 2024-08-08 --json"))
def missing(
    day: Annotated[str, typer.Argument(help="UTC day, YYYY-MM-DD.", autocompletion=complete_day)],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Say what was expected of a day and is not there, by data type and reason; --json and --csv give every finding with its evidence."""
    if as_json and as_csv:
        raise QueryError("--json and --csv: expected one of them")
    # Reading costs half a second of imports, which no other command should pay.
    from market_data_assets.cli.row_files import print_csv, print_json  # noqa: PLC0415
    from market_data_assets.client import MarketData  # noqa: PLC0415

    rows = MarketData().missing(day, as_="arrow")
    if as_json:
        print_json([rows])
    elif as_csv:
        print_csv([rows])
    else:
        _show(day, rows.to_pylist())


@dataclass
class _Group:
    """Findings of one data type with one reason."""

    instruments: set[str] = field(default_factory=set)
    time: int = 0
    rows: int = 0


def _show(day: str, findings: Iterable[dict[str, Any]]) -> None:
    groups: dict[tuple[str, str], _Group] = {}
    for each in findings:
        group = groups.setdefault((each["data_type"] or "", each["reason"]), _Group())
        group.instruments.add(each["instrument_id"] or each["evidence"])
        group.time += each["missing_us"]
        group.rows += each["rows"] or 0
    if not groups:
        out.print(f"nothing is missing of {day}", highlight=False)
        return
    table = Table("data type", "reason", "instruments", "hours", "rows", "such as", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in table.columns[2:5]:
        column.justify = "right"
    for (data_type, reason), group in groups.items():
        hours = f"{group.time / _HOUR_US:,.1f}" if group.time else ""
        rows = f"{group.rows:,}" if group.rows else ""
        table.add_row(data_type, reason, f"{len(group.instruments):,}", hours, rows, escape(min(group.instruments)))
    out.print(table, highlight=False)
