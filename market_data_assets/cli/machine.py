"""`market-data ui` and `market-data warm-up`: what this machine needs."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from market_data_assets.cli.console import DEFAULT_HOME, Home, app, err


@app.command("warm-up")
def warm_up() -> None:
    """Compile the numerical code once, so that the first day does not wait for it."""
    from market_data_assets.warm_up import warm_up  # noqa: PLC0415

    with err.status("compiling the numerical code, once"):
        warm_up()


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000,
    home: Home = DEFAULT_HOME,
) -> None:
    """Start the Dagster web server and daemon on this machine; Ctrl-C stops both."""
    from market_data_assets.defs.instance import prepare_home  # noqa: PLC0415

    prepare_home(home)
    # Dagster says of `dagster dev` that `dg dev` is its new name; that is no news for who runs this command.
    os.environ["PYTHONWARNINGS"] = "ignore::FutureWarning:click.core"
    os.environ["DAGSTER_HOME"] = str(home.resolve())
    arguments = ["dagster", "dev", "--module-name", "market_data_assets.definitions", "--host", "127.0.0.1", "--port", str(port)]
    os.execv(Path(sys.executable).with_name("dagster"), arguments)
