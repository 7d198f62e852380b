"""Reading and decoding one file of a partition, and comparing it with what the manifest says of it."""

import hashlib
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import Dataset
from market_data_assets.errors import SchemaDrift
from market_data_assets.storage.manifest import FileEntry, Manifest, schema_fingerprint
from market_data_assets.storage.parquet_read import TIMESTAMP_COLUMN, times_of
from market_data_assets.storage.stores.base import ObjectMissing
from market_data_assets.upkeep.findings import Finding, Kind
from market_data_assets.upkeep.places import Place
from market_data_assets.upkeep.remedies import make_again


def check_content(place: Place, manifest: Manifest, entry: FileEntry, name: str) -> Iterator[Finding]:
    """What is wrong inside the file that lies at ``name``: its SHA-256, columns, rows, and first and last times.

    Of what was set aside only the SHA-256 is compared: it is as the vendor delivered it.
    """
    try:
        data = place.partition.store.get(name).data
    except ObjectMissing:
        yield _finding(place, name, entry, "the file", "it disappeared while it was read")
        return
    if (digest := hashlib.sha256(data).hexdigest()) != entry.sha256:
        yield _finding(place, name, entry, f"sha256 {entry.sha256[:16]}…", f"sha256 {digest[:16]}…")
        return
    if entry in manifest.content.quarantine_files:
        return
    try:
        parquet = pq.ParquetFile(pa.BufferReader(data))
        yield from _check_schema(place, manifest, entry, name, parquet)
        for each in manifest.content.files:
            if each.name == entry.name:
                yield from _check_rows(place, each, name, parquet)
    except (pa.ArrowException, OSError) as error:
        yield _finding(place, name, entry, "a Parquet file", f"it cannot be decoded ({error})")


def _check_schema(place: Place, manifest: Manifest, entry: FileEntry, name: str, parquet: pq.ParquetFile) -> Iterator[Finding]:
    # A day of an older schema is out of date, which is another matter, but not damaged.
    if place.dataset is None or manifest.content.schema_fingerprint != schema_fingerprint(place.dataset):
        return
    try:
        _columns_as_declared(place.dataset, entry, parquet.schema_arrow)
    except SchemaDrift as error:
        yield _finding(place, name, entry, "the columns of its record", str(error))


def _columns_as_declared(dataset: Dataset, entry: FileEntry, found: pa.Schema) -> None:
    # A shard says of each row whose it is, in a column of its own where the dataset has none.
    own = [field for field in found if entry.part is None or field.name in dataset.columns]
    dataset.schema_for(pa.schema(own))


def _check_rows(place: Place, entry: FileEntry, name: str, parquet: pq.ParquetFile) -> Iterator[Finding]:
    groups = _groups(entry, parquet)
    if entry.part is None and parquet.metadata.num_row_groups != entry.row_groups:
        found = f"{parquet.metadata.num_row_groups} row groups"
        yield _finding(place, name, entry, f"{entry.row_groups} row groups", found)
    rows, first, last = 0, None, None
    for group in groups:
        table = parquet.read_row_group(group)
        rows += table.num_rows
        if entry.min_timestamp is not None and table.num_rows and TIMESTAMP_COLUMN in table.column_names:
            times = times_of(table)
            first = int(times.min()) if first is None else min(first, int(times.min()))
            last = int(times.max()) if last is None else max(last, int(times.max()))
    if rows != entry.rows:
        yield _finding(place, name, entry, f"{entry.rows:,} rows", f"{rows:,} rows")
    if (first, last) != (entry.min_timestamp, entry.max_timestamp):
        yield _finding(place, name, entry, f"times {entry.min_timestamp} to {entry.max_timestamp} µs", f"{first} to {last} µs")


def _groups(entry: FileEntry, parquet: pq.ParquetFile) -> Sequence[int]:
    if entry.part is None:
        return range(parquet.metadata.num_row_groups)
    return range(entry.part.first_row_group, entry.part.first_row_group + entry.row_groups)


def _finding(place: Place, name: str, entry: FileEntry, expected: str, found: str) -> Finding:
    instrument = None if place.dataset is None else entry.instrument_id
    url = place.partition.store.url(name)
    return Finding(Kind.CONTENT_WRONG, place.label, place.day, url, expected, found, make_again(place, instrument), instrument)
