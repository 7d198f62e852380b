"""A store in memory with exact GCS semantics, for tests and for trying things."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from market_data_assets.errors import PreconditionFailed, StorageFailed
from market_data_assets.storage.checksums import crc32c as checksum_of
from market_data_assets.storage.names import checked_name, checked_prefix
from market_data_assets.storage.stores.base import Content, Head, Listed, ObjectMissing

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class _Object:
    data: bytes
    head: Head
    updated: dt.datetime


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class MemoryStore:
    """Objects in a dictionary. ``clock`` says when an object was updated; nothing else depends on it."""

    reads_in_place = True

    def __init__(self, name: str = "", clock: Callable[[], dt.datetime] = _utc_now) -> None:
        self._name = name
        self._clock = clock
        self._objects: dict[str, _Object] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        """The bytes ``[start, end)`` of an object."""
        found = self._objects.get(checked_name(name))
        if found is None or generation not in {None, found.head.generation}:
            raise ObjectMissing(name, generation)
        whole = start == 0 and end is None
        return Content(found.data if whole else found.data[start:end], found.head.generation)

    def head(self, name: str) -> Head | None:
        """Generation, size and checksum; None if there is no such object."""
        found = self._objects.get(checked_name(name))
        return None if found is None else found.head

    def put(self, name: str, data: bytes | Path, *, if_generation: int, crc32c: int | None = None) -> int:
        """Store bytes or a local file if the object is at ``if_generation``."""
        content = data.read_bytes() if isinstance(data, Path) else bytes(data)
        checksum = checksum_of(content)
        if crc32c not in {None, checksum}:
            raise StorageFailed(f"put {self.url(name)}: content has crc32c {checksum}, expected {crc32c}")
        with self._lock:
            self._require(checked_name(name), if_generation)
            return self._store(name, content, checksum)

    def move(self, source: str, destination: str, *, if_generation: int) -> int:
        """Rename ``source``, replacing ``destination`` if that is at ``if_generation``."""
        with self._lock:
            found = self._objects.get(checked_name(source))
            if found is None:
                raise ObjectMissing(source)
            self._require(checked_name(destination), if_generation)
            del self._objects[source]
            return self._store(destination, found.data, found.head.crc32c)

    def delete(self, name: str, *, if_generation: int) -> None:
        """Delete an object if it is at ``if_generation``."""
        with self._lock:
            self._require(checked_name(name), if_generation)
            self._objects.pop(name, None)

    def list(self, prefix: str, *, folders: bool = False) -> Iterator[Listed]:
        """Objects whose names start with ``prefix``, by name."""
        checked_prefix(prefix)
        after = ""
        while page := self._page(prefix, after, folders):
            yield from page
            last = page[-1].name
            # "0" is the character after "/": it skips everything inside the folder.
            after = f"{last[:-1]}0" if last.endswith("/") else f"{last}\0"

    def url(self, name: str) -> str:
        """``memory://store/name``."""
        return f"memory://{self._name}/{name}"

    def _page(self, prefix: str, after: str, folders: bool) -> Sequence[Listed]:
        with self._lock:
            found = sorted((name, stored) for name, stored in self._objects.items() if name.startswith(prefix) and name >= after)
        page: dict[str, Listed] = {}
        for name, stored in found:
            below, slash, _ = name.removeprefix(prefix).partition("/")
            if folders and slash:
                page.setdefault(folder := f"{prefix}{below}/", Listed(folder, 0, 0, stored.updated))
            else:
                page[name] = Listed(name, stored.head.generation, stored.head.size, stored.updated)
            if len(page) == PAGE:
                break
        return list(page.values())

    def _require(self, name: str, generation: int) -> None:
        found = self._objects.get(name)
        current = 0 if found is None else found.head.generation
        if current != generation:
            raise PreconditionFailed(self.url(name), generation, current)

    def _store(self, name: str, content: bytes, checksum: int) -> int:
        self._generation += 1
        self._objects[name] = _Object(content, Head(self._generation, len(content), checksum), self._clock())
        return self._generation
