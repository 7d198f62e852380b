"""One partition in a store, and its manifest as it is now."""

from collections.abc import Sequence
from dataclasses import dataclass

from market_data_assets.errors import CorruptPartition
from market_data_assets.storage.layout import MANIFEST, SUCCESS
from market_data_assets.storage.manifest import FileEntry, Manifest
from market_data_assets.storage.manifest_json import decode_manifest
from market_data_assets.storage.parallel import PARALLEL
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.stores.base import ObjectMissing, Store


@dataclass(frozen=True, slots=True)
class Current:
    """The committed manifest and its generation; None and 0 where nothing was ever committed."""

    manifest: Manifest | None
    generation: int


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: a store and a prefix.

    Attributes:
        prefix: As the layout gives it, with its trailing slash.
        parallel: Most operations on the store at a time.
        cache: What this machine keeps of its files; None: nothing.
    """

    store: Store
    prefix: str
    parallel: int = PARALLEL
    cache: RangeCache | None = None

    @property
    def manifest_name(self) -> str:
        """The object that says what is committed."""
        return self.prefix + MANIFEST

    @property
    def success_name(self) -> str:
        """The object that says the committed files are under their documented names."""
        return self.prefix + SUCCESS

    def published_name(self, entry: FileEntry) -> str:
        """The documented name of a file of the day."""
        return self.prefix + entry.name

    def names_of(self, entry: FileEntry) -> Sequence[str]:
        """Where the bytes of a file of the day may lie, in the order to look."""
        return (self.published_name(entry), entry.staged)

    def damage(self, entry: FileEntry) -> CorruptPartition:
        """The error that says that the bytes of a file of the day are nowhere."""
        return CorruptPartition(self.prefix, f"{entry.name} is missing, or its bytes are not those that were committed")

    def is_stored(self) -> bool:
        """Whether anything was ever committed."""
        return self.generation() > 0

    def current(self) -> Current:
        """The manifest as it is now.

        Raises:
            CorruptPartition: it cannot be read.
            UnsupportedFormat: a newer version of this package wrote it.
        """
        try:
            found = self.store.get(self.manifest_name)
        except ObjectMissing:
            return Current(None, 0)
        return Current(decode_manifest(bytes(found.data), self.prefix), found.generation)

    def generation(self) -> int:
        """The generation of the manifest as it is now, 0 without one."""
        head = self.store.head(self.manifest_name)
        return 0 if head is None else head.generation
