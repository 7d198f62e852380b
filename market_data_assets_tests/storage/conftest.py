"""Lakes to test with."""

import pytest

from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.faults.stores import RemoteStore


@pytest.fixture(params=["memory", "local", "remote"])
def lake(request: pytest.FixtureRequest, tmp_path) -> Lake:
    stores: dict[str, Store] = {"memory": MemoryStore(), "local": LocalStore(tmp_path / "root"), "remote": RemoteStore(MemoryStore())}
    return Lake(stores[request.param], workers=2)
