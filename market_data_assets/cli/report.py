"""`market-data report`: the page about a day, built now."""

import datetime as dt
import json
import webbrowser
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from market_data_assets.cli.completion import complete_day
from market_data_assets.cli.console import READ, AsJson, app, examples, load_settings, out
from market_data_assets.domain.days import parse_day


@app.command(rich_help_panel=READ, epilog=examples("market-data report 2024-08-08 --open"))
def report(
    day: Annotated[str, typer.Argument(help="UTC day, YYYY-MM-DD.", autocompletion=complete_day)],
    *,
    opened: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the page about a day from what is stored now, and say where it is: completeness, charts, checks, latency, sizes."""
    chosen, settings = parse_day(day), load_settings()
    # Templates and readers take time to import, which no other command should pay.
    from market_data_assets.deployment import open_lake  # noqa: PLC0415
    from market_data_assets.report.page.build import build_page  # noqa: PLC0415
    from market_data_assets.report.page.stored_page import store_page  # noqa: PLC0415

    lake = open_lake(settings)
    page = build_page(lake, chosen, source=settings.source, built_at=dt.datetime.now(dt.UTC), workers=settings.workers)
    stored = store_page(lake.store, page)
    if as_json:
        head = asdict(page.headline)
        del head["numbers"]
        typer.echo(json.dumps({"day": str(chosen), "url": stored.url, "page_bytes": stored.bytes, **head}))
    else:
        out.print(escape(page.headline.verdict), highlight=False)
        out.print(stored.url, highlight=False, soft_wrap=True)
    if opened:
        webbrowser.open(stored.url)
