"""Every kind of store, for the laws that hold on all of them."""

from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from market_data_assets.storage.lake import Lake
from market_data_assets_tests.emulators.proxy_fixtures import GcsProxy
from market_data_assets_tests.reliability.places import GcsPlace, LocalPlace, MemoryPlace, Place
from market_data_assets_tests.reliability.writers import forking

WITHOUT_MOVES = "gcs without moves"
"""Where objects.moveTo does not exist, a move is a copy and a deletion."""


@pytest.fixture(params=["memory", "local", "gcs", WITHOUT_MOVES])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A kind of store."""
    return _place(request, tmp_path)


@pytest.fixture(params=["memory", "local", "gcs"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """An empty lake in each kind of store."""
    return Lake(_place(request, tmp_path).new(), workers=2)


@pytest.fixture
def gcs_place(exact_bucket: str, gcs_proxy: GcsProxy) -> Iterator[GcsPlace]:
    """The emulated GCS, whose faults are HTTP's."""
    found = GcsPlace(exact_bucket, gcs_proxy)
    yield found
    found.close()


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Starts processes that need not import anything first."""
    return forking()


def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "memory":
        return MemoryPlace()
    if request.param == "local":
        return LocalPlace(tmp_path)
    gcs = request.getfixturevalue("gcs_place")
    gcs.proxy.gcs.moves = request.param != WITHOUT_MOVES
    return gcs
