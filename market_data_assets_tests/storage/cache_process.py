"""What threads and processes that share a cache of ranges do."""

from pathlib import Path

from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.ranged_segments import Segments

CONTENT = bytes(range(200)) * 2
LIMIT = 1_000


def found(cache: RangeCache, sha256: str, start: int, end: int) -> bytes | None:
    """The bytes of a range, if all of them are kept."""
    segments = Segments()
    for position, data in cache.find(sha256, [(start, end)]):
        segments.add(position, data)
    return None if segments.missing([(start, end)]) else bytes(segments.read(start, end))


def work(folder: Path, seed: int) -> None:
    assert reads_right(RangeCache(folder, LIMIT), seed)


def reads_right(cache: RangeCache, seed: int) -> bool:
    for step in range(60):
        file, start = "abcdef"[(seed + step) % 6], (seed * 31 + step * 17) % 300
        data = found(cache, file, start, start + 99)
        if data is None:
            cache.keep(file, start, CONTENT[start : start + 99])
        elif data != CONTENT[start : start + 99]:
            return False
    return True
