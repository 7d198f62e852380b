"""Rows and bytes that the lake and the warehouse would grow by, from stored days nearby."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from market_data_assets.domain.datasets import Dataset, Grain
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.preflight.neighbours import Neighbours
from market_data_assets.preflight.work import expected
from market_data_assets.storage.warehouse.base import WarehouseTable

_TEXT_BYTES = 24
"""Of a text value in BigQuery, which counts its UTF-8 and 2: an instrument's id is about so long."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What is added.

    Attributes:
        unsized: Instrument-days of which nothing nearby tells a size; they are not in the other numbers.
    """

    rows: int = 0
    bytes: int = 0
    unsized: int = 0

    def __add__(self, other: "Growth") -> "Growth":
        return Growth(self.rows + other.rows, self.bytes + other.bytes, self.unsized + other.unsized)


def growth_of(neighbours: Neighbours, dataset: Dataset, days: Iterable[Sequence[Instrument]]) -> Growth:
    """What these days of ``dataset`` take in the lake, each given by its instruments."""
    files: Counter[str | None] = Counter()
    for instruments in days:
        files.update([None] if dataset.grain is Grain.DAY else map(str, expected(dataset, instruments)))
    total = Growth()
    for name, count in files.items():
        size = neighbours.size(dataset, name)
        total += Growth(unsized=count) if size is None else Growth(size.rows * count, size.bytes * count)
    return total


def logical_bytes(table: WarehouseTable, rows: int) -> int:
    """What BigQuery bills so many rows of a table as, with every value there: nulls take nothing, so this is the most."""
    return rows * sum(_width(field.type) for field in table.schema)


def _width(type_: pa.DataType) -> int:
    if pa.types.is_boolean(type_):
        return 1
    return _TEXT_BYTES if pa.types.is_string(type_) or pa.types.is_large_string(type_) else 8
