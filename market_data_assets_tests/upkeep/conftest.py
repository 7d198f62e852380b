"""Lakes to look after: in memory, on the disk, and in an emulated bucket. The day in them is written once and copied."""

from collections.abc import Mapping

import pytest

from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.upkeep.lakes import fill


@pytest.fixture(scope="session")
def objects() -> Mapping[str, bytes]:
    """The objects of a lake with a day of everything, by name."""
    lake = Lake(MemoryStore(), workers=1)
    fill(lake)
    return {each.name: bytes(lake.store.get(each.name).data) for each in lake.store.list("")}


@pytest.fixture
def lake(objects: Mapping[str, bytes]) -> Lake:
    """That lake in memory."""
    return filled(MemoryStore(), objects)


@pytest.fixture(params=["local", "gcs"])
def kept_lake(request: pytest.FixtureRequest, objects: Mapping[str, bytes], tmp_path) -> Lake:
    """The same where the kind of store plays a part."""
    store = LocalStore(tmp_path / "root") if request.param == "local" else open_store(request.getfixturevalue("bucket"))
    return filled(store, objects)


def filled(store: Store, objects: Mapping[str, bytes]) -> Lake:
    for name, data in objects.items():
        store.put(name, data, if_generation=0)
    return Lake(store, workers=1)
