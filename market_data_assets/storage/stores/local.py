"""A store in a folder of the local disk, safe for many processes: temporary file, fsync, lock, rename.

The generation of an object is its modification time, forced to grow, so a reader needs no second file. Order follows
from the lock alone: a clock that jumps back changes nothing.
"""

import datetime as dt
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from market_data_assets.errors import PreconditionFailed, StorageFailed
from market_data_assets.storage.checksums import crc32c as checksum_of
from market_data_assets.storage.names import checked_name, checked_prefix
from market_data_assets.storage.stores.base import Content, Head, Listed, ObjectMissing
from market_data_assets.storage.stores.disk import listed, make_folders, refusals, sync_folders
from market_data_assets.storage.stores.lock import FolderLock
from market_data_assets.storage.stores.temporary import TemporaryFiles

_Identity = tuple[int, int, int, int, int]
_MAPPED_BYTES = 1 << 16
"""From this size on a mapping is cheaper than a copy."""
_REMEMBERED_CHECKSUMS = 100_000
# Whole microseconds survive on every file system in use; NTFS, for one, keeps 100 ns.
_TICK = 1_000
_NANOSECONDS = 1_000_000_000


class LocalStore:
    """Objects as plain files below ``root``. The folder is created by the first write."""

    reads_in_place = True

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._lock = FolderLock(self._root)
        self._temporary = TemporaryFiles(self._root, self._lock)
        self._checksums: dict[_Identity, int] = {}

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        """The bytes ``[start, end)`` of an object, mapped rather than copied where that is cheaper."""
        with refusals("get", self.url(name)):
            descriptor = self._open(name)
            if descriptor is None:
                raise ObjectMissing(name, generation)
            try:
                found = os.fstat(descriptor)
                if generation not in {None, found.st_mtime_ns}:
                    raise ObjectMissing(name, generation)
                whole = start == 0 and end is None
                data = _contents(descriptor, found.st_size)
                return Content(data if whole else data[start:end], found.st_mtime_ns)
            finally:
                os.close(descriptor)

    def head(self, name: str) -> Head | None:
        """Generation, size and checksum; the bytes are read once per version of the file and process."""
        with refusals("head", self.url(name)):
            descriptor = self._open(name)
            if descriptor is None:
                return None
            try:
                found = os.fstat(descriptor)
                checksum = self._checksums.get(_identity(found))
                if checksum is None:
                    checksum = checksum_of(_contents(descriptor, found.st_size))
                    self._remember(found, checksum)
                return Head(found.st_mtime_ns, found.st_size, checksum)
            finally:
                os.close(descriptor)

    def put(self, name: str, data: bytes | Path, *, if_generation: int, crc32c: int | None = None) -> int:
        """Store bytes or a copy of a local file if the object is at ``if_generation``."""
        destination = self._path(name)
        with refusals("put", self.url(name)), self._temporary.file() as temporary:
            checksum = temporary.write(data)
            if crc32c not in {None, checksum}:
                raise StorageFailed(f"put {self.url(name)}: content has crc32c {checksum}, expected {crc32c}")
            with self._lock.held() as lock:
                self._require(name, if_generation)
                existing = self._rename(lock, temporary.path, destination)
                self._remember(destination.stat(), checksum)
                generation = destination.stat().st_mtime_ns
            # After the lock: the name is durable before anyone is told of it, and other writers need not wait.
            sync_folders(destination.parent, existing)
            return generation

    def move(self, source: str, destination: str, *, if_generation: int) -> int:
        """Rename ``source``, replacing ``destination`` if that is at ``if_generation``.

        Not synced to disk: after a power cut either name holds the bytes, and publishing is repeated anyway.
        """
        old, new = self._path(source), self._path(destination)
        with refusals("move", self.url(source)), self._lock.held() as lock:
            if not old.is_file():
                raise ObjectMissing(source)
            self._require(destination, if_generation)
            self._rename(lock, old, new)
            self._prune(old.parent)
            return new.stat().st_mtime_ns

    def delete(self, name: str, *, if_generation: int) -> None:
        """Delete an object if it is at ``if_generation``."""
        path = self._path(name)
        with refusals("delete", self.url(name)), self._lock.held():
            self._require(name, if_generation)
            with suppress(FileNotFoundError):
                path.unlink()
            self._prune(path.parent)

    def list(self, prefix: str, *, folders: bool = False) -> Iterator[Listed]:
        """Objects whose names start with ``prefix``, by name. Hidden files are not objects."""
        checked_prefix(prefix)
        with refusals("list", self.url(prefix) if prefix else f"file://{self._root}"):
            for name, found in listed(self._root, prefix, folders=folders):
                if found is None:
                    yield Listed(name, 0, 0, dt.datetime.fromtimestamp(0, dt.UTC))
                else:
                    updated = dt.datetime.fromtimestamp(found.st_mtime_ns / _NANOSECONDS, dt.UTC)
                    yield Listed(name, found.st_mtime_ns, found.st_size, updated)

    def url(self, name: str) -> str:
        """``file:///root/name``, not percent-encoded, so that it can be pasted into a shell."""
        return f"file://{self._root}/{checked_prefix(name)}"

    def _path(self, name: str) -> Path:
        return self._root / checked_name(name)

    def _open(self, name: str) -> int | None:
        try:
            return os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _generation(self, path: Path) -> int:
        try:
            return path.stat().st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def _require(self, name: str, generation: int) -> None:
        current = self._generation(self._path(name))
        if current != generation:
            raise PreconditionFailed(self.url(name), generation, current)

    def _rename(self, lock: int, source: Path, destination: Path) -> Path:
        """Give ``source`` the next generation and put it in the place of ``destination``. The lock is held.

        Returns:
            The lowest folder above ``destination`` that existed before.
        """
        # The lock file's own time is the highest generation given so far: none is used twice, even after a deletion.
        latest = max(os.fstat(lock).st_mtime_ns, self._generation(destination))
        generation = max(time.time_ns(), latest + _TICK) // _TICK * _TICK
        os.utime(lock, ns=(generation, generation))
        os.utime(source, ns=(generation, generation))
        existing = make_folders(destination.parent)
        source.replace(destination)
        return existing

    def _prune(self, folder: Path) -> None:
        """Remove folders that became empty. The lock is held, so nobody is about to use them."""
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent

    def _remember(self, found: os.stat_result, checksum: int) -> None:
        if len(self._checksums) >= _REMEMBERED_CHECKSUMS:
            self._checksums.clear()
        self._checksums[_identity(found)] = checksum


def _identity(found: os.stat_result) -> _Identity:
    # The change time cannot be set by hand, so an edit that restores the modification time is noticed too.
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def _contents(descriptor: int, size: int) -> bytes | memoryview:
    if size < _MAPPED_BYTES:
        return os.pread(descriptor, size, 0)
    return memoryview(mmap.mmap(descriptor, size, prot=mmap.PROT_READ))
