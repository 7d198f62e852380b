"""`market-data coverage`: how much of what was expected is there, as a heat map."""

import json
from typing import Annotated, Any

import typer

from market_data_assets.cli.console import READ, AsJson, app, examples, out
from market_data_assets.domain.days import day_end, day_of, parse_day
from market_data_assets.errors import QueryError


@app.command(
    rich_help_panel=READ,
    epilog=examples(
        "market-data coverage --from 2024-08-01 --to 2024-08-31 --data-type trades",
        "market-data coverage --from 2024-08-08 --instruments",
    ),
)
def coverage(
    first: Annotated[str, typer.Option("--from", help="First UTC day, YYYY-MM-DD.")],
    last: Annotated[str | None, typer.Option("--to", help="Last UTC day, inclusive; the first day when left out.")] = None,
    data_type: Annotated[str | None, typer.Option(help="Only this raw data type, such as trades.")] = None,
    instrument: Annotated[bool, typer.Option("--instruments", help="A line per instrument, not per venue and type.")] = False,
    as_json: AsJson = False,
) -> None:
    """The share of the listed time that is there, by day. Nothing is run; days without a report are left out."""
    start, end = parse_day(first), parse_day(last or first)
    if end < start:
        raise QueryError(f"--to {end} lies before --from {start}")
    _check_data_type(data_type)
    # Reading costs half a second of imports, which no other command should pay.
    from market_data_assets.client import MarketData  # noqa: PLC0415

    rows = MarketData().coverage(start, day_of(day_end(end)), as_="arrow").to_pylist()
    rows = [row for row in rows if data_type in {None, row["data_type"]}]
    if as_json:
        for row in rows:
            typer.echo(json.dumps({**row, "day": f"{row['day']:%Y-%m-%d}"}))
    elif rows:
        _show(rows, by_instrument=instrument)
    else:
        out.print("no report of what is missing is stored for these days; run them first")


def _check_data_type(name: str | None) -> None:
    from market_data_assets.domain.schemas import RAW  # noqa: PLC0415

    known = [dataset.name for dataset in RAW]
    if name is not None and name not in known:
        raise QueryError(f"data type {name!r} is not known; expected one of {', '.join(known)}")


def _show(rows: list[dict[str, Any]], *, by_instrument: bool) -> None:
    from market_data_assets.report.heat_maps import heat_tables  # noqa: PLC0415

    sums: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        label = row["instrument_id"] if by_instrument else " ".join(row["instrument_id"].split(":")[:2])
        sums.setdefault((f"{label} {row['data_type']}", f"{row['day']:%Y\n%m-%d}"), []).append(row["share"])
    shares = {cell: sum(of_cell) / len(of_cell) for cell, of_cell in sums.items()}
    for table in heat_tables(shares, "Coverage, % of the listed time", out.width):
        out.print(table)
