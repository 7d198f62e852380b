"""Every change to the store meets every fault: committed once, nothing deleted that counts, a re-run finishes."""

import pytest

from market_data_assets.errors import PreconditionFailed, Retryable, StorageFailed
from market_data_assets_tests.faults.stores import Fault, FlakyStore, SnapshotStore
from market_data_assets_tests.storage.protocol import REAL
from market_data_assets_tests.storage.scenarios import NEW, OLD, check_at_rest, store_with


def _changes(start: SnapshotStore, partial: bool) -> int:
    counting = FlakyStore(start.copy(), -1, Fault.LOST_REQUEST)
    REAL.write(counting, NEW, "a", partial=partial)
    return counting.changes


@pytest.mark.parametrize("partial", [False, True], ids=["whole day", "partial"])
@pytest.mark.parametrize("start", [None, OLD], ids=["nothing", "old day"])
@pytest.mark.parametrize("fault", Fault)
def test_any_fault_of_any_change_leaves_the_old_day_or_the_new_one(fault, start, partial):
    base = store_with(REAL, start)
    target = {**(start or {}), **NEW} if partial else NEW
    for at in range(_changes(base, partial)):
        store = base.copy()
        try:
            REAL.write(FlakyStore(store, at, fault), NEW, "a", partial=partial)
            assert REAL.read(store) == target
        except (Retryable, PreconditionFailed, StorageFailed):
            assert REAL.read(store) in (start, target)
        check_at_rest(REAL, store.copy(), [start, target])
        REAL.write(store, NEW, "b", partial=partial)
        check_at_rest(REAL, store, [target])


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.REPEATED])
def test_commit_whose_answer_is_lost_is_one_commit(fault):
    store = SnapshotStore()
    # Three files are staged before the manifest is put.
    assert REAL.write(FlakyStore(store, len(NEW), fault), NEW, "a") == "committed"
    assert REAL.read(store) == NEW
