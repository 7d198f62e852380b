"""Writing a frame as one Parquet file: as a stream, with the dataset's encodings, the same bytes for the same rows."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.domain.datasets import Dataset, Encoding, Frame, SchemaWidened
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import SchemaDrift
from market_data_assets.storage.ahead import ahead
from market_data_assets.storage.checksums import checksums_of
from market_data_assets.storage.row_groups import TIMESTAMP_COLUMN, Tally, row_groups
from market_data_assets.storage.stores.disk import refusals

T = TypeVar("T")
# zstd 9 saves 1 % of a day of trades at twice the time.
_ZSTD_LEVEL = 3


@dataclass(frozen=True, slots=True)
class ParquetFacts:
    """What is known of a finished file.

    Attributes:
        size: Bytes on disk.
        uncompressed_bytes: Bytes of the same rows in Arrow memory.
        min_timestamp, max_timestamp: First and last exchange time, µs UTC, both inclusive; None without rows or
            without such a column.
    """

    rows: int
    row_groups: int
    size: int
    uncompressed_bytes: int
    crc32c: int
    sha256: str
    min_timestamp: int | None
    max_timestamp: int | None


def write_parquet(path: Path, dataset: Dataset, day: dt.date, instrument: InstrumentId | None, frame: Frame) -> ParquetFacts:
    """Write ``frame`` to ``path``, starting again whenever its schema has widened.

    Raises:
        SchemaDrift: columns that the dataset does not declare, nulls where it allows none, rows not in ascending
            ``timestamp``, or a schema that keeps changing.
        MarketDataError: whatever the frame raises.
    """
    what = name_of(dataset, day, instrument)
    return until_wide_enough(dataset, what, lambda: _write(path, dataset, day, instrument, frame))


def until_wide_enough(dataset: Dataset, what: str, write: Callable[[], T]) -> T:
    """What ``write`` returns, started again whenever the schema of what it writes has widened.

    Raises:
        SchemaDrift: it widened more often than the dataset has alternatives.
    """
    widenings = sum(len(column.alternatives) for column in dataset.columns.values())
    # One try more for a row so late that the frame must be sorted as a whole.
    for _ in range(widenings + 2):
        try:
            return write()
        except SchemaWidened:
            continue
    raise SchemaDrift(f"{what}: the schema widened more than the {widenings} time(s) that the dataset allows")


def write_rows(path: Path, table: pa.Table) -> ParquetFacts:
    """Write a table that no dataset declares, such as rows set aside, with plain encodings."""
    with refusals("write", str(path)):
        pq.write_table(table, path, compression="zstd", use_dictionary=False, write_statistics=False)
    checksum, digest = checksums_of(path)
    return ParquetFacts(table.num_rows, 1, path.stat().st_size, table.nbytes, checksum, digest, None, None)


def _write(path: Path, dataset: Dataset, day: dt.date, instrument: InstrumentId | None, frame: Frame) -> ParquetFacts:
    what = name_of(dataset, day, instrument)
    groups = row_groups(frame.batches(), what, dataset)
    first = next(groups)
    tally = Tally(what, dataset)
    more = ahead(groups) if first.num_rows == dataset.row_group_rows else nullcontext(groups)
    about = {"dataset": str(dataset), "day": day.isoformat(), "instrument_id": str(instrument or "")}
    with open_writer(path, first.schema, dataset, about) as writer, more as rest:
        for group in chain([first], rest):
            tally.add(group)
            with refusals("write", str(path)):
                writer.write_table(group, row_group_size=max(group.num_rows, 1))
    checksum, digest = checksums_of(path)
    return ParquetFacts(
        rows=tally.rows,
        row_groups=tally.row_groups,
        size=path.stat().st_size,
        uncompressed_bytes=tally.bytes,
        crc32c=checksum,
        sha256=digest,
        min_timestamp=tally.min_timestamp,
        max_timestamp=tally.max_timestamp,
    )


def name_of(dataset: Dataset, day: dt.date, instrument: InstrumentId | None) -> str:
    """The file in a message: dataset, day and instrument."""
    return f"{dataset} {day} {instrument or ''}".rstrip()


@contextmanager
def open_writer(
    path: Path, schema: pa.Schema, dataset: Dataset, about: Mapping[str, str], sorted_by: tuple[str, ...] = (TIMESTAMP_COLUMN,)
) -> Iterator[pq.ParquetWriter]:
    """A writer with the dataset's encodings; columns that it does not declare get a dictionary.

    Args:
        about: Written into the file's own metadata.
        sorted_by: Columns to push down; they get statistics.
    """
    columns = dataset.columns
    dictionaries = [name for name in schema.names if name not in columns or columns[name].encoding is Encoding.DICTIONARY]
    deltas = {name: _delta(schema.field(name).type) for name, column in columns.items() if column.encoding is Encoding.DELTA}
    with refusals("write", str(path)):
        writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=_ZSTD_LEVEL,
            use_dictionary=dictionaries,  # type: ignore[arg-type]
            column_encoding=deltas,
            # Statistics on every column cost time in each small file.
            write_statistics=[name for name in sorted_by if name in schema.names] or False,
            # A reader of a few columns cannot compare the file's own checksum. They cost 1 % of the time and 0.03 % of the size.
            write_page_checksum=True,
        )
    try:
        writer.add_key_value_metadata(dict(about))
        yield writer
    except BaseException:
        # The file is given up; that its footer cannot be written either, on a full disk, says nothing new.
        with suppress(OSError):
            writer.close()
        raise
    with refusals("write", str(path)):
        writer.close()


def _delta(type_: pa.DataType) -> str:
    # Text takes the place of integer ids where a venue has none; neighbouring ids share their beginnings.
    return "DELTA_BYTE_ARRAY" if pa.types.is_string(type_) else "DELTA_BINARY_PACKED"
