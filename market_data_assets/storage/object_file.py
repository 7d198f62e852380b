"""A stored file for pyarrow: in place where the store can, whole where it is small, else in ranges."""

from concurrent.futures import Future
from contextlib import suppress
from functools import partial

import pyarrow as pa

from market_data_assets.errors import Retryable
from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.footers import FOOTERS
from market_data_assets.storage.manifest import FileEntry
from market_data_assets.storage.parallel import submit
from market_data_assets.storage.publish import holds
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.ranged_file import NotHeld, RangedFile
from market_data_assets.storage.ranged_parquet import tail_of
from market_data_assets.storage.stores.base import Content, Head, ObjectMissing, Store

ObjectFile = pa.NativeFile | RangedFile

WHOLE_BYTES = 128 << 10
"""Up to this size a file is fetched whole: one request, where looking, the tail and the columns would be three."""


def open_object(store: Store, name: str, entry: FileEntry, cache: RangeCache | None) -> ObjectFile | None:
    """The object ``name``, pinned to its generation, if it has the bytes of ``entry``; else None.

    Raises:
        ObjectMissing: a file that is fetched in ranges is no longer there; this may show on a later read.
    """
    if store.reads_in_place:
        return _in_place(store, name, entry)
    if entry.size <= WHOLE_BYTES:
        return _whole(store, name, entry, cache)
    return _ranged(store, name, entry, cache)


def open_kept(entry: FileEntry, cache: RangeCache, what: str) -> RangedFile:
    """The file as far as the cache keeps it; reading more of it raises NotHeld."""
    return RangedFile(entry, cache, what)


def _in_place(store: Store, name: str, entry: FileEntry) -> ObjectFile | None:
    head = store.head(name)
    if head is None or not holds(head, entry):
        return None
    try:
        return pa.BufferReader(pa.py_buffer(store.get(name, generation=head.generation).data))
    except ObjectMissing:
        return None


def _whole(store: Store, name: str, entry: FileEntry, cache: RangeCache | None) -> ObjectFile | None:
    try:
        data = store.get(name, end=entry.size).data
    except ObjectMissing:
        return None
    # The bytes themselves tell whether they are the committed ones; nobody needs to be asked first.
    if len(data) != entry.size or crc32c(data) != entry.crc32c:
        return None
    if cache is not None:
        cache.keep(entry.sha256, 0, data)
    return pa.BufferReader(pa.py_buffer(data))


def _ranged(store: Store, name: str, entry: FileEntry, cache: RangeCache | None) -> ObjectFile | None:
    file = RangedFile(entry, cache, store.url(name))
    # Asked for at the same time as what the object is: a round trip less. Nothing is done with it before that is known.
    tail = None if _has_footer(file, entry) else submit(partial(store.get, name, start=tail_of(entry.size)[0], end=entry.size))
    head = store.head(name)
    if head is None or not holds(head, entry):
        return None
    file.connect(partial(_fetch, store, name, head.generation))
    if tail is not None:
        _take_tail(file, tail, head)
    return file


def _has_footer(file: RangedFile, entry: FileEntry) -> bool:
    try:
        if FOOTERS.get(entry.sha256) is None:
            file.ensure([tail_of(entry.size)])
    except NotHeld:
        return False
    return True


def _take_tail(file: RangedFile, tail: "Future[Content]", head: Head) -> None:
    start, end = tail_of(head.size)
    with suppress(ObjectMissing):  # the next range will tell
        found = tail.result()
        if found.generation == head.generation and len(found.data) == end - start:
            file.add(start, found.data)


def _fetch(store: Store, name: str, generation: int, start: int, end: int) -> bytes | memoryview:
    found = store.get(name, start=start, end=end, generation=generation)
    if found.generation != generation:
        raise ObjectMissing(name, generation)
    if len(found.data) != end - start:
        raise Retryable(f"get {store.url(name)}: {len(found.data)} bytes instead of those from {start} to {end}")
    return found.data
