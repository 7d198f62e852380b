"""Checking that every former version of a partition can still be read."""

from collections.abc import Iterator, Sequence

from market_data_assets.errors import CorruptPartition, UnsupportedFormat
from market_data_assets.storage.layout import REVISIONS, kept_file_name
from market_data_assets.storage.manifest import FileEntry, Manifest
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.publish import holds
from market_data_assets.storage.revisions import KeptManifest, kept_manifests, read_kept
from market_data_assets.upkeep.findings import Finding, Kind
from market_data_assets.upkeep.places import Place
from market_data_assets.upkeep.remedies import BY_HAND, LOST


def check_revisions(place: Place, current: Manifest) -> Iterator[Finding]:
    """Former versions that are not kept or cannot be read, and objects among them that belong to none."""
    if place.dataset is None:
        return  # views keep none: they can be made again from the days
    partition = place.partition
    kept = kept_manifests(partition) if any(name.startswith(REVISIONS) for name in place.objects) else ()
    yield from _gaps(place, kept, current)
    manifests: list[Manifest] = []
    for each in kept:
        try:
            manifests.append(read_kept(partition, each))
        except (CorruptPartition, UnsupportedFormat) as error:
            yield _lost(place, each.name(partition), f"the manifest of version {each.version}", str(error))
    in_place = {(name, entry.sha256) for name, entry in current.objects()}
    wanted: dict[str, tuple[int, FileEntry]] = {}
    for manifest in manifests:
        for name, entry in manifest.objects():
            if (name, entry.sha256) not in in_place:
                wanted[kept_file_name(partition.prefix, entry.sha256)] = (manifest.version, entry)
    heads = for_each(partition.store.head, list(wanted), partition.parallel)
    for (name, (version, entry)), head in zip(wanted.items(), heads, strict=True):
        if not holds(head, entry):
            yield _lost(place, name, f"{entry.name} of version {version}", "no such object" if head is None else "other bytes")
    if len(manifests) == len(kept):
        yield from _unnamed(place, kept, [*manifests, current])


def _gaps(place: Place, kept: Sequence[KeptManifest], current: Manifest) -> Iterator[Finding]:
    """Versions follow each other; the count starts again at 1 where somebody has removed a manifest by hand."""
    former = [each.version for each in kept if each.committed_at != current.committed_at]
    for before, after in zip([0, *former], [*former, current.version], strict=True):
        if after not in {before + 1, 1}:
            missing = str(before + 1) if after == before + 2 else f"{before + 1} to {after - 1}"
            prefix = REVISIONS + place.partition.prefix
            yield _lost(place, prefix, "every former version", f"version {missing} is not kept")


def _unnamed(place: Place, kept: Sequence[KeptManifest], manifests: Sequence[Manifest]) -> Iterator[Finding]:
    partition = place.partition
    named = {each.name(partition) for each in kept}
    named |= {kept_file_name(partition.prefix, entry.sha256) for manifest in manifests for _, entry in manifest.objects()}
    for name in place.objects:
        if name.startswith(REVISIONS) and name not in named and partition.store.head(name) is not None:
            found = "an object that no former version names"
            url = partition.store.url(name)
            yield Finding(Kind.UNNAMED_OBJECT, place.label, place.day, url, "only what former versions name", found, BY_HAND)


def _lost(place: Place, name: str, expected: str, found: str) -> Finding:
    url = place.partition.store.url(name)
    return Finding(Kind.REVISION_LOST, place.label, place.day, url, expected, found, LOST)
