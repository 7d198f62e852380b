"""Buckets in memory ↔ stored tables of candles."""

from collections.abc import Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.candles.components import COMPONENTS, FEED_OF_INPUT, FEEDS, by_field, columns, empty_rows
from market_data_assets.compute.candles.components.record import NEVER
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
_TYPES = {field.name: field.type for field in _SCHEMA}
_PLACES = tuple((field, column, part.feed) for part in COMPONENTS for field, column in zip(part.fields, part.columns, strict=True))
"""Field in memory, stored column, and the feed without which it is null."""


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
    absent = {feed: fields[feed] == 0 for feed in FEEDS}
    nowhere = {feed for feed, missing in absent.items() if missing.all()}
    written |= {name: _column(held, name) for name, held in _features(matrix, fields, nowhere).items() if name not in written}
    for field, column, feed in _PLACES:
        if feed is not None and feed not in nowhere:
            written[column] = _column(fields[field], column, absent[feed])
        elif feed is None and column not in written:
            written[column] = _column(fields[field], column)
    nulls: dict[pa.DataType, pa.Array[Any]] = {type_: pa.nulls(len(starts), type_) for type_ in set(_TYPES.values())}
    return pa.Table.from_arrays([written.get(name, nulls[type_]) for name, type_ in _TYPES.items()], schema=_SCHEMA)


def _features(matrix: Doubles, fields: dict[str, npt.NDArray[Any]], absent: Set[str]) -> dict[str, npt.NDArray[Any]]:
    """Every computed feature, NaN for null; without those of absent feeds.

    Those of trades that may be null are so in every bucket without trades, and computed of the others only.
    """
    traded = np.flatnonzero(fields["trade_count"])
    of_traded = by_field(matrix[:, traded])
    made = {}
    for feature in FEATURES:
        if feature.value is None or any(FEED_OF_INPUT.get(letter) in absent for letter in feature.inputs):
            continue
        with np.errstate(all="ignore"):
            if feature.null_rule == "never" or "T" not in feature.inputs:
                fields[feature.name] = feature.value(fields)
                of_traded[feature.name] = fields[feature.name][traded]
            else:
                of_traded[feature.name] = feature.value(of_traded)
                fields[feature.name] = np.full(matrix.shape[1], np.nan)
                fields[feature.name][traded] = of_traded[feature.name]
        made[feature.name] = fields[feature.name]
    return made


def rows_of(candles: pa.Table) -> tuple[Rows, Int64s]:
    """The buckets of a stored table, and their starts. Inverse of :func:`table_of`.

    Raises:
        SchemaDrift: columns missing; hidden ones are needed.
    """
    needed = ["timestamp", *(column for part in COMPONENTS for column in part.columns)]
    found = set(candles.column_names)
    if missing := [name for name in needed if name not in found]:
        raise SchemaDrift(f"candles: missing columns {missing}; merging needs the hidden columns too")
    rows = empty_rows(len(candles))
    for part in COMPONENTS:
        for field, column in zip(part.fields, part.columns, strict=True):
            # A feed that is not there leaves what an empty bucket has.
            if part.feed is None or candles[column].null_count < len(candles):
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


def _column(values: npt.NDArray[Any], name: str, absent: npt.NDArray[np.bool_] | None = None) -> "pa.Array[Any]":
    """The stored column ``name``; null where ``absent``, and where a value is NaN."""
    type_ = _TYPES[name]
    if values.dtype.kind == "f" and pa.types.is_floating(type_):
        return _nullable(values if absent is None or not absent.any() else np.where(absent, np.nan, values))
    unknown = np.isnan(values) if values.dtype.kind == "f" else absent
    known: Any = values if unknown is None else np.where(unknown, 0, values)
    whole: pa.Array[Any] = pa.array(known, mask=unknown).cast(type_)
    return whole


def _nullable(values: npt.NDArray[Any]) -> "pa.Array[Any]":
    """NaN becomes null."""
    absent = np.isnan(values) if values.dtype.kind == "f" else None
    held: Any = values
    if absent is None or not absent.any():
        whole: pa.Array[Any] = pa.array(held)
        return whole
    valid: Any = np.packbits(~absent, bitorder="little")
    return pa.Array.from_buffers(pa.float64(), len(values), [pa.py_buffer(valid), pa.py_buffer(held)], int(absent.sum()))
