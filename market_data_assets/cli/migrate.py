"""`market-data migrate`: the warehouse's tables as their records say."""

import json
from typing import Annotated

import typer

from market_data_assets.cli.console import LOOK_AFTER, AsJson, app, load_settings, out


@app.command(rich_help_panel=LOOK_AFTER)
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create missing tables and views and add new columns. Nothing is ever removed, and no column changes its type."""
    from market_data_assets.deployment import open_warehouse  # noqa: PLC0415

    settings = load_settings()
    warehouse = open_warehouse(settings)
    changes = warehouse.pending() if dry_run else warehouse.migrate()
    if as_json:
        for change in changes:
            typer.echo(json.dumps({"change": change, "done": not dry_run}))
        return
    for change in changes:
        out.print(f"{'would change' if dry_run else 'changed'}  {change}", highlight=False, soft_wrap=True, markup=False)
    if not changes:
        out.print(f"every table of the {settings.warehouse} warehouse is as its record says")
