"""Shards that several writers write at once: every interleaving over plain bytes, and random ones through the lake."""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import permutations

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import ConcurrentCommit, NotListed, PartitionIncomplete, PartitionMissing, Retryable
from market_data_assets.storage import merging, partition
from market_data_assets.storage.lake import Lake
from market_data_assets_tests.faults.stepping import SteppedStore, World, explore, run_randomly
from market_data_assets_tests.faults.stores import SnapshotStore
from market_data_assets_tests.storage.days import DAY, frame, frames
from market_data_assets_tests.storage.options import CALL, OPTIONS, PUT
from market_data_assets_tests.storage.protocol import REAL
from market_data_assets_tests.storage.shard_protocol import FAILED, GONE, Rows, ShardRun, read, read_file, write


@pytest.fixture(autouse=True, scope="module")
def _remembered_manifests() -> Iterator[None]:
    """Decoding is pure, and an explorer decodes the same few manifests again and again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition, "decode_manifest", lru_cache(100_000)(partition.decode_manifest))
        yield


def _explore(start: Rows | None, runs: Sequence[ShardRun], **limits: object) -> int:
    """Every reader finds what some of the runs, one after another, leave; and whoever was told that it committed is among them."""
    store = SnapshotStore()
    if start is not None:
        write(store, ShardRun(start), "start")
    allowed = _serial_results(start, runs, ())

    def check(world: World) -> None:
        found = read(world.store.copy())
        assert found in allowed
        if not world.running:
            done = [run for run, actor in zip(runs, world.actors, strict=True) if actor.result in {"committed", "noop"}]
            for actor in world.actors:
                assert isinstance(actor.result, str | ConcurrentCommit | Retryable), actor.result
            rest = world.store.copy()
            assert not REAL.recover(rest)
            REAL.sweep(rest)
            assert read(rest) == found == read_file(rest)
            assert found in _serial_results(start, runs, done)

    bodies = [lambda store, run=run, name=name: write(store, run, name) for run, name in zip(runs, "abc", strict=False)]
    return explore(store, bodies, check, **limits)


def _serial_results(start: Rows | None, runs: Sequence[ShardRun], done: Sequence[ShardRun]) -> Sequence[Rows | None]:
    found: list[Rows | None] = []
    for length in range(len(runs) + 1):
        for order in permutations(runs, length):
            if all(run in order for run in done):
                rows = start
                for run in order:
                    rows = run.after(rows or {})
                found.append(rows)
    return found


def two_contracts_at_once() -> int:
    return _explore({"C": b"old"}, [ShardRun({"A": b"mine"}), ShardRun({"B": b"yours"})], switches=1)


def two_contracts_of_a_new_shard_with_a_lost_answer() -> int:
    return _explore(None, [ShardRun({"A": b"mine"}), ShardRun({"B": b"yours"})], faults=1, switches=1)


def contract_that_goes_while_another_comes() -> int:
    return _explore({"A": b"old"}, [ShardRun({"A": GONE}), ShardRun({"B": b"new"})], switches=1)


def whole_day_with_a_failure_against_a_part_of_it() -> int:
    return _explore(
        {"A": b"old", "B": b"old"}, [ShardRun({"A": b"new", "B": FAILED}, partial=False), ShardRun({"B": b"newer"})], switches=1
    )


def writers_that_die() -> int:
    runs = [ShardRun({"A": b"mine"}), ShardRun({"B": b"yours"})]
    return _explore({"C": b"old"}, runs, crashes=1, mortal=(0, 1), switches=1)


SCENARIOS = (
    two_contracts_at_once,
    two_contracts_of_a_new_shard_with_a_lost_answer,
    contract_that_goes_while_another_comes,
    whole_day_with_a_failure_against_a_part_of_it,
    writers_that_die,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_no_contract_of_a_shard_is_lost_or_mixed(scenario: Callable[[], int]) -> None:
    assert scenario() >= 60


@pytest.mark.parametrize(
    ("forgotten", "scenario"),
    [
        ("_check_copied", two_contracts_at_once),
        ("_check_left_alone", contract_that_goes_while_another_comes),
        ("_check_copied", whole_day_with_a_failure_against_a_part_of_it),
    ],
)
def test_explorer_notices_when_a_check_is_forgotten(monkeypatch, forgotten, scenario) -> None:
    monkeypatch.setattr(merging, forgotten, lambda *_: None)
    with pytest.raises(AssertionError):
        scenario()


def test_writers_of_parts_of_a_real_shard_at_random() -> None:
    """Two partial writers, of which one may die, and a reader: whatever the schedule, each contract is as one of them left it."""
    source = random.Random(3)
    store = SnapshotStore()
    _write(store, {OPTIONS[2]: [5]})
    seen = set()
    for _ in range(25):
        bodies = [
            lambda found: _write(found, {CALL: [1, 2]}),
            lambda found: _write(found, {PUT: [3]}),
            lambda found: [_read(found) for _ in range(8)],
        ]
        world = run_randomly(store, bodies, source, mortal=(0,), chance=0.02)
        call, put, other = _read(world.store.copy())
        died = world.actors[0].result == "crashed"
        assert (put, other) == ([3], [5])
        assert call == [1, 2] or (died and call is None)
        for mine, yours, others in world.actors[2].result:
            assert mine in (None, [1, 2])
            assert yours in (None, [3])
            assert others == [5]
            seen.add((died, mine is None, yours is None))
    assert len(seen) > 4


def _write(store: SnapshotStore | SteppedStore, rows) -> str:
    return str(Lake(store, workers=1).write_day(TRADES, frames({each: frame(times) for each, times in rows.items()}), partial=True).status)


def _read(store: SnapshotStore | SteppedStore) -> tuple[list[int] | None, ...]:
    day = Lake(store).read_day(TRADES, DAY)
    return tuple(_times(day, each) for each in (CALL, PUT, OPTIONS[2]))


def _times(day, instrument) -> list[int] | None:
    return [value.value for value in day[instrument].read(["timestamp"])["timestamp"]] if instrument in day else None


def test_failed_contract_is_kept_through_the_lake() -> None:
    lake = Lake(SnapshotStore(), workers=1)
    with pytest.raises(PartitionMissing):
        lake.shards(TRADES, DAY)
    lake.write_day(TRADES, frames({CALL: frame([1]), PUT: frame([2])}))
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, frames({CALL: Retryable("reset"), PUT: NotListed("gone")}))
    assert lake.instruments(TRADES, DAY) == [CALL]
