"""Comparing one partition with its manifest: every named file there, published and unchanged, and nothing else beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from market_data_assets.errors import CorruptPartition, UnsupportedFormat
from market_data_assets.storage.layout import REVISIONS
from market_data_assets.storage.manifest import FileEntry, Manifest
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.publish import holds, is_published
from market_data_assets.storage.stores.base import Head, Store
from market_data_assets.upkeep.deep_check import check_content
from market_data_assets.upkeep.findings import Finding, Kind
from market_data_assets.upkeep.places import Place
from market_data_assets.upkeep.remedies import REPAIR, REPLACED, UPGRADE, make_again
from market_data_assets.upkeep.revision_check import check_revisions

_LOOKS = 3


def check_place(place: Place, *, deep: bool) -> Sequence[Finding]:
    """What is wrong with a partition. One that a writer changes meanwhile is looked at again.

    Args:
        deep: Read and decode every file too.

    Raises:
        StorageFailed, Retryable: the store refused or stayed silent; nothing is known then.
    """
    for _ in range(_LOOKS):
        before = place.partition.generation()
        findings = list(_findings(place, deep=deep))
        if not findings or place.partition.generation() == before:
            break
        place = place.listed_again()
    return findings


def _findings(place: Place, *, deep: bool) -> Iterator[Finding]:
    partition = place.partition
    try:
        manifest = partition.current().manifest
    except UnsupportedFormat as error:
        yield _of_manifest(Kind.MANIFEST_TOO_NEW, place, str(error), UPGRADE)
        return
    except CorruptPartition as error:
        yield _of_manifest(Kind.MANIFEST_UNREADABLE, place, str(error), make_again(place))
        return
    if manifest is None:
        objects = f"{len(place.objects)} object(s) and no manifest: the day reads as never stored"
        yield _of_manifest(Kind.MANIFEST_MISSING, place, objects, make_again(place))
        return
    states = for_each(lambda item: _state(partition.store, *item), list(manifest.objects()), partition.parallel)
    for state in states:
        if state.is_lost:
            yield _lost(place, manifest, state)
        elif deep:
            yield from check_content(place, manifest, state.entry, state.name)
    unnamed = [name for name in _unnamed(place, manifest) if partition.store.head(name) is not None]
    staged = [state for state in states if state.is_staged]
    if staged or not is_published(partition, manifest):
        yield _unpublished(place, len(staged), len(unnamed))
    else:
        for name in unnamed:
            what = "an object that its manifest does not name"
            yield Finding(
                Kind.UNNAMED_OBJECT, place.label, place.day, partition.store.url(name), "only what the manifest names", what, REPLACED
            )
    yield from check_revisions(place, manifest)


@dataclass(frozen=True, slots=True)
class _State:
    """Where the bytes of a file of the partition are.

    Attributes:
        name: Where they were found; its published name if nowhere.
        published, staged: What lies under either name.
    """

    entry: FileEntry
    name: str
    published: Head | None
    staged: Head | None

    @property
    def is_staged(self) -> bool:
        return not holds(self.published, self.entry) and holds(self.staged, self.entry)

    @property
    def is_lost(self) -> bool:
        return not holds(self.published, self.entry) and not holds(self.staged, self.entry)


def _state(store: Store, name: str, entry: FileEntry) -> _State:
    published = store.head(name)
    if holds(published, entry):
        return _State(entry, name, published, None)
    staged = store.head(entry.staged)
    return _State(entry, entry.staged if holds(staged, entry) else name, published, staged)


def _of_manifest(kind: Kind, place: Place, found: str, remedy: str) -> Finding:
    url = place.partition.store.url(place.partition.manifest_name)
    return Finding(kind, place.label, place.day, url, "a manifest of this version", found, remedy)


def _lost(place: Place, manifest: Manifest, state: _State) -> Finding:
    entry = state.entry
    kind, found = Kind.FILE_MISSING, "no such object"
    if state.published is not None:
        kind, found = Kind.FILE_CHANGED, _bytes(state.published.size, state.published.crc32c)
    expected = f"{_bytes(entry.size, entry.crc32c)}, as version {manifest.version} says"
    instrument = entry.instrument_id if entry.part is None and place.dataset is not None else None
    return Finding(
        kind, place.label, place.day, place.partition.store.url(state.name), expected, found, make_again(place, instrument), instrument
    )


def _bytes(size: int, checksum: int) -> str:
    return f"{size:,} bytes, crc32c {checksum:08x}"


def _unpublished(place: Place, staged: int, extra: int) -> Finding:
    parts = [
        f"{staged} file(s) still staged" if staged else "",
        f"{extra} object(s) that the manifest does not name" if extra else "",
        "no _SUCCESS of this commit",
    ]
    found = ", ".join(part for part in parts if part)
    url = place.partition.store.url(place.partition.prefix)
    return Finding(Kind.NOT_PUBLISHED, place.label, place.day, url, "published after its commit", found, REPAIR)


def _unnamed(place: Place, manifest: Manifest) -> Sequence[str]:
    partition = place.partition
    named = {name for name, _ in manifest.objects()} | {partition.manifest_name, partition.success_name}
    return [name for name in place.objects if name not in named and not name.startswith(REVISIONS)]
