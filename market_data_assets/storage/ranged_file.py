"""A file in a distant store of which only ranges are fetched: many at a time, each once, and kept on the local disk."""

import io
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future

from market_data_assets.errors import MarketDataError, Retryable
from market_data_assets.storage.manifest import FileEntry
from market_data_assets.storage.parallel import submit
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.ranged_plan import GAP_BYTES, PIECE_BYTES, Range, joined, missing_ranges, pieces
from market_data_assets.storage.ranged_segments import Segments

Fetch = Callable[[int, int], bytes | memoryview]
"""The bytes ``[start, end)`` of one generation of an object; all of them, or an error."""


class NotHeld(MarketDataError):
    """Bytes that are not on this machine are needed."""


class Garbled(Retryable):
    """What was fetched is not what the manifest names, though the store has the right bytes."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: its bytes were changed on their way, their CRC32C is not that of the manifest; read it again")


class RangedFile(io.RawIOBase):
    """The bytes of ``entry``, as far as they are needed. Safe to read from several threads.

    Until it is connected it has what the cache keeps. Reading asks the store for whatever is not here yet, one range after
    the other; :meth:`ensure` gets many ranges at once.

    Args:
        what: The file, for messages.
    """

    def __init__(self, entry: FileEntry, cache: RangeCache | None, what: str) -> None:
        super().__init__()
        self._entry, self._cache, self._what = entry, cache, what
        self._fetch: Fetch | None = None
        self._held = Segments()
        self._coming: list[tuple[int, int, Future[bytes | memoryview]]] = []
        self._lock = threading.RLock()
        self._is_checked = False
        self._position = 0

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self._entry.size

    def connect(self, fetch: Fetch) -> None:
        """From now on fetch with ``fetch`` what the cache does not keep."""
        self._fetch = fetch

    def add(self, start: int, data: bytes | memoryview) -> None:
        """Take in bytes that have been fetched already."""
        with self._lock:
            self._take([(start, data)])

    def expect(self, ranges: Iterable[Range]) -> None:
        """Begin to fetch ranges that will be needed soon."""
        with self._lock:
            self._submit(list(ranges))

    def ensure(self, ranges: Iterable[Range]) -> None:
        """Have all of the ranges in memory, what is missing of them fetched side by side.

        Raises:
            NotHeld: it is not connected, and the cache does not keep them.
            ObjectMissing: the object has been replaced or removed.
            Garbled: the bytes of the whole file are not those that its manifest names.
        """
        with self._lock:
            wanted = joined(ranges, 0)
            self._submit(wanted)
            needed = [each for each in self._coming if missing_ranges(wanted, [each[:2]]) != wanted]
            self._coming = [each for each in self._coming if each not in needed]
            self._take([(start, future.result()) for start, _, future in needed])

    def bytes_of(self, start: int, end: int) -> memoryview:
        """The bytes ``[start, end)``, fetched if need be."""
        with self._lock:
            if self._held.missing([(start, end)]):
                self.ensure([(start, end)])
            return self._held.read(start, end)

    def drop(self, start: int, end: int) -> None:
        """Let go of what lies within ``[start, end)``: it will not be read again."""
        with self._lock:
            self._held.drop(start, end)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = base + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self._position + size, self.size)
        data = bytes(self.bytes_of(self._position, end)) if end > self._position else b""
        self._position += len(data)
        return data

    def _submit(self, ranges: Sequence[Range]) -> None:
        coming = sorted((start, end) for start, end, _ in self._coming)
        missing = missing_ranges(self._held.missing(ranges), coming)
        if missing and self._cache is not None:
            for start, data in self._cache.find(self._entry.sha256, missing):
                self._held.add(start, data)
            missing = missing_ranges(self._held.missing(missing), coming)
        if not missing:
            return
        if self._fetch is None:
            raise NotHeld(f"{self._what}: {len(missing)} range(s) are not kept on this machine")
        # Joined after what is here was taken away, and that taken away again: nothing is fetched twice.
        wanted = missing_ranges(self._held.missing(joined(missing, GAP_BYTES)), coming)
        self._coming += [(start, end, submit(self._fetch, start, end)) for start, end in pieces(wanted, PIECE_BYTES)]

    def _take(self, fetched: Sequence[tuple[int, bytes | memoryview]]) -> None:
        for start, data in fetched:
            self._held.add(start, data)
        self._check_whole()
        if self._cache is not None:
            for start, data in fetched:
                self._cache.keep(self._entry.sha256, start, data)

    def _check_whole(self) -> None:
        if self._is_checked or self._held.missing([(0, self.size)]):
            return
        self._is_checked = True
        if self._held.checksum() != self._entry.crc32c:
            raise Garbled(self._what)
