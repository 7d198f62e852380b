"""Rows of one data type as numpy columns, and their Arrow table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.domain.datasets import Column as Declared
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import WORD

Column = npt.NDArray[np.generic]
Instants = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SIDES = ("buy", "sell")
"""What the ``side`` column's 0 and 1 stand for."""
OPTION_TYPES = ("call", "put")
"""What the ``option_type`` column's 0 and 1 stand for."""
NO_INSTANT = int(np.iinfo(np.int64).min)
"""Stands for null in columns of instants; NaN does in columns of numbers that may be null."""

_WORDS = {"side": SIDES, "option_type": OPTION_TYPES}


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of equal length by name; book levels are two-dimensional, (rows, levels). Instants are µs UTC."""

    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.columns["timestamp"])

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def floats(self, name: str) -> Floats:
        """A column of prices or amounts."""
        return self.columns[name].astype(np.float64, copy=False)

    @property
    def timestamp(self) -> Instants:
        """Exchange times."""
        return self.columns["timestamp"].astype(np.int64, copy=False)

    @property
    def local_timestamp(self) -> Instants:
        """Arrival times."""
        return self.columns["local_timestamp"].astype(np.int64, copy=False)

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "Rows":
        """The rows at the positions, or under the mask, ``chosen``."""
        return Rows({name: column[chosen] for name, column in self.columns.items()})

    def replace(self, **columns: Column) -> "Rows":
        """The same rows with some columns exchanged."""
        return Rows({**self.columns, **columns})

    def in_raw_order(self) -> "Rows":
        """By exchange time, then by arrival, then as they stand: the order that the raw tier stores."""
        if (np.diff(self.timestamp) > 0).all():
            return self
        return self.take(np.lexsort((self.local_timestamp, self.timestamp)))

    def arrow(self, dataset: Dataset) -> pa.Table:
        """The rows as a table with the schema of ``dataset``."""
        return pa.table([_arrow(name, self[name], dataset.columns[name]) for name in dataset.columns], schema=dataset.schema)


def concatenate(parts: Iterable[Rows]) -> Rows:
    """The rows of several parts, one after another. At least one part."""
    tables = list(parts)
    return Rows({name: np.concatenate([part[name] for part in tables]) for name in tables[0].columns})


def _arrow(name: str, values: Column, column: Declared) -> "pa.Array[Any]":
    if name in _WORDS:
        return pa.DictionaryArray.from_arrays(pa.array(values, pa.int8()), pa.array(_WORDS[name])).cast(WORD)
    if pa.types.is_fixed_size_list(column.type):
        return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), column.type.list_size).cast(column.type)
    if not column.nullable or pa.types.is_string(column.type):
        return pa.array(values).cast(column.type)
    nothing = np.isnan(values) if values.dtype.kind == "f" else values == NO_INSTANT
    return pa.array(values, mask=nothing).cast(column.type)
