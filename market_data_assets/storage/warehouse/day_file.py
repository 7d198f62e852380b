"""One day of a table as one Parquet file, checked row by row, in the memory of one instrument-day."""

import datetime as dt
import hashlib
import json
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import BadData, CorruptPartition, NoData, Unusable
from market_data_assets.storage.warehouse.base import CLUSTER_COLUMN, PARTITION_COLUMN, CommittedDay, WarehouseTable

_LOADED_FROM = "market_data_assets.loaded_from"


def write_day(draft: BinaryIO, table: WarehouseTable, day: CommittedDay) -> tuple[int, int]:
    """Write the rows sorted by instrument and time, a row group per instrument; how many rows, and how many instruments have some.

    Raises:
        BadData: rows of another day or instrument, or rows of one instrument that do not ascend in time.
        CorruptPartition: not as many rows as the day's manifest says.
    """
    rows = instruments = 0
    sources = sources_of(table, day)
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    # Statistics on every column would make the footer, which every read parses, several times as large.
    with pq.ParquetWriter(
        draft,
        table.schema,
        compression="zstd",
        compression_level=3,
        use_dictionary=texts,  # type: ignore[arg-type]  # the stubs know only bool
        write_statistics=[CLUSTER_COLUMN, PARTITION_COLUMN],
    ) as writer:
        for instrument in day.frames:
            try:
                frame = day.frames[instrument]
            except (NoData, Unusable):
                continue  # Absent, or set aside as a whole: the day's manifest says so, and such rows are never loaded.
            part = frame.read(list(table.columns)).select(list(table.columns)).cast(table.schema)
            _check(part, table, instrument, day.frames.day)
            if part.num_rows:
                writer.write_table(part, row_group_size=part.num_rows)
                rows, instruments = rows + part.num_rows, instruments + 1
        if sources:
            writer.add_key_value_metadata({_LOADED_FROM: sources})
    draft.seek(0)
    if (found := pq.read_metadata(draft).num_rows) != rows:
        raise CorruptPartition(f"{table} {day.frames.day}", f"{rows} rows were handed in, {found} were written")
    if rows != day.rows:
        raise CorruptPartition(f"{table} {day.frames.day}", f"the manifest says {day.rows} rows, its files hold {rows}")
    return rows, instruments


def sources_of(table: WarehouseTable, day: CommittedDay) -> str:
    """Identity of the rows that a load of the day would write, found without reading them; empty where it cannot be told."""
    versions = []
    for instrument in day.frames:
        try:
            versions.append([str(instrument), day.frames[instrument].source_version])
        except (NoData, Unusable):
            continue  # as in write_day
    if not all(version for _, version in versions):
        return ""
    columns = [[field.name, str(field.type)] for field in table.schema]
    return hashlib.sha256(json.dumps([columns, day.rows, versions]).encode()).hexdigest()


def loaded_from(metadata: pq.FileMetaData) -> str:
    """What :func:`sources_of` said of the day that was written; empty where it could not tell."""
    return (metadata.metadata or {}).get(_LOADED_FROM.encode(), b"").decode()


def times_of(part: pa.Table) -> npt.NDArray[np.int64]:
    """The timestamps of some rows, µs UTC."""
    times: npt.NDArray[np.int64] = part[PARTITION_COLUMN].cast(pa.int64()).to_numpy()
    return times


def _check(part: pa.Table, table: WarehouseTable, instrument: InstrumentId, day: dt.date) -> None:
    times = times_of(part)
    rejected = {
        "of another instrument": sum(name != str(instrument) for name in part[CLUSTER_COLUMN].to_pylist()),
        "outside the day": int(((times < day_start(day)) | (times >= day_end(day))).sum()),
        "not after the row before": int((np.diff(times) <= 0).sum()),
    }
    if any(rejected.values()):
        counts = {reason: count for reason, count in rejected.items() if count}
        raise BadData(f"warehouse {table} {day} {instrument}", rows=part.num_rows, rejected=counts)
