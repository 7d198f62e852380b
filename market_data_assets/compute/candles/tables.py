"""Buckets in memory ↔ stored tables of candles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.candles.components import COMPONENTS, NEVER, Kind, by_field, columns, empty_rows
from market_data_assets.compute.candles.registry import CANDLES, FEATURES
from market_data_assets.compute.candles.status import Status
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.timeframes import FINEST
from market_data_assets.errors import SchemaDrift

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.void]
_STATUS_TEXTS = pa.array([status.text for status in Status])
_SCHEMA = CANDLES[FINEST].schema


def table_of(instrument: str, parts: Sequence[Rows], starts: Int64s, ends: Int64s, delay_medians: Doubles) -> pa.Table:
    """Stored columns of buckets, of one timeframe or of several one after the other.

    Args:
        parts: Buckets, dtype ROW; starts, ends and medians are those of all parts.
        ends: Exclusive ends of the buckets, µs.
        delay_medians: In ms; NaN where not known.
    """
    matrix = columns(parts)
    fields = by_field(matrix)
    written = {
        "instrument_id": pa.repeat(instrument, len(starts)),
        "timestamp": _instants(starts),
        "timestamp_close": _instants(ends),
        "bucket_status": _STATUS_TEXTS.take(pa.array(fields["bucket_status"])),
        "first_trade_at": _instants(fields["first_trade_at"], fields["first_trade_at"] == NEVER),
        "last_trade_at": _instants(fields["last_trade_at"], fields["last_trade_at"] == -NEVER),
        "available_at": _instants(fields["available_at"]),
        "delay_median": _nullable(delay_medians),
    }
    written |= {name: _nullable(values) for name, values in _features(matrix, fields).items() if name not in written}
    for part in COMPONENTS:
        if not part.public:
            for field, column in zip(part.fields, part.columns, strict=True):
                written[column] = _nullable(fields[field]) if part.kind is Kind.NUMBER else pa.array(fields[field])
    return pa.Table.from_arrays([written[name] for name in _SCHEMA.names], schema=_SCHEMA)


def _features(matrix: Doubles, fields: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Every feature, NaN for null. Those that may be null are so in every empty bucket, and computed of the others only."""
    traded = np.flatnonzero(fields["trade_count"])
    of_traded = by_field(matrix[:, traded])
    for feature in FEATURES:
        if feature.value is None:
            continue
        with np.errstate(all="ignore"):
            if feature.null_rule == "never":
                fields[feature.name] = feature.value(fields)
                of_traded[feature.name] = fields[feature.name][traded]
            else:
                of_traded[feature.name] = feature.value(of_traded)
                fields[feature.name] = np.full(matrix.shape[1], np.nan)
                fields[feature.name][traded] = of_traded[feature.name]
    return {feature.name: fields[feature.name] for feature in FEATURES if feature.name in fields}


def rows_of(candles: pa.Table) -> tuple[Rows, Int64s]:
    """The buckets of a stored table, and their starts. Inverse of :func:`table_of`.

    Raises:
        SchemaDrift: columns missing; hidden ones are needed.
    """
    needed = ["timestamp", *(column for part in COMPONENTS for column in part.columns)]
    if missing := [name for name in needed if name not in candles.column_names]:
        raise SchemaDrift(f"candles: missing columns {missing}; merging needs the hidden columns too")
    rows = empty_rows(len(candles))
    for part in COMPONENTS:
        for field, column in zip(part.fields, part.columns, strict=True):
            rows[field] = _values(candles[column], part.empty)
    return rows, _values(candles["timestamp"], 0).astype(np.int64)


def _values(column: "pa.ChunkedArray[Any]", empty: float) -> npt.NDArray[Any]:
    """A column as numbers, nulls as the value of an empty bucket."""
    flat: Any = column.combine_chunks()
    if pa.types.is_string(flat.type):
        flat = pc.index_in(flat, value_set=_STATUS_TEXTS)
    elif pa.types.is_timestamp(flat.type):
        flat = flat.view(pa.int64())
    return np.asarray(flat.fill_null(pa.scalar(empty, flat.type)) if flat.null_count else flat)


def _instants(values: Int64s, never: npt.NDArray[np.bool_] | None = None) -> "pa.Array[Any]":
    instants: pa.Array[Any] = pa.array(values, pa.int64(), mask=never).view(TIMESTAMP)
    return instants


def _nullable(values: npt.NDArray[Any]) -> "pa.Array[Any]":
    """NaN becomes null."""
    absent = np.isnan(values) if values.dtype.kind == "f" else None
    held: Any = values
    if absent is None or not absent.any():
        whole: pa.Array[Any] = pa.array(held)
        return whole
    valid: Any = np.packbits(~absent, bitorder="little")
    return pa.Array.from_buffers(pa.float64(), len(values), [pa.py_buffer(valid), pa.py_buffer(held)], int(absent.sum()))
