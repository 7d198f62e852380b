"""Ranges of stored files, kept on the local disk by the SHA-256 of the file, so that nothing is fetched twice.

Files in the lake are never changed, only replaced by others, so what is kept is right for ever. Many processes and threads
may share a folder: a range is written under a temporary name and renamed, its name carries its CRC32C, and whoever reads
it checks that. What is damaged is removed and fetched again. A folder that cannot be written is done without.
"""

import logging
import os
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.range_eviction import TEMPORARY, evict
from market_data_assets.storage.ranged_plan import Range, joined, missing_ranges

_LOGGER = logging.getLogger(__name__)
_TOUCHED_SECONDS = 3_600
"""How exactly it is known when a range was last used; each use would otherwise write to the disk."""
_SHARE = 16
"""Other processes' ranges are counted after every so manieth part of the limit that this one has written."""


@dataclass(frozen=True, slots=True)
class _Kept:
    path: Path
    start: int
    end: int
    checksum: int


class RangeCache:
    """Ranges below ``folder``, at most ``limit_bytes`` of them.

    Those used longest ago go first. With several processes the limit may be passed by a sixteenth for each of them.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._room = 0
        self._lock = threading.Lock()
        self._gave_up = False

    def find(self, sha256: str, ranges: Sequence[Range]) -> Iterator[tuple[int, bytes]]:
        """What is kept of ``ranges`` of a file: pieces that hold bytes of them, each with the position of its first byte."""
        wanted = joined(ranges, 0)
        for kept in self._kept(sha256):
            within = (kept.start, kept.end)
            left = missing_ranges(wanted, [within])
            if left == wanted:
                continue
            data = self._load(kept)
            if data is not None:
                wanted = left
                yield kept.start, data

    def keep(self, sha256: str, start: int, data: bytes | memoryview) -> None:
        """Keep the bytes from ``start`` on of a file, if there is room and the folder can be written."""
        if self._gave_up or len(data) > self._limit:
            return
        try:
            self._make_room(len(data))
            self._write(self._folder / sha256 / f"{start}-{start + len(data)}-{crc32c(data):08x}", data)
        except OSError as error:
            self._give_up(error)

    def forget(self, sha256: str) -> None:
        """Remove everything of a file."""
        for kept in self._kept(sha256):
            self._remove(kept.path)

    def _kept(self, sha256: str) -> Sequence[_Kept]:
        """The ranges of a file, the longest first."""
        try:
            found = [_parse(path) for path in (self._folder / sha256).iterdir()]
        except OSError:
            return []
        return sorted(filter(None, found), key=lambda kept: kept.start - kept.end)

    def _load(self, kept: _Kept) -> bytes | None:
        """The bytes of a range; None, and it is removed, where they are not those that were kept."""
        try:
            with kept.path.open("rb") as file:
                data, used = file.read(), os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        if len(data) != kept.end - kept.start or crc32c(data) != kept.checksum:
            self._remove(kept.path)
            return None
        if time.time() - used > _TOUCHED_SECONDS:
            with suppress(OSError):
                os.utime(kept.path)
        return data

    def _write(self, path: Path, data: bytes | memoryview) -> None:
        temporary = self._folder / f"{TEMPORARY}{uuid.uuid4().hex}"
        try:
            temporary.write_bytes(data)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            # Where another process removes the folder as empty in this very moment, the range is just not kept.
            with suppress(FileNotFoundError):
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        with self._lock:
            if size > self._room:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                total = evict(self._folder, self._limit - size)
                self._room = min(self._limit - total, max(self._limit // _SHARE, size))
            self._room -= size

    def _remove(self, path: Path) -> None:
        with suppress(OSError):
            path.unlink(missing_ok=True)

    def _give_up(self, error: OSError) -> None:
        with self._lock:
            first, self._gave_up = not self._gave_up, True
        if first:
            _LOGGER.warning("the read cache %s cannot be written (%s); what is fetched from now on is not kept", self._folder, error)


def _parse(path: Path) -> _Kept | None:
    try:
        start, end, checksum = path.name.split("-")
        return _Kept(path, int(start), int(end), int(checksum, 16))
    except ValueError:
        return None  # not ours
