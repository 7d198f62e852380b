"""Real processes on the local disk: killed with -9 at any moment, and writing the same day at once."""

import multiprocessing
import random
import time
from collections.abc import Iterator, Sequence
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import REVISIONS
from market_data_assets.storage.revisions import kept_manifests
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets_tests.storage.days import BTC, DAY
from market_data_assets_tests.storage.protocol import PREFIX, REAL, names_of, partition
from market_data_assets_tests.storage.writer_process import day_of_seed, merge_seed, seed_of, write_seed, write_trades

KILL_LOOP_SECONDS = 12.0


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServerContext]:
    """Processes forked from one that has imported everything and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["market_data_assets_tests.storage.writer_process"])
    warm = context.Process(target=time.time)
    warm.start()
    warm.join()
    yield context


def started(context: ForkServerContext, target, arguments: Sequence[tuple[object, ...]]) -> Sequence[BaseProcess]:
    found = [context.Process(target=target, args=each) for each in arguments]
    for process in found:
        process.start()
    return found


def joined(found: Sequence[BaseProcess]) -> Sequence[int | None]:
    for process in found:
        process.join(60)
    return [process.exitcode for process in found]


def names(store: LocalStore) -> set[str]:
    """Every object but those of former versions."""
    return {listed.name for listed in store.list("") if not listed.name.startswith(REVISIONS)}


def check_every_revision(store: LocalStore) -> int:
    """Each version reads, as of its time, as one whole day of some seed; returns how many there are."""
    kept = kept_manifests(partition(store))
    last = partition(store).current().manifest
    assert last is not None
    assert [each.version for each in kept] == list(range(1, last.version))
    for each in kept:
        found = REAL.read_known_at(store, each.committed_at)
        assert found is not None
        assert found == day_of_seed(seed_of(found))
    return last.version


def test_day_survives_writers_that_are_killed_at_any_moment(processes: ForkServerContext, tmp_path: Path) -> None:
    store, source, seed, killed, read = LocalStore(tmp_path), random.Random(5), 0, 0, set()
    end = time.monotonic() + KILL_LOOP_SECONDS
    while time.monotonic() < end:
        writers = started(processes, write_seed, [(tmp_path, seed := seed + 1) for _ in range(source.choice([1, 1, 2]))])
        until = time.monotonic() + source.uniform(0.005, 0.12)
        while time.monotonic() < until:
            found = REAL.read(store)
            if found is not None:
                read.add(seed_of(found))
                assert found == day_of_seed(seed_of(found))
        for writer in writers:
            if source.random() < 0.8:
                writer.kill()
        codes = joined(writers)
        killed += codes.count(-9)
        assert set(codes) <= {0, -9}
    assert killed > 10
    assert len(read) > 3
    write_seed(tmp_path, 0)
    assert REAL.read(store) == day_of_seed(0)
    REAL.sweep(store)
    assert names(store) == names_of(day_of_seed(0))
    assert check_every_revision(store) >= len(read)
    # The last writer was not killed, so it has removed what the killed ones left.
    assert list((tmp_path / ".tmp").iterdir()) == []


def test_two_processes_that_write_the_same_day_leave_one_of_the_two(processes: ForkServerContext, tmp_path: Path) -> None:
    for attempt in range(4):
        root = tmp_path / str(attempt)
        assert set(joined(started(processes, write_trades, [(root, 10), (root, 20)]))) == {0}
        lake = Lake(LocalStore(root))
        rows = lake.read(TRADES, DAY, BTC).num_rows
        assert rows in {10, 20}
        assert lake.recover(TRADES, DAY).damaged == []
        assert lake.manifest(TRADES, DAY).content.files[0].rows == rows


def test_processes_that_merge_into_one_day_lose_nothing(processes: ForkServerContext, tmp_path: Path) -> None:
    assert set(joined(started(processes, merge_seed, [(tmp_path, number) for number in range(6)]))) == {0}
    store = LocalStore(tmp_path)
    assert REAL.read(store) == {f"OWN{number}": b"%d" % number for number in range(6)}
    REAL.recover(store)
    assert {name for name in names(store) if name.startswith(PREFIX)} == names_of({f"OWN{number}": b"" for number in range(6)})
