"""Row 1: a writer dies before any of its changes. Readers find the old day or the new one, and a re-run finishes.

Every operation, double deaths and interleavings are explored in ``storage/test_commit_protocol.py``, and real processes are
killed in ``test_row_01_kill_9.py``.
"""

import datetime as dt
from contextlib import suppress

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets_tests.reliability.laws import check_at_rest, check_healed
from market_data_assets_tests.reliability.places import NEVER, Killed, MortalStore, Place
from market_data_assets_tests.storage.by_hand import PREFIX, put_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, START, frame, frames
from market_data_assets_tests.storage.protocol import REAL
from market_data_assets_tests.storage.scenarios import NEW, OLD


@pytest.mark.parametrize("partial", [False, True], ids=["whole day", "part of a day"])
def test_row_1_writer_that_dies_before_any_change_leaves_the_old_day_or_the_new_one(place: Place, partial):
    target = {**OLD, **NEW} if partial else NEW
    counting = MortalStore(place.new(), NEVER)
    REAL.write(counting, OLD, "start")
    before = counting.changes
    REAL.write(counting, NEW, "a", partial=partial)
    seen = set()
    for at in range(int(partial), counting.changes - before, 1 + place.stride // 2):
        store = place.new()
        REAL.write(store, OLD, "start")
        with suppress(Killed):
            REAL.write(MortalStore(store, at), NEW, "a", partial=partial)
        found = REAL.read(store)
        assert found in (OLD, target)
        seen.add(found == target)
        if at % 2:  # the sweep and the recovery may come before the re-run, or not
            check_at_rest(store, [found])
        REAL.write(store, target, "again")
        check_healed(store, target)
        assert REAL.read_known_at(store, 1) == OLD
    assert seen == {False, True}


def test_sweep_takes_old_unnamed_files_only(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    put_by_hand(lake, f"_staging/{PREFIX}lost/ETH.parquet", b"lost")
    now = dt.datetime.now(dt.UTC)
    young = lake.sweep(now + dt.timedelta(hours=47))
    assert (young.deleted, young.kept) == (0, 1)
    old = lake.sweep(now + dt.timedelta(hours=49))
    assert (old.deleted, old.kept) == (1, 0)
    assert lake.read(TRADES, DAY, BTC).num_rows == 1
