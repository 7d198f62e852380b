"""A lock on a folder, among threads and processes; it falls with the process that holds it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_FILE = ".lock"


class FolderLock:
    """An exclusive lock on ``<folder>/.lock``. The folder is created when it is first locked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self) -> Iterator[int]:
        """Hold the lock; gives the open lock file."""
        descriptor = self._open()
        try:
            # A descriptor of its own per use: flock then excludes other threads too.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(self._folder / LOCK_FILE, flags, 0o666)
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True)
            return os.open(self._folder / LOCK_FILE, flags, 0o666)
