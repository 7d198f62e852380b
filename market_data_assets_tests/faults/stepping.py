"""Running real storage code one store operation at a time: every interleaving, every crash, without touching the code.

Each actor is a greenlet whose store hands control back before every operation. A crashed actor is never resumed.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from itertools import pairwise

from greenlet import getcurrent, greenlet

from market_data_assets.errors import MarketDataError
from market_data_assets.storage.manifest import DayContent, FileEntry, Manifest
from market_data_assets.storage.partition import Current
from market_data_assets.storage.stores.base import Content, Head, Listed
from market_data_assets_tests.faults.stores import Fault, SnapshotStore, Wrapped, faulty

Body = Callable[["SteppedStore"], object]


class Move(StrEnum):
    STEP = "step"
    CRASH = "crash"
    LOSE_ANSWER = "lose answer"
    REPEAT = "repeat"


_FAULTS = {Move.LOSE_ANSWER: Fault.LOST_ANSWER, Move.REPEAT: Fault.REPEATED}


class SteppedStore(Wrapped):
    """Waits before every operation."""

    def __init__(self, store: SnapshotStore) -> None:
        super().__init__(store)
        self.next_change = ""
        self.dead = False

    def put(self, name, data, **conditions):
        return self._named(name, lambda: super(SteppedStore, self).put(name, data, **conditions))

    def _named(self, name, call):
        self.next_change = name
        return call()

    def _operation(self, change, call):
        move = getcurrent().parent.switch()
        if self.dead:
            raise SystemExit("a killed process does nothing more")
        self.next_change = ""
        return faulty(call, _FAULTS[move]) if move in _FAULTS else call()


class Actor:
    """One process: runs until its next store operation, then waits."""

    def __init__(self, store: SnapshotStore, body: Body) -> None:
        self.store = SteppedStore(store)
        self.result: object = None
        self.alive = True
        self._thread = greenlet(lambda: body(self.store))
        self._resume()

    def move(self, move: Move) -> None:
        if move is Move.CRASH:
            self.alive = False
            self.store.dead = True
            self.result = "crashed"
        else:
            self._resume(move)

    def state(self) -> object:
        """Where the actor stands and what it knows: two actors of equal state do the same from here on."""
        return self._frames() if self.alive else digest(self.result)

    def _frames(self) -> tuple[object, ...]:
        found = []
        frame = self._thread.gr_frame
        while frame is not None:
            # "_" counts attempts: it tells how long an actor goes on, not what it does next.
            known = tuple(digest(value) for name, value in frame.f_locals.items() if name != "_")
            found.append((frame.f_code.co_name, frame.f_lasti, known))
            frame = frame.f_back
        return tuple(found)

    def _resume(self, *sent: Move) -> None:
        try:
            result = self._thread.switch(*sent)
        except MarketDataError as error:
            self.alive, self.result = False, error
            return
        if self._thread.dead:
            self.alive, self.result = False, result


def digest(value: object) -> object:
    """What tells one value from another, hashable, and cheap for manifests."""
    known = _DIGESTS.get(type(value))
    if known is not None:
        return known(value)
    return value if isinstance(value, Enum) else type(value).__name__


def _digest_each(values: Iterable[object]) -> object:
    return tuple(digest(each) for each in values)


def _itself(value: object) -> object:
    return value


_DIGESTS: Mapping[type, Callable[..., object]] = {
    **dict.fromkeys((str, bytes, int, bool, frozenset, type(None), FileEntry, Listed, Head, Content), _itself),
    Manifest: lambda manifest: (manifest.tx, manifest.version, digest(manifest.content)),
    DayContent: lambda content: (content.content_hash, tuple(entry.staged for entry in content.files)),
    Current: lambda current: current.generation,
    dict: lambda mapping: _digest_each(mapping.items()),
    list: _digest_each,
    tuple: _digest_each,
}


Choice = tuple[int, Move]


@dataclass
class World:
    """One state: the store and every actor, reached from ``start`` by ``choices``."""

    start: SnapshotStore
    bodies: Sequence[Body]
    choices: tuple[Choice, ...] = ()
    store: SnapshotStore = field(init=False)
    actors: list[Actor] = field(init=False)

    def __post_init__(self) -> None:
        self.store = self.start.copy()
        self.actors = [Actor(self.store, body) for body in self.bodies]
        for actor, move in self.choices:
            self.actors[actor].move(move)

    def apply(self, choice: Choice) -> None:
        self.actors[choice[0]].move(choice[1])
        self.choices = (*self.choices, choice)

    def key(self) -> object:
        return self.store.fingerprint(), tuple(actor.state() for actor in self.actors)

    @property
    def running(self) -> Sequence[int]:
        return [number for number, actor in enumerate(self.actors) if actor.alive]


def explore(
    start: SnapshotStore,
    bodies: Sequence[Body],
    check: Callable[[World], None],
    *,
    crashes: int = 0,
    faults: int = 0,
    mortal: Sequence[int] | None = None,
    switches: int | None = None,
) -> int:
    """Visit every state that any schedule reaches, with up to so many crashes and faults; returns their number.

    Only ``mortal`` actors meet them, by default all. One of two that do the same is enough: the other is its mirror.
    With ``switches``, only schedules that take the turn from an actor that could go on at most so often.

    Two schedules that leave the same objects, and gave every actor the same answers, have the same futures.
    """
    visited: set[object] = set()
    waiting: list[tuple[Choice, ...]] = [()]
    while waiting:
        world = World(start, bodies, waiting.pop())
        while True:
            turn = None if switches is None else (world.choices[-1:], _switches(world))
            key = (world.key(), _count(world, Move.CRASH), _count(world, *_FAULTS), turn)
            if key in visited:
                break
            visited.add(key)
            check(world)
            choices = _choices(world, crashes, faults, range(len(bodies)) if mortal is None else mortal, switches)
            if not choices:
                break
            waiting.extend((*world.choices, choice) for choice in choices[1:])
            world.apply(choices[0])
    return len(visited)


def run_randomly(start: SnapshotStore, bodies: Sequence[Body], source: random.Random, mortal: Sequence[int], chance: float) -> World:
    """One random schedule to its end; ``mortal`` actors crash before an operation with ``chance``."""
    world = World(start, bodies)
    while world.running:
        number = source.choice(world.running)
        crash = number in mortal and source.random() < chance
        # The history of choices is not kept: a schedule is found again by its seed.
        world.actors[number].move(Move.CRASH if crash else Move.STEP)
    return world


def _switches(world: World) -> int:
    """How often the turn was taken from an actor that took it up again later."""
    turns = [actor for actor, _ in world.choices]
    taken = [turn for turn, (before, after) in enumerate(pairwise(turns)) if before != after]
    return sum(turns[turn] in turns[turn + 1 :] or turns[turn] in world.running for turn in taken)


def _choices(world: World, crashes: int, faults: int, mortal: Sequence[int], switches: int | None) -> list[Choice]:
    turns = world.running
    if switches is not None and world.choices and world.choices[-1][0] in turns and _switches(world) >= switches:
        turns = [world.choices[-1][0]]
    found = [(number, Move.STEP) for number in turns]
    if _count(world, Move.CRASH) < crashes:
        found += [(number, Move.CRASH) for number in world.running if number in mortal]
    if _count(world, *_FAULTS) < faults:
        # Only the commit itself: every other request may be repeated, which the sequential fault tests cover.
        commits = [
            number for number in world.running if number in mortal and world.actors[number].store.next_change.endswith("_manifest.json")
        ]
        found += [(number, move) for number in commits for move in _FAULTS]
    return found


def _count(world: World, *moves: Move) -> int:
    return sum(move in moves for _, move in world.choices)
