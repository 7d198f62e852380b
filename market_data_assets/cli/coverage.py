"""`market-data coverage`: how much of what was expected is there, as a heat map."""

import json
from typing import Annotated

import typer

from market_data_assets.cli.console import AsJson, app, out
from market_data_assets.client import MarketData
from market_data_assets.domain.days import day_end, day_of, parse_day
from market_data_assets.report.heat_maps import heat_table


@app.command()
def coverage(
    first: Annotated[str, typer.Option("--from", help="First UTC day, YYYY-MM-DD.")],
    last: Annotated[str | None, typer.Option("--to", help="Last UTC day, inclusive; the first day when left out.")] = None,
    data_type: Annotated[str | None, typer.Option(help="Only this raw data type, such as trades.")] = None,
    instrument: Annotated[bool, typer.Option("--instruments", help="A line per instrument, not per venue and type.")] = False,
    as_json: AsJson = False,
) -> None:
    """The share of the listed time that is there, by day. Nothing is run; days without a report are left out."""
    rows = MarketData().coverage(parse_day(first), day_of(day_end(parse_day(last or first))), as_="arrow").to_pylist()
    rows = [row for row in rows if data_type in {None, row["data_type"]}]
    if as_json:
        for row in rows:
            out.print_json(json.dumps({**row, "day": f"{row['day']:%Y-%m-%d}"}), indent=None)
        return
    if not rows:
        out.print("no report of what is missing is stored for these days; run them first")
        return
    sums: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        label = row["instrument_id"] if instrument else " ".join(row["instrument_id"].split(":")[:2])
        sums.setdefault((f"{label} {row['data_type']}", f"{row['day']:%Y-%m-%d}"), []).append(row["share"])
    out.print(heat_table({cell: sum(shares) / len(shares) for cell, shares in sums.items()}, "Coverage, % of the listed time"))
