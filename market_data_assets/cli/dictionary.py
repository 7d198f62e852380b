"""`market-data dictionary`: the data dictionary as Markdown."""

import typer

from market_data_assets.cli.console import READ, app


@app.command(rich_help_panel=READ)
def dictionary() -> None:
    """Print what every stored table and column means."""
    from market_data_assets.catalog import DATASETS  # noqa: PLC0415
    from market_data_assets.report.dictionary import data_dictionary  # noqa: PLC0415

    typer.echo(data_dictionary(DATASETS), nl=False)
