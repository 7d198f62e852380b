"""Row 2: an acknowledgement is lost, or a request arrives twice. The day is committed once, and nothing that counts is deleted."""

import pytest

from market_data_assets.errors import PreconditionFailed, Retryable, StorageFailed
from market_data_assets.storage.layout import MANIFEST
from market_data_assets_tests.emulators import proxy_faults
from market_data_assets_tests.faults.stores import Fault
from market_data_assets_tests.reliability.laws import check_at_rest, check_healed
from market_data_assets_tests.reliability.places import NEVER, GcsPlace, Place
from market_data_assets_tests.storage.protocol import REAL, partition
from market_data_assets_tests.storage.scenarios import NEW, OLD

UNCERTAIN = (Fault.LOST_REQUEST, Fault.LOST_ANSWER, Fault.REPEATED)
CASES = {"first day": (None, False), "day in place of another": (OLD, False), "part of a day": (OLD, True)}


def with_day(place: Place, day):
    store = place.new()
    if day is not None:
        REAL.write(store, day, "start")
    return store


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("fault", UNCERTAIN, ids=lambda fault: fault.name)
def test_row_2_any_fault_of_any_change_leaves_the_old_day_or_the_new_one(place: Place, fault, case):
    start, partial = CASES[case]
    target = {**(start or {}), **NEW} if partial else NEW
    with place.harmed(with_day(place, start), NEVER, fault) as (store, count):
        REAL.write(store, NEW, "a", partial=partial)
        changes = count()
    assert changes > len(NEW)
    # The harmed change is another one in each case, so that all of them are harmed in some.
    for at in range((UNCERTAIN.index(fault) + 3 * list(CASES).index(case)) % place.stride, changes, place.stride):
        store = with_day(place, start)
        with place.harmed(store, at, fault) as (flaky, _):
            try:
                REAL.write(flaky, NEW, "a", partial=partial)
                assert REAL.read(store) == target
            except (Retryable, PreconditionFailed, StorageFailed):
                assert REAL.read(store) in (start, target)
        check_at_rest(store, [start, target])
        check_healed(store, target)
        assert start is None or REAL.read_known_at(store, 1) == start


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.REPEATED], ids=lambda fault: fault.name)
def test_row_2_commit_whose_answer_is_lost_is_one_commit(place: Place, fault):
    # The files are staged before the manifest is put.
    with place.harmed(place.new(), len(NEW), fault) as (store, _):
        assert REAL.write(store, NEW, "a") == "committed"
        assert REAL.read(store) == NEW
        manifest = partition(store).current().manifest
        assert manifest is not None
        assert manifest.version == 1


@pytest.mark.parametrize("seed", range(3))
def test_row_2_write_over_a_bad_line_is_whole_or_an_error(gcs_place: GcsPlace, seed):
    """One request in twelve is lost, answered in vain, repeated, cut or answered with an error, reads among them."""
    store = with_day(gcs_place, OLD)
    rules = gcs_place.proxy.rules
    rules.clear(seed)
    faults = (proxy_faults.lost_request, proxy_faults.lost_answer, proxy_faults.repeated, proxy_faults.truncated, proxy_faults.refused(503))
    met = [rules.add(fault, chance=0.02) for fault in faults]
    for number in range(2):
        try:
            REAL.write(store, NEW, f"a{number}")
        except (Retryable, PreconditionFailed, StorageFailed):
            continue
        assert REAL.read(store) == NEW
    rules.clear()
    assert any(rule.met for rule in met)
    check_at_rest(store, [OLD, NEW])
    check_healed(store, NEW)
    assert store.head(partition(store).prefix + MANIFEST) is not None
