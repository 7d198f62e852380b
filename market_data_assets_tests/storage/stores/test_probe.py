"""Stores that keep their promises pass the probe; those that do not are refused, and nothing is left behind."""

import pytest

from market_data_assets.errors import PreconditionFailed, StorageFailed
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets.storage.stores.probe import probe_compare_and_swap
from market_data_assets_tests.faults.stores import Wrapped


class Overwriting(Wrapped):
    """Ignores preconditions where ``ignored`` says so."""

    def __init__(self, store, ignored):
        super().__init__(store)
        self.ignored = ignored

    def put(self, name, data, *, if_generation, crc32c=None):
        head = self.head(name)
        if self.ignored(if_generation):
            if_generation = 0 if head is None else head.generation
        return super().put(name, data, if_generation=if_generation, crc32c=crc32c)


class Refusing(Wrapped):
    """Replaces nothing."""

    def put(self, name, data, *, if_generation, crc32c=None):
        if if_generation:
            raise PreconditionFailed(name, if_generation, 0)
        return super().put(name, data, if_generation=if_generation, crc32c=crc32c)


@pytest.mark.parametrize("kind", ["memory", "local", "gcs", "plain emulator"])
def test_stores_of_this_package_pass_and_keep_nothing(kind, request, tmp_path):
    if kind == "memory":
        store = MemoryStore()
    elif kind == "local":
        store = LocalStore(tmp_path)
    else:
        store = open_store(request.getfixturevalue("exact_bucket" if kind == "gcs" else "bucket"))
    probe_compare_and_swap(store)
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    ("ignored", "complaint"),
    [
        (lambda generation: True, "created an object that exists"),
        (lambda generation: generation == 0, "created an object that exists"),
        (lambda generation: generation > 0, "replaced an object at a generation that is gone"),
    ],
)
def test_store_that_ignores_preconditions_is_refused(ignored, complaint):
    store = Overwriting(MemoryStore("lake"), ignored)
    with pytest.raises(StorageFailed, match=rf"memory://lake/_probe/\w+: the store {complaint}"):
        probe_compare_and_swap(store)
    assert list(store.list("")) == []


def test_store_that_replaces_nothing_is_refused():
    store = Refusing(MemoryStore())
    with pytest.raises(StorageFailed, match="refused a change whose precondition holds"):
        probe_compare_and_swap(store)
    assert list(store.list("")) == []
