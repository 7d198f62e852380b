"""`market-data dictionary`: the data dictionary as Markdown."""

import typer

from market_data_assets.catalog import DATASETS
from market_data_assets.cli.console import app
from market_data_assets.report.dictionary import data_dictionary


@app.command()
def dictionary() -> None:
    """Print what every stored table and column means."""
    typer.echo(data_dictionary(DATASETS), nl=False)
