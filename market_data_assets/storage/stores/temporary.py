"""Temporary files of a local store: removed on failure, and after a killed process by the next writer."""

import fcntl
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import google_crc32c

from market_data_assets.storage.checksums import chunks_of
from market_data_assets.storage.stores.lock import FolderLock

TEMPORARY = ".tmp"


@dataclass(frozen=True, slots=True)
class TemporaryFile:
    """An open, empty file."""

    path: Path
    descriptor: int

    def write(self, data: bytes | Path) -> int:
        """Write bytes or a copy of a file, durably. Returns the CRC32C of what was written."""
        checksum = 0
        for chunk in chunks_of(data) if isinstance(data, Path) else (bytes(data),):
            checksum = google_crc32c.extend(checksum, chunk)
            view = memoryview(chunk)
            while view:
                view = view[os.write(self.descriptor, view) :]
        os.fsync(self.descriptor)
        return checksum


class TemporaryFiles:
    """The folder ``<root>/.tmp``. Each file is locked by its writer, so an unlocked one has been abandoned."""

    def __init__(self, root: Path, lock: FolderLock) -> None:
        self._folder = root / TEMPORARY
        self._lock = lock
        self._swept = threading.Event()

    @contextmanager
    def file(self) -> Iterator[TemporaryFile]:
        """A new file; removed in the end unless it was renamed."""
        path = self._folder / uuid.uuid4().hex
        # Created and locked in one step for anyone who holds the store's lock, as the removal below does.
        with self._lock.held():
            self._remove_abandoned()
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield TemporaryFile(path, descriptor)
        finally:
            os.close(descriptor)
            with suppress(FileNotFoundError):
                path.unlink()

    def _remove_abandoned(self) -> None:
        """Once per store: delete what killed processes left behind."""
        if self._swept.is_set():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.iterdir():
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)
        self._swept.set()
