"""Rows that were set aside, read back as they were delivered."""

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import CorruptPartition
from market_data_assets.storage.layout import kept_file_name, partition_prefix, quarantine_prefix
from market_data_assets.storage.manifest import FileEntry, Manifest
from market_data_assets.storage.publish import holds
from market_data_assets.storage.stores.base import ObjectMissing, Store


def quarantined_rows(
    store: Store, dataset: Dataset, manifest: Manifest, day: dt.date, instrument: InstrumentId | None
) -> Iterator[pa.Table]:
    """The rows of an instrument (None: of the one table of a day) that were set aside, with their ``reason``; often none.

    Raises:
        CorruptPartition: the manifest names rows that are nowhere.
    """
    owner = None if instrument is None else str(instrument)
    for entry in manifest.content.quarantine_files:
        if entry.instrument_id == owner and entry.name.endswith(".parquet"):
            yield _read(store, partition_prefix(dataset, day), entry)


def _read(store: Store, prefix: str, entry: FileEntry) -> pa.Table:
    # The last holds for a former version, and can be no other bytes.
    for name in (quarantine_prefix(prefix) + entry.name, entry.staged, kept_file_name(prefix, entry.sha256)):
        head = store.head(name) if name else None
        if head is not None and holds(head, entry):
            with suppress(ObjectMissing):  # replaced since the look, and kept before it was
                return pq.read_table(pa.BufferReader(store.get(name, generation=head.generation).data))
    raise CorruptPartition(prefix, f"the rows set aside in {entry.name} are missing, or not those that were committed")
