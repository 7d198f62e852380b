"""Keeping a folder of kept ranges below its limit: those used longest ago go, many at a time."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TEMPORARY = ".writing-"
"""How files that are being written begin."""
_ABANDONED_SECONDS = 3_600
_KEPT_SHARE = 7 / 8
"""Of the limit, so that not every new range makes the whole folder be looked at again."""


@dataclass(frozen=True, slots=True, order=True)
class _File:
    used: float
    path: Path
    size: int


def evict(folder: Path, limit_bytes: int) -> int:
    """Remove what was used longest ago if more than ``limit_bytes`` are kept, and what killed processes left behind.

    Returns:
        How many bytes are left.

    Raises:
        OSError: the folder cannot be read, or something in it cannot be removed.
    """
    _remove_abandoned(folder)
    files = sorted(_files(folder))
    total = sum(file.size for file in files)
    if total <= limit_bytes:
        return total
    for file in files:
        if total <= limit_bytes * _KEPT_SHARE:
            break
        file.path.unlink(missing_ok=True)
        total -= file.size
        # It may hold others, or another process may be about to put one there.
        with suppress(OSError):
            file.path.parent.rmdir()
    return total


def _files(folder: Path) -> Iterator[_File]:
    for below in _entries(folder):
        if below.is_dir(follow_symlinks=False):
            for entry in _entries(Path(below.path)):
                with suppress(FileNotFoundError):
                    found = entry.stat()
                    yield _File(found.st_mtime, Path(entry.path), found.st_size)


def _remove_abandoned(folder: Path) -> None:
    for entry in _entries(folder):
        if entry.name.startswith(TEMPORARY):
            with suppress(FileNotFoundError):
                if time.time() - entry.stat().st_mtime > _ABANDONED_SECONDS:
                    Path(entry.path).unlink()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []  # removed since
