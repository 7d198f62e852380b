"""Stores that misbehave in the ways real ones do."""

import datetime as dt
import itertools
import os
import signal
import threading
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from market_data_assets.errors import PreconditionFailed, Retryable, StorageFailed
from market_data_assets.storage.layout import MANIFEST
from market_data_assets.storage.stores.base import Content, Head, Listed, Store
from market_data_assets.storage.stores.memory import MemoryStore

STANDSTILL = dt.datetime(2024, 8, 9, tzinfo=dt.UTC)


class SnapshotStore(MemoryStore):
    """A memory store that can be copied, so that many futures of one state can be tried.

    Its clock stands still, and every name counts its own generations: states that differ only in when something
    unrelated happened are then equal. It remembers every manifest that it ever held.
    """

    def __init__(self) -> None:
        super().__init__(clock=lambda: STANDSTILL)
        self._generations: dict[str, int] = {}
        self.manifests: tuple[bytes, ...] = ()

    def copy(self) -> "SnapshotStore":
        twin = SnapshotStore()
        twin._objects = dict(self._objects)
        twin._generations = dict(self._generations)
        twin.manifests = self.manifests
        return twin

    def fingerprint(self) -> int:
        objects = tuple(sorted((name, found.data, found.head.generation) for name, found in self._objects.items()))
        return hash((objects, tuple(sorted(self._generations.items())), self.manifests))

    def names(self) -> set[str]:
        return set(self._objects)

    def _store(self, name: str, content: bytes, checksum: int) -> int:
        self._generation = self._generations.get(name, 0)
        self._generations[name] = super()._store(name, content, checksum)
        if name.endswith(f"/{MANIFEST}"):
            self.manifests = (*self.manifests, content)
        return self._generations[name]


class Fault(StrEnum):
    LOST_REQUEST = "nothing happened, and the caller does not know"
    LOST_ANSWER = "it happened, and the caller does not know"
    REPEATED = "the request arrived twice: it happened, and the caller hears that the precondition failed"
    REFUSED = "nothing happened, and the store says so"


class Wrapped:
    """Passes everything on; faults override ``_operation``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads_in_place = store.reads_in_place

    def _operation(self, change, call):
        return call()

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        return self._operation(False, lambda: self._store.get(name, start=start, end=end, generation=generation))

    def head(self, name: str) -> Head | None:
        return self._operation(False, lambda: self._store.head(name))

    def put(self, name: str, data: bytes | Path, *, if_generation: int, crc32c: int | None = None) -> int:
        return self._operation(True, lambda: self._store.put(name, data, if_generation=if_generation, crc32c=crc32c))

    def move(self, source: str, destination: str, *, if_generation: int) -> int:
        return self._operation(True, lambda: self._store.move(source, destination, if_generation=if_generation))

    def delete(self, name: str, *, if_generation: int) -> None:
        return self._operation(True, lambda: self._store.delete(name, if_generation=if_generation))

    def list(self, prefix: str, *, folders: bool = False) -> Iterator[Listed]:
        return iter(self._operation(False, lambda: tuple(self._store.list(prefix, folders=folders))))

    def url(self, name: str) -> str:
        return self._store.url(name)


class FlakyStore(Wrapped):
    """The change number ``at`` (from 0) meets ``fault``; everything else works."""

    def __init__(self, store: Store, at: int, fault: Fault) -> None:
        super().__init__(store)
        self._at, self._fault = at, fault
        self.changes = 0

    def _operation(self, change, call):
        if not change:
            return call()
        self.changes += 1
        return faulty(call, self._fault) if self.changes - 1 == self._at else call()


class DoomedStore(Wrapped):
    """Its process is killed with -9 a moment after it begins the change number ``at`` (from 0)."""

    def __init__(self, store: Store, at: int, seconds: float) -> None:
        super().__init__(store)
        self._at, self._seconds = at, seconds
        self._changes = itertools.count()

    def _operation(self, change, call):
        if change and next(self._changes) == self._at:
            threading.Timer(self._seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return call()


def faulty(call, fault: Fault):
    """What a caller sees of a change that meets ``fault``."""
    if fault is Fault.LOST_REQUEST:
        raise Retryable("the connection was reset")
    if fault is Fault.REFUSED:
        raise StorageFailed("the disk is full")
    call()
    if fault is Fault.LOST_ANSWER:
        raise Retryable("the connection was reset")
    raise PreconditionFailed("the object", 0, 1)


class RemoteStore(Wrapped):
    """A store that does not read in place, and counts the bytes it transfers."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.reads_in_place = False
        self.transferred = 0

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        found = super().get(name, start=start, end=end, generation=generation)
        self.transferred += len(found.data)
        return found
