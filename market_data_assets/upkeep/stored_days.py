"""What the manifests say of stored days, each read once and kept in short."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from market_data_assets.catalog import DATASETS
from market_data_assets.domain.datasets import Dataset, Finality
from market_data_assets.errors import CorruptPartition, UnsupportedFormat
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.manifest import Manifest
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.upkeep.lineage import DatasetDay, parse_input

_KNOWN = {str(dataset): dataset for dataset in DATASETS}


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One stored day in short.

    Attributes:
        inputs: Content hashes of the days it was computed from.
        failed: Instruments whose last attempt failed.
        holds_rows: Whether any file is stored.
    """

    content_hash: str
    inputs: Mapping[DatasetDay, str]
    schema_fingerprint: str
    code_version: str
    finality: Finality
    failed: tuple[str, ...]
    holds_rows: bool

    @classmethod
    def of(cls, manifest: Manifest) -> "StoredDay":
        """What a manifest says, without its files."""
        content = manifest.content
        named = {parse_input(name, _KNOWN): digest for name, digest in content.inputs.items()}
        return cls(
            content.content_hash,
            {key: digest for key, digest in named.items() if key is not None},
            content.schema_fingerprint,
            manifest.code_version,
            content.finality,
            tuple(entry.instrument_id for entry in content.failed),
            bool(content.files),
        )


class StoredDays:
    """The stored days of a lake, as they were when each was first asked for. Days whose manifest cannot be read count as unreadable."""

    def __init__(self, lake: LakeReader) -> None:
        self._lake = lake
        self._listed: dict[Dataset, frozenset[dt.date]] = {}
        self._read: dict[DatasetDay, StoredDay | None] = {}
        self.unreadable: set[DatasetDay] = set()

    def days(self, dataset: Dataset) -> frozenset[dt.date]:
        """The days of which a manifest is stored, readable or not."""
        if dataset not in self._listed:
            self._listed[dataset] = frozenset(self._lake.days(dataset))
        return self._listed[dataset]

    def get(self, dataset: Dataset, day: dt.date) -> StoredDay | None:
        """What is stored of a day; None where nothing is, or its manifest cannot be read."""
        if day not in self.days(dataset):
            return None
        self.read_ahead([(dataset, day)])
        return self._read[dataset, day]

    def read_ahead(self, wanted: Iterable[DatasetDay]) -> None:
        """Read the manifests of some stored days side by side."""
        missing = [each for each in dict.fromkeys(wanted) if each not in self._read]
        for each, found in zip(missing, for_each(self._stored, missing), strict=True):
            self._read[each] = found

    def _stored(self, key: DatasetDay) -> StoredDay | None:
        try:
            manifest = Partition(self._lake.store, partition_prefix(*key)).current().manifest
        except (CorruptPartition, UnsupportedFormat):
            self.unreadable.add(key)
            return None
        return None if manifest is None else StoredDay.of(manifest)
