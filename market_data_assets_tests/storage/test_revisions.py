"""What is kept of former versions of a day, what that costs, and what harm to it leads to."""

import datetime as dt
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.datasets import Finality, Quarantined
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import CorruptPartition, PartitionMissing
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import MANIFEST, REVISIONS, kept_file_name, kept_manifest_name
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.faults.stores import Wrapped
from market_data_assets_tests.storage.by_hand import NAME, PREFIX, kept_names, names, put_by_hand, remove_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, SOL, START, frame, frames

OTHERS = {ETH: frame([START]), SOL: frame([START])}


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """Commits at 1000, 2000, …"""
    return ticking(lake.store)


def ticking(store: Store) -> Lake:
    return Lake(store, workers=2, clock=count(1000, 1000).__next__)


def write(lake: Lake, *numbers: int, **fields: object) -> None:
    """One version after another: so many trades of BTC, and the same others."""
    for number in numbers:
        lake.write_day(TRADES, frames({BTC: frame(range(START, START + number)), **OTHERS}, **fields))


def rows_known_at(lake: Lake, instant: int) -> int:
    return lake.as_known_at(instant).read(TRADES, DAY, BTC).num_rows


def kept_btc(lake: Lake) -> str:
    """Where the only file that was kept lies."""
    return next(name for name in kept_names(lake) if "manifest-" not in name)


def test_every_version_is_listed_with_its_time_and_read_as_of_it(lake):
    write(lake, 1, 2, 3, finality=Finality.PROVISIONAL)
    lake.write_day(TRADES, frames({BTC: frame(range(START, START + 3)), **OTHERS}), run_id="final")
    lake.write_day(TRADES, frames({BTC: frame(range(START, START + 4))}), partial=True)
    found = lake.revisions(TRADES, DAY)
    assert [(each.version, each.committed_at, each.rows) for each in found] == [
        (1, 1000, 3),
        (2, 2000, 4),
        (3, 3000, 5),
        (4, 4000, 5),
        (5, 5000, 6),
    ]
    assert [each.run_id for each in found] == ["", "", "", "final", ""]
    assert found[-1].content_hash == lake.manifest(TRADES, DAY).content.content_hash
    assert [rows_known_at(lake, each.committed_at) for each in found] == [1, 2, 3, 3, 4]
    assert [lake.as_known_at(each).manifest(TRADES, DAY).content.finality for each in (3999, 4000)] == ["provisional", "final"]


def test_day_that_was_never_stored_has_no_versions(lake):
    assert lake.revisions(TRADES, DAY) == []


def test_only_what_is_replaced_or_dropped_is_kept_and_only_once(lake):
    write(lake, 1)
    assert kept_names(lake) == []
    write(lake, 1)
    assert kept_names(lake) == []
    write(lake, 2)
    assert len(kept_names(lake)) == 2
    write(lake, 1, 2)
    # Both files were kept when they were first replaced.
    assert len([name for name in kept_names(lake) if "manifest-" not in name]) == 2
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    assert rows_known_at(lake, 4000) == 2
    assert len(lake.as_known_at(4000).read_day(TRADES, DAY)) == 3


class Recording(Wrapped):
    """Notes the kind and the name of every operation."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.operations: list[tuple[str, str]] = []

    def get(self, name, **conditions):
        self.operations.append(("get", name))
        return super().get(name, **conditions)

    def head(self, name):
        self.operations.append(("head", name))
        return super().head(name)

    def put(self, name, data, **conditions):
        self.operations.append(("put", name))
        return super().put(name, data, **conditions)

    def list(self, prefix, **options):
        self.operations.append(("list", prefix))
        return super().list(prefix, **options)


def test_first_version_costs_nothing_and_a_later_one_two_operations_a_changed_file_and_one_more():
    store = Recording(MemoryStore())
    lake = Lake(store, workers=1)
    lake.write_day(TRADES, frames({BTC: frame([START]), **OTHERS}))
    assert not [name for kind, name in store.operations if REVISIONS in name or (kind == "get" and name.endswith(".parquet"))]
    store.operations.clear()
    lake.write_day(TRADES, frames({BTC: frame([START + 1]), ETH: frame([START + 1]), SOL: frame([START])}))
    assert len([each for each in store.operations if each[0] == "get" and each[1].endswith(".parquet")]) == 2
    assert [kind for kind, name in store.operations if REVISIONS in name] == ["put"] * 3
    store.operations.clear()
    lake.write_day(TRADES, frames({BTC: frame([START + 1]), ETH: frame([START + 1]), SOL: frame([START])}))
    assert not [each for each in store.operations if REVISIONS in each[1]]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=4))
def test_versions_have_ascending_times_whatever_the_clock_says(times):
    clock = iter(times)
    lake = Lake(MemoryStore(), workers=1, clock=clock.__next__)
    write(lake, *range(1, len(times) + 1))
    found = [each.committed_at for each in lake.revisions(TRADES, DAY)]
    assert found[0] == times[0]
    assert all(later == max(time, former + 1) for former, later, time in zip(found, found[1:], times[1:], strict=False))
    assert [rows_known_at(lake, each) for each in found] == list(range(1, len(times) + 1))


def test_rows_that_were_set_aside_are_kept_with_their_version(lake):
    aside = pa.table({"price": ["nan"], "reason": ["nan_price"]})
    lake.write_day(TRADES, frames({BTC: frame([START], [Quarantined("nan_price", 1, aside)])}))
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    assert [table.to_pydict() for table in lake.as_known_at(1000).read_quarantined(TRADES, DAY, BTC)] == [aside.to_pydict()]
    assert lake.read_quarantined(TRADES, DAY, BTC) == []


def test_sweep_and_recovery_leave_former_versions_alone(lake):
    write(lake, 1, 2)
    before = kept_names(lake)
    lake.sweep(dt.datetime.now(dt.UTC) + dt.timedelta(days=3650))
    lake.recover(TRADES, DAY)
    assert kept_names(lake) == before
    assert rows_known_at(lake, 1000) == 1


@pytest.mark.parametrize("harm", ["changed", "deleted"])
def test_kept_file_that_was_harmed_is_corrupt_and_says_which_revision(lake, harm):
    write(lake, 1, 2, 3)
    first = kept_file_name(PREFIX, lake.as_known_at(1000).manifest(TRADES, DAY).content.file_of(str(BTC)).sha256)
    if harm == "deleted":
        remove_by_hand(lake, first)
    else:
        put_by_hand(lake, first, b"?")
    with pytest.raises(CorruptPartition, match=r"BTC-USDT.parquet of revision 1 is missing, .*cannot be made again"):
        rows_known_at(lake, 1000)
    assert lake.as_known_at(1000).read(TRADES, DAY, ETH).num_rows == 1
    assert [rows_known_at(lake, instant) for instant in (2000, 3000)] == [2, 3]


def test_kept_file_that_was_harmed_is_whole_again_when_its_bytes_come_back(lake):
    write(lake, 1, 2)
    put_by_hand(lake, kept_btc(lake), b"?")
    write(lake, 1)
    assert rows_known_at(lake, 1000) == 1
    write(lake, 2)
    assert [rows_known_at(lake, instant) for instant in (1000, 2000, 3000, 4000)] == [1, 2, 1, 2]


def test_published_file_that_was_harmed_is_never_kept_as_the_right_one(lake):
    write(lake, 1)
    put_by_hand(lake, NAME, b"?")
    write(lake, 2)
    assert [name for name in kept_names(lake) if "manifest-" not in name] == []
    with pytest.raises(CorruptPartition, match="of revision 1 is missing"):
        rows_known_at(lake, 1000)
    assert lake.as_known_at(1000).read(TRADES, DAY, ETH).num_rows == 1


@pytest.mark.parametrize("harm", ["changed", "another", "deleted"])
def test_kept_manifest_that_was_harmed_is_never_answered_with_its_neighbour(lake, harm):
    write(lake, 1, 2, 3)
    first, second = (kept_manifest_name(PREFIX, version, 1000 * version) for version in (1, 2))
    if harm == "deleted":
        remove_by_hand(lake, second)
    else:
        put_by_hand(lake, second, b"{}" if harm == "changed" else bytes(lake.store.get(first).data))
    message = "revision 2 is not kept, so what was stored at" if harm == "deleted" else "revision [12]"
    with pytest.raises(CorruptPartition, match=message):
        rows_known_at(lake, 2000)
    assert rows_known_at(lake, 3000) == 3
    if harm != "deleted":
        assert rows_known_at(lake, 1000) == 1


def test_manifest_that_could_not_be_read_counts_as_a_version_that_is_lost(lake):
    write(lake, 1, 2)
    put_by_hand(lake, PREFIX + MANIFEST, b"?")
    with pytest.raises(CorruptPartition):
        rows_known_at(lake, 1000)
    write(lake, 3, 4)
    assert [(each.version, each.committed_at) for each in lake.revisions(TRADES, DAY)] == [(1, 1000), (3, 3000), (4, 4000)]
    assert [rows_known_at(lake, instant) for instant in (3000, 4000)] == [3, 4]
    # When version 2 was committed cannot be told any more: at 2500 the answer of version 1 may be the wrong one.
    with pytest.raises(CorruptPartition, match="revision 2 is not kept"):
        rows_known_at(lake, 2500)


def test_manifest_that_could_not_be_read_before_anything_was_kept_is_a_lost_first_version(lake):
    write(lake, 1)
    put_by_hand(lake, PREFIX + MANIFEST, b"?")
    write(lake, 2)
    assert lake.manifest(TRADES, DAY).version == 2
    with pytest.raises(CorruptPartition, match="revision 1 is not kept"):
        rows_known_at(lake, 1000)


def test_manifest_that_was_removed_hides_what_followed_but_not_what_was_before(lake):
    write(lake, 1, 2, 3)
    remove_by_hand(lake, PREFIX + MANIFEST)
    assert rows_known_at(lake, 1999) == 1
    with pytest.raises(CorruptPartition, match="revision 3 is not kept"):
        rows_known_at(lake, 2000)
    write(lake, 4, 5)
    assert [rows_known_at(lake, instant) for instant in (1000, 4000, 5000)] == [1, 4, 5]
    with pytest.raises(CorruptPartition, match="revision 3 is not kept"):
        rows_known_at(lake, 3999)


def test_objects_that_are_not_ours_are_passed_over(lake):
    write(lake, 1, 2)
    put_by_hand(lake, f"{REVISIONS}{PREFIX}manifest-notes.json", b"?")
    put_by_hand(lake, f"{REVISIONS}{PREFIX}manifest-1-2.json", b"?")
    assert len(lake.revisions(TRADES, DAY)) == 2


def test_what_is_kept_lies_outside_every_partition(lake):
    write(lake, 1, 2)
    assert all(name.startswith(f"{REVISIONS}{PREFIX}") for name in kept_names(lake))
    assert not [name for name in names(lake) if "manifest-" in name]
    assert lake.days(TRADES) == [DAY]


def test_before_the_first_version_nothing_was_known(lake):
    write(lake, 1, 2)
    with pytest.raises(PartitionMissing, match=r"first revision was committed at 1970-01-01 00:00:00.001000\+00:00, after .*000999"):
        rows_known_at(lake, 999)
