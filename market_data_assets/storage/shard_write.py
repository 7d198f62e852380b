"""Writing a shard: the rows of many instruments as one Parquet file, each beginning a row group of its own."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import Dataset
from market_data_assets.storage.checksums import CHUNK_BYTES, checksums_of
from market_data_assets.storage.manifest import FileEntry, Part
from market_data_assets.storage.parquet_write import open_writer
from market_data_assets.storage.row_groups import TIMESTAMP_COLUMN
from market_data_assets.storage.shard_parts import ShardPart
from market_data_assets.storage.stores.disk import refusals
from market_data_assets.storage.widening import widest

INSTRUMENT_COLUMN = "instrument_id"
_LABEL = pa.field(INSTRUMENT_COLUMN, pa.dictionary(pa.int32(), pa.string()), nullable=False)


def write_shard(path: Path, dataset: Dataset, day: dt.date, name: str, parts: Sequence[ShardPart]) -> Sequence[FileEntry]:
    """Write ``parts`` to ``path``, sorted by instrument; the same bytes for the same rows. One group is in memory at a time.

    A column whose type differs between instruments gets the widest. A dataset without ``instrument_id`` gets that column,
    for whoever reads the file without its manifest.

    Args:
        name: What the shard's file is called in the partition.

    Returns:
        The entry of each instrument, in order, not staged yet.

    Raises:
        StorageFailed: the disk refused.
    """
    ordered = sorted(parts, key=lambda part: part.instrument)
    schema = widest(dataset, [part.schema for part in ordered])
    labelled = schema if INSTRUMENT_COLUMN in dataset.columns else schema.append(_LABEL)
    about = {"dataset": str(dataset), "day": day.isoformat(), "instrument_id": ""}
    with open_writer(path, labelled, dataset, about, sorted_by=(INSTRUMENT_COLUMN, TIMESTAMP_COLUMN)) as writer:
        for part in ordered:
            for group in part.groups():
                with refusals("write", str(path)):
                    writer.write_table(_labelled(group, schema, labelled, part), row_group_size=group.num_rows)
    return _entries(path, name, ordered)


def _labelled(group: pa.Table, schema: pa.Schema, labelled: pa.Schema, part: ShardPart) -> pa.Table:
    if not group.schema.equals(schema):
        group = group.cast(schema)
    if labelled is schema:
        return group
    zeros = pa.array(np.zeros(group.num_rows, np.int32), pa.int32())
    return group.append_column(_LABEL, pa.DictionaryArray.from_arrays(zeros, pa.array([str(part.instrument)])))


def _entries(path: Path, name: str, parts: Sequence[ShardPart]) -> Sequence[FileEntry]:
    size, (checksum, digest) = path.stat().st_size, checksums_of(path)
    entries, first = [], 0
    for part, (part_digest, part_size) in zip(parts, _digests(path, parts), strict=True):
        entry = FileEntry(
            name=name,
            instrument_id=str(part.instrument),
            rows=part.rows,
            size=size,
            crc32c=checksum,
            sha256=digest,
            row_groups=part.row_groups,
            uncompressed_bytes=part.uncompressed_bytes,
            min_timestamp=part.min_timestamp,
            max_timestamp=part.max_timestamp,
            source_version=part.source_version,
            staged="",
            part=Part(first, part_digest, part_size),
        )
        entries.append(entry)
        first += part.row_groups
    return entries


def _digests(path: Path, parts: Sequence[ShardPart]) -> Sequence[tuple[str, int]]:
    """SHA-256 and size of each part's row groups: their bytes lie together, and hold no position in the file."""
    metadata = pq.read_metadata(path)
    starts = [_start(metadata.row_group(group)) for group in range(metadata.num_row_groups)]
    # The footer follows the last row group; its length and four letters end the file.
    borders = [*starts, path.stat().st_size - 8 - metadata.serialized_size]
    found, first = [], 0
    for part in parts:
        start, end = borders[first], borders[first + part.row_groups]
        found.append((_digest(path, start, end), end - start))
        first += part.row_groups
    return found


def _start(group: pq.RowGroupMetaData) -> int:
    """Where the bytes of a row group begin: columns are written in their order, the dictionary first."""
    column = group.column(0)
    return int(column.data_page_offset if column.dictionary_page_offset is None else column.dictionary_page_offset)


def _digest(path: Path, start: int, end: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (piece := file.read(min(CHUNK_BYTES, end - start))):
            digest.update(piece)
            start += len(piece)
    return digest.hexdigest()
