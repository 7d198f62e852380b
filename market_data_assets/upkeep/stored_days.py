"""What the manifests say of stored days, each read once and kept in short."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from market_data_assets.catalog import DATASETS
from market_data_assets.domain.datasets import Finality
from market_data_assets.errors import CorruptPartition, UnsupportedFormat
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.manifest import DayContent, Manifest
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.stores.base import Store
from market_data_assets.upkeep.lineage import DatasetDay, parse_input

_KNOWN = {str(dataset): dataset for dataset in DATASETS}


@dataclass(frozen=True, slots=True)
class Size:
    """Rows and bytes of one instrument-day."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One stored day in short.

    Attributes:
        inputs: Content hashes of the days it was computed from.
        failed: Instruments whose last attempt failed.
        holds_rows: Whether any file is stored.
        rows: Of all its files.
        instruments: Those it says anything about: stored, absent, set aside or failed; empty unless asked for.
        settled: Those of them that are stored or absent, and did not fail; empty unless asked for.
    """

    run_id: str
    committed_at: int
    content_hash: str
    inputs: Mapping[DatasetDay, str]
    schema_fingerprint: str
    code_version: str
    finality: Finality
    failed: tuple[str, ...]
    holds_rows: bool
    rows: int
    instruments: frozenset[str]
    settled: frozenset[str]

    @classmethod
    def of(cls, manifest: Manifest, *, with_instruments: bool) -> "StoredDay":
        """What a manifest says, without its files."""
        content = manifest.content
        named = {parse_input(name, _KNOWN): digest for name, digest in content.inputs.items()}
        return cls(
            manifest.run_id,
            manifest.committed_at,
            content.content_hash,
            {key: digest for key, digest in named.items() if key is not None},
            content.schema_fingerprint,
            manifest.code_version,
            content.finality,
            tuple(entry.instrument_id for entry in content.failed),
            bool(content.files),
            sum(entry.rows for entry in content.files),
            _mentioned(content) if with_instruments else frozenset(),
            _settled(content) if with_instruments else frozenset(),
        )


class StoredDays:
    """The stored days of a lake, as they were when each was first asked for.

    Args:
        names_instruments: Of which days the instruments are kept: there are thousands of options on each.

    Attributes:
        unreadable: Days whose manifest cannot be read. Making them again heals them.
    """

    def __init__(self, store: Store, names_instruments: Callable[[dt.date], bool] = lambda _: False) -> None:
        self._store, self._names_instruments = store, names_instruments
        self._read: dict[DatasetDay, StoredDay | None] = {}
        self.unreadable: set[DatasetDay] = set()

    def get(self, key: DatasetDay) -> StoredDay | None:
        """What is stored of a day; None where nothing is, or its manifest cannot be read."""
        if key not in self._read:
            self.read_ahead([key])
        return self._read[key]

    def holds(self, key: DatasetDay) -> bool:
        """Whether a manifest is stored, readable or not."""
        return self.get(key) is not None or key in self.unreadable

    def read_ahead(self, wanted: Iterable[DatasetDay]) -> None:
        """Read the manifests of some days side by side, those that were not read yet."""
        for_each(self._note, [each for each in dict.fromkeys(wanted) if each not in self._read])

    def sizes(self, wanted: Iterable[DatasetDay]) -> Mapping[DatasetDay, Mapping[str | None, Size]]:
        """What each instrument (None: the whole day) takes on those of the days that can be read; not kept, so read each time."""
        keys = list(wanted)
        return {key: found for key, found in zip(keys, for_each(self._sizes, keys), strict=True) if found is not None}

    def _note(self, key: DatasetDay) -> None:
        # Results are held until all of them are there, and a manifest may be large.
        self._manifest(key)

    def _sizes(self, key: DatasetDay) -> Mapping[str | None, Size] | None:
        manifest = self._manifest(key)
        return None if manifest is None else {entry.instrument_id: Size(entry.rows, entry.own_size) for entry in manifest.content.files}

    def _manifest(self, key: DatasetDay) -> Manifest | None:
        """A manifest as it is now, which is noted in short where it was not before."""
        try:
            manifest = Partition(self._store, partition_prefix(*key)).current().manifest
        except (CorruptPartition, UnsupportedFormat):
            self.unreadable.add(key)
            manifest = None
        found = None if manifest is None else StoredDay.of(manifest, with_instruments=self._names_instruments(key[1]))
        self._read.setdefault(key, found)
        return manifest


def _settled(content: DayContent) -> frozenset[str]:
    names = {str(entry.instrument_id) for entries in (content.files, content.absent) for entry in entries}
    return frozenset(names - {entry.instrument_id for entry in content.failed})


def _mentioned(content: DayContent) -> frozenset[str]:
    names = {entry.instrument_id for entries in (content.absent, content.quarantined, content.failed) for entry in entries}
    return frozenset(names.union(entry.instrument_id for entry in content.files if entry.instrument_id is not None))
