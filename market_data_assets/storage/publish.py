"""Publishing a committed manifest: staged files to their documented names, what it does not name away, then _SUCCESS.

Anyone may do this for any committed manifest at any time, again and again, while others commit. It is the last part
of every write, and the whole of recovery.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from market_data_assets.errors import PreconditionFailed, QuotaExhausted, Retryable
from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.layout import MANIFEST, SUCCESS, quarantine_prefix
from market_data_assets.storage.manifest import FileEntry, Manifest
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.stores.base import Head, Listed, ObjectMissing

ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing found.

    Attributes:
        superseded: A newer commit appeared; whoever made it publishes that one.
        damaged: Published names whose bytes are gone or wrong, under both of their names. A re-run heals them.
    """

    superseded: bool
    damaged: Sequence[str] = ()


class _Placed(Enum):
    PUBLISHED = auto()
    SUPERSEDED = auto()
    DAMAGED = auto()


def publish(partition: Partition, manifest: Manifest, generation: int) -> Publication:
    """Publish ``manifest``, which was committed as ``generation`` of the manifest object.

    Raises:
        Retryable: other writers kept changing an object, or the store's answers kept getting lost.
        StorageFailed: the store refused. What is committed stays readable.
    """

    def place(item: tuple[str, FileEntry]) -> _Placed:
        return _place(partition, generation, *item)

    objects = list(manifest.objects())
    placed = for_each(place, objects, partition.parallel)
    if _Placed.SUPERSEDED in placed:
        return Publication(superseded=True)
    if not _delete_extras(partition, generation, frozenset(name for name, _ in objects)):
        return Publication(superseded=True)
    damaged = [name for (name, _), result in zip(objects, placed, strict=True) if result is _Placed.DAMAGED]
    if not damaged:
        _mark_success(partition, manifest.tx)
    return Publication(superseded=False, damaged=damaged)


def is_published(partition: Partition, manifest: Manifest) -> bool:
    """Whether someone has published this very commit to the end."""
    head = partition.store.head(partition.success_name)
    return head is not None and head.crc32c == crc32c(_success_body(manifest.tx))


def holds(head: Head | None, entry: FileEntry) -> bool:
    """Whether an object has exactly the bytes of a file."""
    return head is not None and head.size == entry.size and head.crc32c == entry.crc32c


def _still_current(partition: Partition, generation: int) -> bool:
    return partition.generation() == generation


def _place(partition: Partition, generation: int, name: str, entry: FileEntry) -> _Placed:
    """Move one staged file to its published name, unless that was done before."""
    store = partition.store
    for _ in range(ATTEMPTS):
        published = store.head(name)
        if not holds(store.head(entry.staged), entry):
            # Another publisher may have moved it between the two looks; only a second look can tell.
            if holds(published, entry) or holds(store.head(name), entry):
                return _Placed.PUBLISHED
            # Asked last: while the manifest is ours nobody replaces what was published for it.
            return _Placed.DAMAGED if _still_current(partition, generation) else _Placed.SUPERSEDED
        # An equal object at the published name is replaced all the same: a slow deleter of an older version may
        # still hold its generation, and would delete it.
        if not _still_current(partition, generation):
            return _Placed.SUPERSEDED
        try:
            store.move(entry.staged, name, if_generation=0 if published is None else published.generation)
        except QuotaExhausted:
            raise
        except (PreconditionFailed, ObjectMissing, Retryable):
            continue  # another publisher was faster, or the answer was lost: look again
        return _Placed.PUBLISHED
    raise Retryable(f"publishing {store.url(name)}: other writers kept changing it; run again to finish")


def _delete_extras(partition: Partition, generation: int, named: frozenset[str]) -> bool:
    """Delete what lies in the partition and is not ``named``; False if a newer commit appeared."""
    for extra in _extras(partition, named):
        if not _still_current(partition, generation):
            return False
        try:
            partition.store.delete(extra.name, if_generation=extra.generation)
        except PreconditionFailed:
            continue  # a newer commit has put it there, or another publisher has deleted it
    return True


def _extras(partition: Partition, named: frozenset[str]) -> Sequence[Listed]:
    kept = named | {partition.prefix + MANIFEST, partition.prefix + SUCCESS}
    prefixes = (partition.prefix, quarantine_prefix(partition.prefix))
    found = [listed for prefix in prefixes for listed in partition.store.list(prefix, folders=True)]
    # A folder below belongs to another partition.
    return [listed for listed in found if listed.name not in kept and not listed.name.endswith("/")]


def _mark_success(partition: Partition, tx: str) -> None:
    body = _success_body(tx)
    head = partition.store.head(partition.success_name)
    if head is not None and head.crc32c == crc32c(body):
        return
    try:
        partition.store.put(partition.success_name, body, if_generation=0 if head is None else head.generation)
    except PreconditionFailed:
        return  # another publisher has just written it


def _success_body(tx: str) -> bytes:
    return f"{tx}\n".encode()
