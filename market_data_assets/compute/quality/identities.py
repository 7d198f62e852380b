"""Ids of trades and liquidations: each once, or at least always with the same price and amount."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.quality.columns import first_time, instants, numbers
from market_data_assets.compute.quality.findings import Finding

COLUMNS = ("timestamp", "id", "price", "amount")


def judge_ids(instrument: str, rows: pa.Table) -> Iterator[Finding]:
    """Rows whose id an earlier row has: with the same price and amount ``duplicate_ids``, else ``conflicting_ids``.

    Candles count the former once, so they are no more than worth a look. Of the latter nobody knows which is true: wrong.
    Rows without an id are never duplicates.

    Args:
        rows: :data:`COLUMNS` of one raw file, in stored order; ids are whole numbers or text.
    """
    named = rows.filter(pc.is_valid(rows["id"]))
    if not len(named) or pc.count_distinct(named["id"]).as_py() == len(named):
        return
    ids: Any = named["id"].combine_chunks()
    codes = np.asarray(ids.dictionary_encode().indices.to_numpy())
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    original = first[place]
    repeated = original != np.arange(len(codes))
    conflicting = np.zeros(len(codes), dtype=bool)
    for name in ("price", "amount"):
        values = numbers(named, name)
        conflicting |= repeated & (values != values[original])
    times = instants(named)
    for problem, flags, wrong in (("duplicate_ids", repeated & ~conflicting, False), ("conflicting_ids", conflicting, True)):
        if flags.any():
            example = f"such as id {ids[int(np.argmax(flags))].as_py()}"
            yield Finding(instrument, problem, int(flags.sum()), len(rows), wrong, first_time(times, flags), example)
