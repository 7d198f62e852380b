"""`market-data read`: stored rows on the terminal, for another program, or as a file."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from market_data_assets.cli.completion import complete_day, complete_readable
from market_data_assets.cli.console import READ, AsCsv, AsJson, app, err, examples
from market_data_assets.cli.scoping import parts_of
from market_data_assets.errors import QueryError

if TYPE_CHECKING:
    import pyarrow as pa

_LAST = (
    *("instrument_id", "timestamp_close", "available_at", "local_timestamp", "first_trade_at", "last_trade_at", "snapshot_at"),
    *("gap_us", "stale_us", "dup_trades", "out_of_order_trades"),
)
"""Columns that a person who reads one instrument looks at last: a terminal has room for few."""


@app.command(
    rich_help_panel=READ,
    epilog=examples(
        "market-data read candles_1m BINANCE:PERP:BTC-USDT --from 2024-08-08",
        "market-data read trades BINANCE:PERP:BTC-USDT --from 2024-08-08T12:00 --to 2024-08-08T12:05 --columns timestamp,price --csv",
        "market-data read features_1h BINANCE:PERP:BTC-USDT BINANCE:PERP:ETH-USDT --from 2024-08-01 --to 2024-09-01 --out features.parquet",
    ),
)
def read(
    dataset: Annotated[
        str,
        typer.Argument(
            help="Such as trades, book_snapshot_5, candles_1m, book_snapshots_5m, features_1h, ml_signals, custom_features/NAME.",
            autocompletion=complete_readable,
        ),
    ],
    ids: Annotated[list[str], typer.Argument(help="Instrument ids, such as BINANCE:PERP:BTC-USDT.")],
    *,
    first: Annotated[str, typer.Option("--from", help="First instant, UTC, inclusive.", autocompletion=complete_day)],
    last: Annotated[str | None, typer.Option("--to", help="Last instant, UTC, exclusive; 24 h later when left out.")] = None,
    columns: Annotated[list[str] | None, typer.Option("--columns", help="Only these; repeat, or separate by commas.")] = None,
    source: Annotated[str, typer.Option(help="Of candles and book snapshots: auto, lake or warehouse.")] = "auto",
    as_known_at: Annotated[str | None, typer.Option("--as-known-at", help="Read what was stored at this instant, UTC.")] = None,
    skip_missing: Annotated[
        bool, typer.Option("--skip-missing", help="Read the rest where something of the range is not stored, instead of refusing.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Rows at most; 20 for a table, all otherwise.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    file: Annotated[Path | None, typer.Option("--out", help="Write a file: .parquet, .csv or .jsonl, by its name.")] = None,
) -> None:
    """Read stored rows of some instruments, ascending in time. Ranges are half-open, on the exchange's clock, in UTC."""
    if sum([as_json, as_csv, file is not None]) > 1:
        raise QueryError("--json, --csv and --out: expected one of them")
    # Reading costs half a second of imports, which no other command should pay.
    from market_data_assets.cli.reads import Request, read_parts, time_span  # noqa: PLC0415
    from market_data_assets.cli.row_files import print_csv, print_json, write_file  # noqa: PLC0415
    from market_data_assets.client import MarketData  # noqa: PLC0415

    chosen = None if columns is None else parts_of(columns)
    request = Request(dataset, ids if len(ids) > 1 else ids[0], time_span(first, last), chosen, source, as_known_at, skip_missing)
    parts = read_parts(MarketData(), request)
    if as_json:
        print_json(_limited(parts, limit))
    elif as_csv:
        print_csv(_limited(parts, limit))
    elif file is not None:
        with err.status(f"reading {dataset}"):
            rows = write_file(_limited(parts, limit), file)
        err.print(f"{rows:,} rows in {file}", highlight=False, soft_wrap=True, markup=False)
    else:
        _show(parts, limit, as_stored=chosen is not None or len(ids) > 1)


def _limited(parts: "Iterable[pa.Table]", limit: int | None) -> "Iterator[pa.Table]":
    """The first rows; nothing is read beyond them."""
    left = limit
    for part in parts:
        yield part if left is None else part.slice(0, left)
        if left is not None:
            left -= part.num_rows
            if left <= 0:
                return


def _show(parts: "Iterable[pa.Table]", limit: int | None, *, as_stored: bool) -> None:
    import pyarrow as pa  # noqa: PLC0415

    from market_data_assets.cli.rows import HEAD, show_rows  # noqa: PLC0415

    wanted = limit or HEAD
    # One row more than is shown tells whether there are more.
    rows = pa.concat_tables(list(_limited(parts, wanted + 1)), promote_options="permissive")
    more = f"the first {wanted:,} rows: --limit shows more, --json, --csv and --out give all" if rows.num_rows > wanted else ""
    names = rows.column_names if as_stored else sorted(rows.column_names, key=lambda name: name in _LAST)
    show_rows(rows.slice(0, wanted).select(names), more_rows=more)
