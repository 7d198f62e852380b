"""The lake as it was known at an instant: of each day the version that was the latest committed by then."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import to_datetime
from market_data_assets.errors import CorruptPartition, PartitionMissing, UnsupportedFormat
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.layout import kept_file_name, partition_prefix
from market_data_assets.storage.manifest import FileEntry, Manifest
from market_data_assets.storage.partition import Current, Partition
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.revisions import LOST, kept_manifests, read_kept
from market_data_assets.storage.stores.base import Store


class LakeKnownAt(LakeReader):
    """A lake, read as a reader at ``instant`` (µs UTC) would have found it.

    A version is what was known from its commit time, inclusive, to that of the next one. Commit times are by the clocks
    of the writers, taken just before the commit, so the answer for an instant that is not yet past by more than clocks
    differ may still change.

    Every read may also raise CorruptPartition because the version of that time is lost.
    """

    def __init__(self, store: Store, instant: int, cache: RangeCache | None = None) -> None:
        super().__init__(store, cache)
        self._instant = instant

    def _partition(self, dataset: Dataset, day: dt.date) -> "PartitionKnownAt":
        return PartitionKnownAt(self._store, partition_prefix(dataset, day), cache=self._cache, instant=self._instant)

    def _missing(self, dataset: Dataset, day: dt.date) -> PartitionMissing:
        first = self._partition(dataset, day).first_committed_at()
        if first is None:
            return super()._missing(dataset, day)
        hint = f"its first revision was committed at {to_datetime(first)}, after {to_datetime(self._instant)}"
        return PartitionMissing(str(dataset), day, hint, reason=f"first committed at {to_datetime(first)}")


@dataclass(frozen=True, slots=True)
class PartitionKnownAt(Partition):
    """A partition whose current manifest is the one that was current at ``instant``, µs UTC."""

    instant: int = field(kw_only=True)

    def current(self) -> Current:
        """The manifest that was current at the instant, with the generation of the one that is current now.

        Raises:
            CorruptPartition: a manifest cannot be read, or the one of that time is lost.
            UnsupportedFormat: a newer version of this package wrote it.
        """
        # Looked at first: what it replaced had been kept before it was there.
        latest = Partition.current(self)
        manifest = latest.manifest
        if manifest is None or manifest.committed_at > self.instant:
            manifest = self._former(manifest)
        return Current(manifest, latest.generation)

    def names_of(self, entry: FileEntry) -> Sequence[str]:
        """Where the bytes of a file of that time may lie: still in its place, or kept when its place was taken."""
        return (*Partition.names_of(self, entry), kept_file_name(self.prefix, entry.sha256))

    def damage(self, entry: FileEntry) -> CorruptPartition:
        """The error that says that the bytes of a file of that time are nowhere."""
        manifest = self.current().manifest
        revision = "" if manifest is None else f" of revision {manifest.version}"
        return CorruptPartition(self.prefix, f"{entry.name}{revision} is missing, or its bytes are not those that were committed", LOST)

    def is_stored(self) -> bool:
        """Whether anything was committed at the instant, readable or not."""
        try:
            return self.current().manifest is not None
        except (CorruptPartition, UnsupportedFormat):
            return True

    def first_committed_at(self) -> int | None:
        """When the first version that is known was committed, µs UTC; None if there is none."""
        current = Partition.current(self).manifest
        now = () if current is None else (current.committed_at,)
        return next((each for each in (*(kept.committed_at for kept in kept_manifests(self)), *now)), None)

    def _former(self, latest: Manifest | None) -> Manifest | None:
        """The manifest of that time among those that were kept; None if nothing had been committed."""
        kept = kept_manifests(self)
        if latest is None and not kept:
            return None
        before = [each for each in kept if each.committed_at <= self.instant]
        after = [each.version for each in kept if each.committed_at > self.instant]
        following = [*after, *(() if latest is None else (latest.version,))]
        version = before[-1].version if before else 0
        if following[:1] != [version + 1]:
            # Without this the rows of an older version would pass for those of the one that is gone.
            raise self._untold(f"revision {version + 1} is not kept")
        return read_kept(self, before[-1]) if before else None

    def _untold(self, what: str) -> CorruptPartition:
        return CorruptPartition(self.prefix, f"{what}, so what was stored at {to_datetime(self.instant)} cannot be told", LOST)
