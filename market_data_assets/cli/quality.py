"""`market-data quality`: what the checks of a day found."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from market_data_assets.cli.completion import complete_day
from market_data_assets.cli.console import READ, AsCsv, AsJson, app, examples, out
from market_data_assets.cli.exits import EXIT_FAILED
from market_data_assets.errors import QueryError


@app.command(rich_help_panel=READ, epilog=examples("market-data quality 2024-08-08", "market-data quality 2024-08-08 --json"))
def quality(
    day: Annotated[str, typer.Argument(help="UTC day, YYYY-MM-DD.", autocompletion=complete_day)],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Say which checks of a day found something; --json and --csv give every finding. Exit code 1 when a day is wrong, not merely thin."""
    if as_json and as_csv:
        raise QueryError("--json and --csv: expected one of them")
    # Reading costs half a second of imports, which no other command should pay.
    from market_data_assets.cli.row_files import print_csv, print_json  # noqa: PLC0415
    from market_data_assets.client import MarketData  # noqa: PLC0415

    rows = MarketData().quality(day, as_="arrow")
    findings = rows.to_pylist()
    if as_json:
        print_json([rows])
    elif as_csv:
        print_csv([rows])
    else:
        _show(day, findings)
    if any(each["stops"] and not each["passed"] for each in findings):
        raise typer.Exit(EXIT_FAILED)


def _show(day: str, findings: Iterable[dict[str, Any]]) -> None:
    """One line per check that found something, and how many found nothing."""
    checks = {(each["table"], each["check"]): each for each in findings}
    wrong = [each for each in checks.values() if not each["passed"]]
    if wrong:
        table = Table("table", "check", "", "found", box=None, header_style="bold", padding=(0, 2, 0, 0))
        for each in wrong:
            verdict = "[red]wrong[/red]" if each["stops"] else "[yellow]thin[/yellow]"
            table.add_row(each["table"], each["check"], verdict, escape(each["summary"]))
        out.print(table, highlight=False)
        out.print()
    out.print(f"{day}: {len(checks):,} checks, {len(wrong):,} found something", highlight=False)
