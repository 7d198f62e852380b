"""Columns of stored tables as plain numbers."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def instants(table: pa.Table, name: str = "timestamp") -> Int64s:
    """A column of times that has no nulls, µs UTC."""
    return np.asarray(table[name].cast(pa.int64()).to_numpy(), np.int64)


def numbers(table: pa.Table, name: str) -> Doubles:
    """A column of numbers as doubles; nulls are NaN."""
    column: Any = table[name]
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def levels(batch: pa.RecordBatch, name: str) -> Doubles:
    """A column of lists of one length, one row per list."""
    column: Any = batch.column(name)
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False), np.float64).reshape(len(column), column.type.list_size)


def first_time(times: Int64s, flags: Flags) -> int:
    """The time of the first row that is flagged; there is one."""
    return int(times[np.argmax(flags)])
