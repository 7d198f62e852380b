"""`market-data doctor`: whether this deployment works, check by check."""

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from market_data_assets.cli.console import LOOK_AFTER, AsJson, app, err, load_settings, out
from market_data_assets.cli.exits import EXIT_FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from market_data_assets.upkeep.doctor.record import Result

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "skipped": "dim"}


@app.command(rich_help_panel=LOOK_AFTER)
def doctor(
    write_probe: Annotated[
        bool,
        typer.Option(
            "--write-probe",
            help="Also write: objects below _probe/ in the lake, tables of its own in the warehouse; all removed.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings, machine, credentials, lake, warehouse and vendor. Exit code 1 when any check failed."""
    settings = load_settings()
    with err.status("starting") as status:
        from market_data_assets.upkeep.doctor.checks import examine  # noqa: PLC0415

        results = examine(settings, os.environ, write_probe=write_probe, begins=status.update)
    if as_json:
        for result in results:
            typer.echo(json.dumps(result.as_json()))
    else:
        _show(results)
    if any(result.status == "fail" for result in results):
        raise typer.Exit(EXIT_FAILED)


def _show(results: "Sequence[Result]") -> None:
    table = Table("check", "", "found", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for result in results:
        colour = _COLOURS[result.status]
        remedy = f"\n[{colour}]→ {escape(result.remedy)}[/{colour}]" if result.remedy else ""
        table.add_row(result.name, f"[{colour}]{result.status}[/{colour}]", escape(result.found) + remedy)
    out.print(table, highlight=False)
    counts = Counter(result.status for result in results)
    out.print("\n" + ", ".join(f"{count} {status}" for status, count in counts.items()), highlight=False)
