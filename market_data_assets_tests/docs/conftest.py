"""One simulated day for every document, and a folder of its own for each that looks like a checkout after `make demo`."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from market_data_assets_tests.defs.runs import make, settings_at
from market_data_assets_tests.docs.markdown import ROOT

# What the documents read of the demo's markets.
INSTRUMENTS = "BINANCE:PERP:BTC-USDT,BINANCE:PERP:ETH-USDT,DERIBIT:OPTION:BTC-USD-42000-240816-*"


@pytest.fixture(scope="session")
def simulated_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake of 2024-08-08, its warehouse below it."""
    folder = tmp_path_factory.mktemp("simulated_day")
    make(settings_at(folder, instruments=INSTRUMENTS))
    return folder / "lake"


@pytest.fixture
def checkout(simulated_day: Path, tmp_path: Path) -> Path:
    """A folder with the day's lake in ``data``, the examples and the commands; for reading, linked where that is enough."""
    folder = tmp_path / "main"
    # The lake replaces its files and never writes into them, so links of one document are safe from another's writes.
    shutil.copytree(simulated_day, folder / "data", copy_function=os.link)
    (folder / "examples").symlink_to(ROOT / "examples")
    _command(folder, "market-data", "-m market_data_assets_tests.docs.command")
    _command(folder, "python", "")
    return folder


def _command(folder: Path, name: str, arguments: str) -> None:
    path = folder / ".venv/bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
    path.chmod(0o755)


@pytest.fixture
def environment(checkout: Path) -> Callable[..., dict[str, str]]:
    """The environment of a reader in that folder, with what is given beside it."""

    def variables(**more: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MDA_", "DAGSTER_"))}
        own = {
            # A checkout's own package comes first where a tutorial edits a copy of it.
            "PYTHONPATH": f"{checkout}{os.pathsep}{ROOT}",
            "PATH": f"{checkout / '.venv/bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "MDA_WORKERS": "2",
            "MDA_INSTRUMENTS": INSTRUMENTS,
            "MDA_BINANCE_VISION_URL": str(checkout / "klines"),
            "COLUMNS": "140",
            "NO_COLOR": "1",
        }
        return {**clean, **own, **more}

    return variables
