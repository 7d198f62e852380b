"""A fault server, a downloader that does not wait, and the pauses that it would have made."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from market_data_assets.sources.limits import Limits
from market_data_assets_tests.faults.http_server import FaultServer, serving

QUICK = Limits(connect_seconds=2, read_seconds=0.5, total_seconds=2, attempts=3)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with serving() as faults:
        yield faults


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def pauses() -> list[float]:
    return []
