"""What one source would do for a read: files or tables, bytes, requests, and what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from market_data_assets.client.costs import Cost, Rates
from market_data_assets.client.stored_days import Piece, StoredFile
from market_data_assets.client.wording import counted, dollars, readable
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange
from market_data_assets.storage.object_file import WHOLE_BYTES
from market_data_assets.storage.ranged_parquet import TAIL_BYTES
from market_data_assets.storage.ranged_plan import GAP_BYTES, PIECE_BYTES

Source = Literal["lake", "warehouse"]
_ROUNDS = 4
"""Requests that wait for one another, however many are under way side by side."""
_WIDTH = 8
"""Bytes of a value whose type has no width of its own, such as an id."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one source would do.

    Attributes:
        local: Whether it is on this machine, and costs nothing.
        files: Files in the lake, or tables in a warehouse.
        size: Bytes to be fetched from files, or to be scanned in tables.
        requests: To the bucket, or queries.
    """

    source: Source
    local: bool
    files: int
    size: int
    requests: int
    cost: Cost

    def __str__(self) -> str:
        what = f"{counted(self.files, 'file')}," if self.source == "lake" else "dry run"
        work = f"{self.source}: {what} {readable(self.size)}"
        if self.local:
            return f"{work}, on this machine, free"
        asked = counted(self.requests, "request" if self.source == "lake" else "query")
        return f"{work}, {asked}, {dollars(self.cost.dollars)}, about {self.cost.seconds:.1f} s"


def lake_offer(
    pieces: Sequence[Piece], dataset: Dataset, columns: Sequence[str], time_range: TimeRange, rates: Rates, *, local: bool
) -> Offer:
    """The files of some pieces, of which only some columns and the row groups of the range are fetched."""
    files, days = len({piece.file.name for piece in pieces}), len({piece.day for piece in pieces})
    fetched = [_fetched(piece.file, dataset, columns, time_range) for piece in pieces]
    size = sum(bytes_ for bytes_, _ in fetched)
    # The manifest of each day, and for each file whether that is still the same.
    requests = days + sum(1 + count for _, count in fetched)
    if local:
        return Offer("lake", True, files, size, requests, Cost())
    paid = rates.request.of(requests) + rates.retrieval.of(size) + rates.network.of(size)
    waited = rates.request_seconds * max(_ROUNDS, requests / rates.requests_at_a_time) + size / rates.bucket_bytes_per_second
    return Offer("lake", False, files, size, requests, Cost(paid, waited))


def warehouse_offer(scanned: int, answer: int, rates: Rates, *, counting: int = 0, local: bool = False) -> Offer:
    """One query that scans ``scanned`` bytes of one table and answers with ``answer`` bytes.

    Args:
        counting: Small queries before it, which find out what there is.
    """
    queries = 1 + counting
    if local:
        return Offer("warehouse", True, 1, scanned, queries, Cost())
    billed = max(scanned, rates.query_minimum) + counting * rates.query_minimum
    paid = rates.query.of(billed) + rates.storage_read.of(answer) + rates.network.of(answer)
    waited = queries * rates.query_seconds + answer / rates.warehouse_bytes_per_second
    return Offer("warehouse", False, 1, scanned, queries, Cost(paid, waited))


def answer_bytes(pieces: Sequence[Piece], schema: pa.Schema, columns: Sequence[str], time_range: TimeRange) -> int:
    """Bytes of the rows in the range, as they lie in memory."""
    return round(sum(piece.file.rows * _part_of_time(piece.file, time_range, 0) for piece in pieces) * _width(schema, columns))


def _fetched(file: StoredFile, dataset: Dataset, columns: Sequence[str], time_range: TimeRange) -> tuple[int, int]:
    """At most how many bytes of a file are fetched, and in how many requests."""
    if file.size <= WHOLE_BYTES:
        return file.size, 1
    share = _width(dataset.schema, columns) / _width(dataset.schema, dataset.schema.names)
    wanted = round(file.size * share * _part_of_time(file, time_range, dataset.row_group_rows))
    # Columns that lie close to each other are fetched together with what is between them.
    size = min(file.size, wanted + TAIL_BYTES + GAP_BYTES * (len(columns) - 1))
    return size, 2 + -(-wanted // PIECE_BYTES)


def _width(schema: pa.Schema, columns: Sequence[str]) -> int:
    return sum(_bytes_of(schema.field(name).type) for name in columns if name in schema.names) or 1


def _bytes_of(type_: pa.DataType) -> int:
    if pa.types.is_fixed_size_list(type_):
        return int(type_.list_size) * _bytes_of(type_.value_type)
    if pa.types.is_primitive(type_):
        return max(1, int(type_.bit_width) // 8)
    return _WIDTH


def _part_of_time(file: StoredFile, time_range: TimeRange, group_rows: int) -> float:
    """Which part of a file's rows lies in row groups that the range touches, if they are spread evenly over its time."""
    if file.times is None or file.within(time_range) or file.rows <= group_rows:
        return 1.0
    first, last = file.times
    touched = min(last + 1, time_range.end) - max(first, time_range.start)
    # A range rarely begins where a row group does, so one more is read.
    return min(1.0, max(0, touched) / (last + 1 - first) + group_rows / file.rows)
