"""Kept revisions: every version of a partition that was committed stays readable after the next one.

Before version n + 1 is committed, the files of version n that it replaces or drops are put under ``_revisions/`` by
their content, and then version n's manifest. Each is put once, so a writer that dies in between, or that loses the
race, leaves nothing that the next one would not put as well; and version n is complete before n + 1 exists.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter

from market_data_assets.errors import CorruptPartition, MarketDataError, PreconditionFailed, QuotaExhausted, Retryable, UnsafeName
from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.layout import kept_file_name, kept_manifest_name, kept_manifests_prefix, parse_kept_manifest_name
from market_data_assets.storage.manifest import DayContent, FileEntry, Manifest
from market_data_assets.storage.manifest_json import decode_manifest, encode_manifest
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.stores.base import ObjectMissing

LOST = "a former version cannot be made again"
_ATTEMPTS = 3
_LARGE = 4 << 20
"""Bytes from which on files are copied one at a time, since each is in memory as a whole."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One committed version of a partition.

    Attributes:
        committed_at: µs UTC by the writer's clock.
        rows: Of all its files.
    """

    version: int
    committed_at: int
    run_id: str
    content_hash: str
    rows: int

    @classmethod
    def of(cls, manifest: Manifest) -> "Revision":
        """What a manifest says of its version."""
        rows = sum(entry.rows for entry in manifest.content.files)
        return cls(manifest.version, manifest.committed_at, manifest.run_id, manifest.content.content_hash, rows)


@dataclass(frozen=True, slots=True)
class KeptManifest:
    """A manifest under ``_revisions/``, by its name alone."""

    version: int
    committed_at: int

    def name(self, partition: Partition) -> str:
        """Where it lies."""
        return kept_manifest_name(partition.prefix, self.version, self.committed_at)


def keep_revision(partition: Partition, stored: Manifest, following: DayContent) -> None:
    """Make the current version permanent, before ``following`` is committed in its place.

    It takes two store operations for each file that does not stay, and one for the manifest.

    Raises:
        StorageFailed, Retryable: the store refused or stayed silent; the same may be repeated.
    """
    staying = {(name, entry.sha256) for name, entry in replace(stored, content=following).objects()}
    going = [(name, entry) for name, entry in stored.objects() if (name, entry.sha256) not in staying]
    small, large = [each for each in going if each[1].size < _LARGE], [each for each in going if each[1].size >= _LARGE]
    for files, parallel in ((small, partition.parallel), (large, 1)):
        for_each(partial(_keep_file, partition), files, parallel)
    _keep(partition, KeptManifest(stored.version, stored.committed_at).name(partition), encode_manifest(stored))


def kept_manifests(partition: Partition) -> Sequence[KeptManifest]:
    """What is kept of former versions, ascending by commit time, which grows with the version.

    The version starts again at 1 where somebody has removed the current manifest by hand; the commit time does not.
    """
    found = []
    for listed in partition.store.list(kept_manifests_prefix(partition.prefix)):
        try:
            found.append(KeptManifest(*parse_kept_manifest_name(partition.prefix, listed.name)))
        except UnsafeName:
            continue  # not ours
    return sorted(found, key=attrgetter("committed_at", "version"))


def read_kept(partition: Partition, kept: KeptManifest) -> Manifest:
    """A kept manifest.

    Raises:
        CorruptPartition: it is gone or has been changed.
        UnsupportedFormat: a newer version of this package wrote it.
    """
    name = kept.name(partition)
    try:
        manifest = decode_manifest(bytes(partition.store.get(name).data), partition.prefix)
    except (ObjectMissing, CorruptPartition) as error:
        raise CorruptPartition(partition.prefix, f"the manifest of revision {kept.version} cannot be read ({error})", LOST) from error
    if (manifest.version, manifest.committed_at) != (kept.version, kept.committed_at):
        raise CorruptPartition(partition.prefix, f"{name} holds the manifest of revision {manifest.version}", LOST)
    return manifest


def revisions_of(partition: Partition) -> Sequence[Revision]:
    """Every version that can be read, ascending; the current one last. None where nothing was ever committed.

    Raises:
        CorruptPartition, UnsupportedFormat: a manifest cannot be read.
    """
    current = partition.current().manifest
    now = [] if current is None else [current]
    # A writer may have kept the current one and died, or be about to replace it.
    kept = [each for each in kept_manifests(partition) if current is None or each.committed_at != current.committed_at]
    former = for_each(partial(read_kept, partition), kept, partition.parallel)
    return [Revision.of(manifest) for manifest in (*former, *now)]


def _keep_file(partition: Partition, item: tuple[str, FileEntry]) -> None:
    name, entry = item
    try:
        # While the version is current its files lie under their published names: whoever builds on it has made sure.
        data = bytes(partition.store.get(name).data)
    except ObjectMissing:
        return
    # Damaged from outside, or replaced: then another writer has committed, and has kept the right bytes before.
    if (len(data), crc32c(data)) == (entry.size, entry.crc32c):
        _keep(partition, kept_file_name(partition.prefix, entry.sha256), data)


def _keep(partition: Partition, name: str, data: bytes) -> None:
    """Put an object that is there already, or is put now and never changes."""
    store, checksum, generation = partition.store, crc32c(data), 0
    refusal: MarketDataError = Retryable(f"keeping {store.url(name)}: other writers kept changing it")
    for _ in range(_ATTEMPTS):
        try:
            store.put(name, data, if_generation=generation, crc32c=checksum)
        except QuotaExhausted:
            raise
        except Retryable as error:
            refusal = error
        except PreconditionFailed:
            head = store.head(name)
            if head is not None and (head.size, head.crc32c) == (len(data), checksum):
                return
            # What lies there has been damaged: these bytes are the right ones.
            generation = 0 if head is None else head.generation
        else:
            return
    raise refusal
