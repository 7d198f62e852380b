"""`market-data plan`: what a backfill, a query or a read would take. Nothing is run."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from market_data_assets.cli.completion import complete_data_type, complete_readable
from market_data_assets.cli.console import MAKE, AsJson, app, err, examples, load_settings, out
from market_data_assets.cli.scoping import Instruments, LastDay, days_to_make, parts_of
from market_data_assets.errors import QueryError

if TYPE_CHECKING:
    from market_data_assets.client.plan import ReadPlan

plan_app = typer.Typer(
    no_args_is_help=True,
    invoke_without_command=True,
    epilog=examples(
        "market-data plan --from 2024-01-01 --to 2024-12-31 --instruments 'BINANCE:PERP:*-USDT'",
        "market-data plan query \"SELECT close FROM candles_1h WHERE timestamp >= '2024-08-08'\"",
        "market-data plan read candles_1m BINANCE:PERP:BTC-USDT --from 2024-08-01 --to 2024-09-01",
    ),
)
app.add_typer(plan_app, name="plan", rich_help_panel=MAKE)


@plan_app.callback()
def plan(
    context: typer.Context,
    *,
    first: Annotated[str | None, typer.Option("--from", help="First UTC day, YYYY-MM-DD.")] = None,
    last: LastDay = None,
    instruments: Instruments = None,
    data_types: Annotated[
        list[str] | None,
        typer.Option(
            "--data-types", help="Raw data type such as trades; repeat, or separate by commas.", autocompletion=complete_data_type
        ),
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Days an hour, instead of what was measured here.")] = None,
    as_json: AsJson = False,
) -> None:
    """What a backfill of some days would take: partitions, vendor files, bytes, store operations, cost and time.

    Nothing is run, written or downloaded; at most the vendor's metadata is asked for. `plan query` and `plan read` do the same for
    reading.
    """
    if context.invoked_subcommand is not None:
        return
    if first is None:
        raise QueryError("plan: --from is missing; or use plan query, plan read")
    # Opening a lake and a warehouse costs half a second of imports, which no other command should pay.
    from market_data_assets.domain.universe import Universe  # noqa: PLC0415
    from market_data_assets.preflight.as_json import plan_document  # noqa: PLC0415
    from market_data_assets.preflight.backfill import plan_backfill  # noqa: PLC0415
    from market_data_assets.preflight.opening import open_deployed  # noqa: PLC0415
    from market_data_assets.preflight.table import tiers_table  # noqa: PLC0415
    from market_data_assets.preflight.verdict import remarks, verdict  # noqa: PLC0415

    settings = load_settings()
    days = days_to_make(settings, first, last)
    selected = Universe((), tuple(parts_of(instruments)), tuple(parts_of(data_types)))
    with err.status(f"looking at {len(days):,} days"):
        found = plan_backfill(open_deployed(settings), days, selected, rate)
    if as_json:
        typer.echo(json.dumps(plan_document(found)))
        return
    out.print(tiers_table(found, out.width))
    out.print()
    for remark in remarks(found):
        out.print(f"  {escape(remark)}", style="dim", highlight=False, soft_wrap=True)
    out.print()
    out.print(verdict(found), style="bold", highlight=False, soft_wrap=True)


@plan_app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the analytics tables, such as candles_1m.")],
    as_json: AsJson = False,
) -> None:
    """What a query would scan and cost on the warehouse: a dry run."""
    from market_data_assets.deployment import open_warehouse  # noqa: PLC0415
    from market_data_assets.preflight.queries import plan_query  # noqa: PLC0415

    settings = load_settings()
    limit = settings.bigquery.max_bytes_billed if settings.warehouse == "bigquery" else None
    found = plan_query(open_warehouse(settings), sql, limit)
    typer.echo(json.dumps(found.document()) if as_json else str(found))


@plan_app.command()
def read(
    dataset: Annotated[str, typer.Argument(help="Table such as candles_1m or trades.", autocompletion=complete_readable)],
    ids: Annotated[list[str], typer.Argument(help="Instrument ids.")],
    *,
    first: Annotated[str, typer.Option("--from", help="First instant, UTC, inclusive.")],
    last: Annotated[str, typer.Option("--to", help="Last instant, UTC, exclusive.")],
    as_json: AsJson = False,
) -> None:
    """What a read would touch, from where it would come, and what it would cost: what MarketData.explain says."""
    from market_data_assets.client import MarketData  # noqa: PLC0415

    found = MarketData().explain(dataset, ids if len(ids) > 1 else ids[0], first, last)
    typer.echo(json.dumps(_read_document(found)) if as_json else str(found))


def _read_document(found: "ReadPlan") -> dict[str, Any]:
    return {
        "dataset": found.dataset,
        "files": len(found.pieces),
        "rows": found.rows,
        "bytes": found.size,
        "missing": [str(gap) for gap in found.missing],
        "offers": [
            {
                "source": offer.source,
                "bytes": offer.size,
                "files": offer.files,
                "requests": offer.requests,
                "dollars": offer.cost.dollars,
                "seconds": offer.cost.seconds,
            }
            for offer in found.offers
        ],
        "why": found.why,
    }
