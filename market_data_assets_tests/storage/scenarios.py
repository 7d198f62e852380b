"""What the commit protocol must survive, as scenarios that fail with an AssertionError or a CorruptPartition."""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from market_data_assets.errors import ConcurrentCommit, MarketDataError, Retryable
from market_data_assets.storage.layout import REVISIONS
from market_data_assets.storage.manifest_json import decode_manifest
from market_data_assets_tests.faults.stepping import Actor, Body, Move, World, explore, run_randomly
from market_data_assets_tests.faults.stores import SnapshotStore
from market_data_assets_tests.storage.protocol import PREFIX, Day, Protocol, names_of

OLD: Day = {"BTC": b"old-btc", "ETH": b"old-eth", "LUNA": b"old-luna"}
NEW: Day = {"BTC": b"new-btc", "ETH": b"old-eth", "SOL": b"new-sol"}
SMALL: Day = {"BTC": b"small"}
OTHER: Day = {"BTC": b"other"}


def store_with(protocol: Protocol, day: Day | None) -> SnapshotStore:
    store = SnapshotStore()
    if day is not None:
        protocol.write(store, day, "start")
    return store


def check_at_rest(protocol: Protocol, store: SnapshotStore, allowed: Sequence[Day | None]) -> None:
    """Recovery and the sweep, in either order, change nothing for a reader, and leave nothing but the day."""
    found = protocol.read(store)
    assert found in allowed
    swept = store.copy()
    protocol.sweep(swept)
    assert protocol.read(swept) == found
    assert not protocol.recover(store)
    assert protocol.read(store) == found
    protocol.sweep(store)
    assert protocol.read(store) == found
    if found is not None:
        assert {name for name in store.names() if not name.startswith(REVISIONS)} == names_of(found)
    check_revisions(protocol, swept)
    check_revisions(protocol, store)


def check_revisions(protocol: Protocol, store: SnapshotStore) -> None:
    """Every version that was ever committed is read byte for byte as of its time, and nothing as of before the first."""
    assert protocol.read_known_at(store, 0) is None
    for number, data in enumerate(store.manifests, 1):
        manifest = decode_manifest(data, PREFIX)
        assert (manifest.version, manifest.committed_at) == (number, number)
        found = protocol.read_known_at(store, number)
        assert found is not None
        digests = {instrument: hashlib.sha256(data).hexdigest() for instrument, data in found.items()}
        assert digests == {entry.instrument_id: entry.sha256 for entry in manifest.content.files}


def crashes_and_second_crashes(protocol: Protocol) -> int:
    """A writer dies before any operation, then its re-run does; readers see old or new, and a third run finishes."""
    return sum(_crashes(protocol, start, target) for start in (OLD, None) for target in (NEW, SMALL, OLD))


def _crashes(protocol: Protocol, start: Day | None, target: Day) -> int:
    states = 0
    for once in _crashed(store_with(protocol, start), lambda store: protocol.write(store, target, "first")):
        assert protocol.read(once) in (start, target)
        check_revisions(protocol, once)
        swept = once.copy()
        check_at_rest(protocol, swept, (start, target))
        for twice in _crashed(once, lambda store: protocol.write(store, target, "second")):
            states += 1
            assert protocol.read(twice) in (start, target)
            check_revisions(protocol, twice)
            protocol.write(twice, target, "third")
            assert protocol.read(twice) == target
            assert names_of(target) <= twice.names()
            check_at_rest(protocol, twice, [target])
    return states


def _crashed(start: SnapshotStore, body: Callable[..., object]) -> Sequence[SnapshotStore]:
    """The store after a crash before the first operation, the second, …, and after the end."""
    found = []
    for steps in range(10_000):
        store = start.copy()
        actor = Actor(store, body)
        for _ in range(steps):
            if actor.alive:
                actor.move(Move.STEP)
        found.append(store)
        if not actor.alive:
            if isinstance(actor.result, MarketDataError):
                raise actor.result
            return found
        actor.move(Move.CRASH)
    raise AssertionError("the writer does not end")


def two_writers(protocol: Protocol) -> int:
    """Every interleaving of two whole-day writers, of which one may die, over nothing and over an old day."""
    runs = [Run(OTHER), Run(SMALL)]
    return sum(_explore(protocol, start, runs, crashes=1, mortal=(0,)) for start in (None, {"LUNA": b"old-luna"}))


def two_equal_writers(protocol: Protocol) -> int:
    """Every interleaving of two runs of the same day, with a lost answer or a repeated request of a commit."""
    return _explore(protocol, OTHER, [Run(SMALL), Run(SMALL)], faults=1, mortal=(0,))


def writer_and_reader(protocol: Protocol) -> int:
    """Every interleaving of a writer that may die, of a day of several files, and a reader."""
    return _explore(protocol, OLD, [Run(NEW)], [protocol.read], crashes=1, mortal=(0,))


def writer_and_reader_of_the_past(protocol: Protocol) -> int:
    """Every interleaving of a writer that may die and a reader of what was known before: it finds that, and never an error."""

    def check(world: World) -> None:
        assert world.actors[1].alive or world.actors[1].result == OLD, world.actors[1].result

    bodies = [*_writers(protocol, [Run(NEW)]), lambda store: protocol.read_known_at(store, 1)]
    return explore(store_with(protocol, OLD), bodies, check, crashes=1, mortal=(0,))


def two_writers_and_reader(protocol: Protocol) -> int:
    """Two writers and a reader, with a change of turn in the middle: a reader within either."""
    return _explore(protocol, {"BTC": b"old"}, [Run(OTHER), Run(SMALL)], [protocol.read], switches=1)


def file_that_comes_back(protocol: Protocol) -> int:
    """One run drops a file and another brings it back with the same bytes, while slow publishers still run."""
    back = {"LUNA": b"old-luna"}
    return _explore(protocol, {"SOL": b"sol", **back}, [Run(SMALL), Run(back)], crashes=1, mortal=(0,))


def partial_writers(protocol: Protocol) -> int:
    """Every interleaving of two runs over different instruments; of a few turns also with a lost answer of a commit."""
    runs = [Run({"BTC": b"mine"}, partial=True), Run({"SOL": b"yours"}, partial=True)]
    return _explore(protocol, None, runs) + _explore(protocol, None, runs, faults=1, mortal=(0,), switches=2)


def partial_against_whole(protocol: Protocol) -> int:
    """A partial run and a whole-day run over one instrument, with up to two changes of turn and a lost answer of a commit."""
    return _explore(protocol, None, [Run({"BTC": b"mine"}, partial=True), Run(OTHER)], faults=1, switches=2)


def random_schedules(protocol: Protocol, number: int = 800) -> int:
    """Three writers, whole and partial, of which some are killed, two readers and a recovery at random."""
    source = random.Random(7)
    for _ in range(number):
        start = source.choice([None, OLD, SMALL])
        runs = [Run(source.choice([OLD, NEW, SMALL, OTHER]), partial=source.random() < 0.5) for _ in range(3)]
        chance = 0.02 if source.random() < 0.5 else 0.0
        bodies = [*_writers(protocol, runs), protocol.read, protocol.read, protocol.recover]
        world = run_randomly(store_with(protocol, start), bodies, source, mortal=(0, 1, 2), chance=chance)
        _check_end(protocol, world, start, runs)
    return number


@dataclass(frozen=True)
class Run:
    """What one writer writes."""

    day: Day
    partial: bool = False


def _explore(protocol: Protocol, start: Day | None, runs: Sequence[Run], others: Sequence[Body] = (), **limits: object) -> int:
    """Explore writers and others; a reader sees an allowed day in every state, and at the end everything is at rest."""
    allowed = _serial_results(start, runs)
    seen: set[int] = set()

    def check(world: World) -> None:
        if (state := world.store.fingerprint()) not in seen:
            seen.add(state)
            assert protocol.read(world.store) in allowed
            check_revisions(protocol, world.store)
        if not world.running:
            _check_end(protocol, world, start, runs)

    return explore(store_with(protocol, start), [*_writers(protocol, runs), *others], check, **limits)


def _writers(protocol: Protocol, runs: Sequence[Run]) -> Sequence[Body]:
    return [_writer(protocol, run, name) for run, name in zip(runs, "abc", strict=False)]


def _writer(protocol: Protocol, run: Run, name: str) -> Body:
    return lambda store: protocol.write(store, run.day, name, partial=run.partial)


def _check_end(protocol: Protocol, world: World, start: Day | None, runs: Sequence[Run]) -> None:
    results = [actor.result for actor in world.actors]
    for result in results:
        # A loser is told so, and a reader or a lost answer may ask to try again; nothing else may go wrong.
        if isinstance(result, MarketDataError):
            assert isinstance(result, ConcurrentCommit | Retryable), result
        elif isinstance(result, Mapping):
            assert result in _serial_results(start, runs)
    successes = [run for run, result in zip(runs, results, strict=False) if result in ("committed", "noop")]
    check_at_rest(protocol, world.store.copy(), _serial_results(start, runs, successes))


def _serial_results(start: Day | None, runs: Sequence[Run], successes: Sequence[Run] = ()) -> Sequence[Day | None]:
    """Every day that the successful runs and any of the others, one after another in any order, could leave."""
    found: list[Day | None] = []
    for length in range(len(runs) + 1):
        for order in permutations(runs, length):
            if all(order.count(run) >= successes.count(run) for run in successes):
                found.append(_in_turn(start, order))
    return found


def _in_turn(start: Day | None, order: Sequence[Run]) -> Day | None:
    day = start
    for run in order:
        day = {**(day or {}), **run.day} if run.partial else run.day
    return day


SCENARIOS = (
    crashes_and_second_crashes,
    two_writers,
    two_equal_writers,
    writer_and_reader,
    writer_and_reader_of_the_past,
    two_writers_and_reader,
    file_that_comes_back,
    partial_writers,
    partial_against_whole,
    random_schedules,
)
