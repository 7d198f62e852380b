"""Whatever is done, in whatever order, the GCS store answers as the store in memory does."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market_data_assets.errors import MarketDataError
from market_data_assets.storage.stores.gcs import GcsStore
from market_data_assets.storage.stores.memory import MemoryStore

# The emulator keeps objects as files: none may be the folder of another.
NAMES = st.sampled_from(["a", "b/c", "b/d/e", "b-1"])
GENERATIONS = st.sampled_from(["none", "current", "former"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, st.binary(max_size=3), GENERATIONS),
        st.tuples(st.just("move"), NAMES, NAMES, GENERATIONS),
        st.tuples(st.just("delete"), NAMES, st.none(), GENERATIONS),
    ),
    min_size=3,
    max_size=10,
)
FRESH = itertools.count()
NEVER = 999_999
"""A generation that no object ever has."""


class Actor:
    """Does steps on a store. A generation is named by what it is, since each store has its own numbers."""

    def __init__(self, store):
        self.store = store
        self.former = {}

    def do(self, step):
        verb, name, other, which = step
        target = other if verb == "move" else name
        head = self.store.head(target)
        current = 0 if head is None else head.generation
        generation = {"none": 0, "current": current, "former": self.former.get(target, NEVER)}[which]
        self.former[target] = current or self.former.get(target, NEVER)
        try:
            if verb == "put":
                return self.store.put(name, other, if_generation=generation) == self.store.head(name).generation
            if verb == "move":
                return self.store.move(name, other, if_generation=generation) == self.store.head(other).generation
            return self.store.delete(name, if_generation=generation)
        except MarketDataError as error:
            return type(error)

    def holds(self):
        found = [(listed.name, listed.size, bytes(self.store.get(listed.name).data)) for listed in self.store.list("")]
        return found, [listed.name for listed in self.store.list("b/", folders=True)]


@pytest.fixture(params=["moves", "copies"])
def open_gcs(request, exact_bucket, gcs_proxy):
    """Makes empty stores in one bucket."""
    gcs_proxy.gcs.moves = request.param == "moves"
    return lambda: GcsStore(exact_bucket.removeprefix("gs://"), f"example-{next(FRESH)}/")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_gcs_and_memory_do_the_same(open_gcs, steps):
    steps = [step for step in steps if step[0] != "move" or step[1] != step[2]]
    memory, gcs = Actor(MemoryStore()), Actor(open_gcs())
    assert [gcs.do(step) for step in steps] == [memory.do(step) for step in steps]
    assert gcs.holds() == memory.holds()
