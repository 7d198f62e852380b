"""The order of a day's trades, and which of them repeat another (CANDLES, rules 4 and 5)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.candles.survey import is_ascending, is_in_order
from market_data_assets.compute.candles.ticks import read_only

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Arranged:
    """Row numbers of a table of trades.

    Attributes:
        kept: The trades, in order; a slice where the table is already in order and nothing repeats.
        duplicates: Rows that repeat a kept one.
        conflicts: Rows with the id of a kept one but another price or amount.
        ids: Of all rows, as they were given; None where not every id is an integer.
    """

    kept: slice | Int64s
    duplicates: Int64s
    conflicts: Int64s
    ids: Int64s | None


def arrange(times: Int64s, arrivals: Int64s, ids: "pa.ChunkedArray[Any]", prices: Doubles, amounts: Doubles) -> Arranged:
    """The order and the repetitions of trades.

    Ordered by ``(time, id)`` when every id is an integer, otherwise by time, equal times as they were given. Of rows
    with the same non-null id the first in that order is kept; among equals of time and id the earliest arrival.
    """
    whole = _integers(ids)
    if whole is not None:
        in_order = is_in_order(times, whole, arrivals)
        if in_order and is_ascending(whole, 1):
            return Arranged(slice(None), _NONE, _NONE, whole)
        order = np.arange(len(times)) if in_order else np.lexsort((arrivals, whole, times))
        named = order
        codes = whole
    else:
        in_order = is_ascending(times, 0)
        order = np.arange(len(times)) if in_order else np.argsort(times, kind="stable")
        codes, has_id = _codes(ids)
        named = order[has_id[order]]
    repeats, originals = _repeats(codes, named)
    if not len(repeats):
        # A slice spares a copy of every column.
        return Arranged(slice(None) if in_order else order, _NONE, _NONE, whole)
    same = (prices[repeats] == prices[originals]) & (amounts[repeats] == amounts[originals])
    dropped = np.zeros(len(times), np.bool_)
    dropped[repeats] = True
    return Arranged(order[~dropped[order]], repeats[same], np.sort(repeats[~same]), whole)


def _repeats(codes: Int64s, named: Int64s) -> tuple[Int64s, Int64s]:
    """The rows of ``named`` whose code came before in it, and for each the first row with that code."""
    by_code = named[np.argsort(codes[named], kind="stable")]
    new = np.diff(codes[by_code], prepend=codes[by_code[:1]] - 1) != 0
    if new.all():
        return _NONE, _NONE
    firsts = by_code[np.flatnonzero(new)][np.cumsum(new) - 1]
    return by_code[~new], firsts[~new]


def _integers(ids: "pa.ChunkedArray[Any]") -> Int64s | None:
    """The ids when every one is an integer, in a text column written without leading zeros or signs; otherwise None."""
    if ids.null_count or pa.types.is_null(ids.type):
        return None
    if not pa.types.is_integer(ids.type):
        try:
            whole = pc.cast(ids, pa.int64())
        except pa.ArrowInvalid:
            return None
        # "007" and "7" are two ids as text.
        if not pc.all(pc.equal(pc.cast(whole, ids.type), ids)).as_py():
            return None
        ids = whole
    flat = ids.chunk(0) if ids.num_chunks == 1 else ids.combine_chunks()
    return read_only(np.asarray(flat.to_numpy(), np.int64))


def _codes(ids: "pa.ChunkedArray[Any]") -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """A number per distinct id, and which rows have one. Empty text is no id."""
    if pa.types.is_null(ids.type):
        return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
    flat: Any = ids.combine_chunks()
    has_id = np.asarray(flat.is_valid())
    if pa.types.is_string(flat.type) or pa.types.is_large_string(flat.type):
        has_id &= np.asarray(pc.not_equal(flat.fill_null(""), pa.scalar("", flat.type)))
    codes = np.asarray(flat.dictionary_encode().indices.fill_null(0)).astype(np.int64)
    return codes, has_id
