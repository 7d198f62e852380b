"""Parts of a file that are in memory, by where they lie in it."""

from bisect import bisect_right
from collections.abc import Iterable

from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.ranged_plan import Range, joined, missing_ranges


class Segments:
    """Parts of one file, which never overlap. Not to be changed by two threads at a time."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._parts: list[memoryview] = []

    def add(self, start: int, data: bytes | memoryview) -> None:
        """Take in the bytes from ``start`` on; of those that are here already the former ones stay."""
        view = memoryview(data)
        for begin, end in self.missing([(start, start + len(view))]):
            position = bisect_right(self._starts, begin)
            self._starts.insert(position, begin)
            self._parts.insert(position, view[begin - start : end - start])

    def missing(self, wanted: Iterable[Range]) -> list[Range]:
        """The parts of ``wanted`` that are not here."""
        return missing_ranges(joined(wanted, 0), self._ranges())

    def read(self, start: int, end: int) -> memoryview:
        """The bytes ``[start, end)``, all of which are here; without a copy where they came in one part."""
        position = max(bisect_right(self._starts, start) - 1, 0)
        found: list[memoryview] = []
        while start < end:
            begin, part = self._starts[position], self._parts[position]
            found.append(part[start - begin : end - begin])
            start += len(found[-1])
            position += 1
        return found[0] if len(found) == 1 else memoryview(b"".join(found))

    def drop(self, start: int, end: int) -> None:
        """Let go of the parts that lie within ``[start, end)``."""
        kept = [(begin, part) for begin, part in zip(self._starts, self._parts, strict=True) if begin < start or begin + len(part) > end]
        self._starts, self._parts = [begin for begin, _ in kept], [part for _, part in kept]

    def checksum(self) -> int:
        """CRC32C of all parts, one after the other."""
        checksum = 0
        for part in self._parts:
            checksum = crc32c(part, checksum)
        return checksum

    def _ranges(self) -> list[Range]:
        return [(start, start + len(part)) for start, part in zip(self._starts, self._parts, strict=True)]
