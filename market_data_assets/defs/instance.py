"""The Dagster instance of one machine: a folder that is made ready the first time it is used."""

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg


def prepare_home(home: Path) -> None:
    """Create ``home`` with our ``dagster.yaml`` unless it already has one of its own."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_bytes(files("market_data_assets.defs").joinpath("dagster.yaml").read_bytes())


def has_runs(home: Path) -> bool:
    """Whether ``home`` may hold runs: it has a database of them, or keeps them in a server of its own choice."""
    return (home / "history").is_dir() or "\nstorage:" in "\n" + (home / "dagster.yaml").read_text(encoding="utf-8")


def open_instance(home: Path) -> "dg.DagsterInstance":
    """The instance whose runs the UI shows when it is started with the same ``DAGSTER_HOME``."""
    # Dagster takes seconds to import, which the command that only prepares a home should not pay.
    from dagster import DagsterInstance  # noqa: PLC0415

    prepare_home(home)
    return DagsterInstance.from_config(str(home))
