"""`market-data instruments`: what was listed on a day."""

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import typer

from market_data_assets.cli.completion import complete_day, complete_instrument_type, complete_venue
from market_data_assets.cli.console import READ, AsCsv, AsJson, app, examples, out
from market_data_assets.cli.scoping import parts_of
from market_data_assets.domain.days import day_end, parse_day, to_datetime
from market_data_assets.errors import QueryError

if TYPE_CHECKING:
    import datetime as dt

    import pyarrow as pa

_SHOWN = ("instrument_id", "status", "tick_size", "lot_size", "contract_multiplier", "expiry", "native_symbol", "data_types")


@app.command(
    rich_help_panel=READ,
    epilog=examples(
        "market-data instruments 2024-08-08 --venue BINANCE --type PERP",
        "market-data instruments 2024-08-08 --match 'DERIBIT:OPTION:BTC-*' --expired --csv",
    ),
)
def instruments(
    day: Annotated[str, typer.Argument(help="UTC day, YYYY-MM-DD.", autocompletion=complete_day)],
    *,
    venue: Annotated[
        str | None,
        typer.Option(help="Our name of a venue, or a vendor's of a part of it, such as binance-futures.", autocompletion=complete_venue),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--type", help="SPOT_PAIR, PERP, FUTURE, OPTION, INDEX or COMBO.", autocompletion=complete_instrument_type)
    ] = None,
    base: Annotated[str | None, typer.Option(help="Base asset: SHIB finds 1000SHIB too.")] = None,
    quote: Annotated[str | None, typer.Option(help="Quote asset.")] = None,
    match: Annotated[
        list[str] | None, typer.Option("--match", help="Id or pattern such as BINANCE:PERP:*-USDT; repeat, or separate by commas.")
    ] = None,
    expired: Annotated[bool, typer.Option("--expired", help="Only those whose listing ended that day.")] = False,
    columns: Annotated[list[str] | None, typer.Option("--columns", help="Only these; repeat, or separate by commas.")] = None,
    as_known_at: Annotated[str | None, typer.Option("--as-known-at", help="What was known at this instant, UTC.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List every instrument that was listed at any moment of a day, delisted since or not."""
    if as_json and as_csv:
        raise QueryError("--json and --csv: expected one of them")
    # Reading costs half a second of imports, which no other command should pay.
    from market_data_assets.cli.row_files import print_csv, print_json  # noqa: PLC0415
    from market_data_assets.cli.rows import show_rows  # noqa: PLC0415
    from market_data_assets.client import MarketData  # noqa: PLC0415
    from market_data_assets.client.request import choose_columns  # noqa: PLC0415
    from market_data_assets.domain.schemas import INSTRUMENTS  # noqa: PLC0415

    everything = list(INSTRUMENTS.columns)
    chosen = None if columns is None else parts_of(columns)
    names = choose_columns(str(INSTRUMENTS), chosen, everything, everything if as_json or as_csv else _SHOWN)
    rows = MarketData().instruments(day, venue, kind, base=base, quote=quote, as_known_at=as_known_at, as_="arrow")
    rows = _matching(rows, parts_of(match))
    rows = (_ended(rows, parse_day(day)) if expired else rows).select(list(names))
    if as_json:
        print_json([rows])
    elif as_csv:
        print_csv([rows])
    else:
        show_rows(rows)
        out.print(f"\n{rows.num_rows:,} instruments", highlight=False)


def _matching(rows: "pa.Table", patterns: list[str]) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415

    from market_data_assets.domain.universe import id_pattern  # noqa: PLC0415

    if not patterns:
        return rows
    wanted = list(map(id_pattern, patterns))
    return rows.filter(
        pa.array([any(fnmatchcase(name, each) for each in wanted) for name in map(str, rows["instrument_id"].to_pylist())], pa.bool_())
    )


def _ended(rows: "pa.Table", day: "dt.date") -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415

    end = to_datetime(day_end(day))
    return rows.filter(pa.array([until is not None and until <= end for until in rows["available_to"].to_pylist()], pa.bool_()))
