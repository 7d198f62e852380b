"""The Dagster instance of one machine: a folder that is made ready the first time it is used."""

from importlib.resources import files
from pathlib import Path

import dagster as dg


def prepare_home(home: Path) -> None:
    """Create ``home`` with our ``dagster.yaml`` unless it already has one of its own."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_bytes(files("market_data_assets.defs").joinpath("dagster.yaml").read_bytes())


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance whose runs the UI shows when it is started with the same ``DAGSTER_HOME``."""
    prepare_home(home)
    return dg.DagsterInstance.from_config(str(home))
