"""A stored coarser table against the merge of the stored finer one, column by column."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.quality.candles import closeness
from market_data_assets.compute.quality.columns import Flags, first_time, instants
from market_data_assets.compute.quality.findings import Finding
from market_data_assets.domain.timeframes import Timeframe

Merge = Callable[[pa.Table, Timeframe], pa.Table]


def judge_merge(
    instrument: str, stored: pa.Table, merged: pa.Table, tolerances: Mapping[str, float], left_out: Collection[str] = ()
) -> Iterator[Finding]:
    """One finding for each column in which a bucket differs; other buckets than expected are one finding. All are wrong.

    Args:
        stored: The coarser table, all its columns.
        merged: The same buckets made from the finer table.
        tolerances: Largest relative difference by column; 0 for those that are not named: the same to the last bit.
        left_out: Columns that do not merge.
    """
    if not np.array_equal(instants(stored), instants(merged)):
        detail = f"{len(stored)} buckets are stored, the finer ones make {len(merged)}"
        yield Finding(instrument, "other_buckets", abs(len(stored) - len(merged)) or len(stored), len(stored), True, detail=detail)
        return
    for name in stored.column_names:
        if name in left_out or stored[name].equals(merged[name]):
            continue
        differs = ~_same(_plain(stored[name]), _plain(merged[name]), tolerances.get(name, 0.0))
        if differs.any():
            at = int(np.argmax(differs))
            detail = f"such as {stored[name][at].as_py()}, the finer ones make {merged[name][at].as_py()}"
            yield Finding(
                instrument, f"unlike_merge:{name}", int(differs.sum()), len(differs), True, first_time(instants(stored), differs), detail
            )


def _same(stored: Any, merged: Any, tolerance: float) -> Flags:
    if pa.types.is_floating(stored.type):
        ours, theirs = (np.asarray(column.to_numpy(zero_copy_only=False), np.float64) for column in (stored, merged))
        return closeness(ours, theirs, tolerance)
    both_null = pc.and_(pc.is_null(stored), pc.is_null(merged))
    equal = pc.fill_null(pc.equal(stored, merged), pa.scalar(False))
    return np.asarray(pc.or_(both_null, equal).to_numpy(zero_copy_only=False), bool)


def _plain(column: "pa.ChunkedArray[Any]") -> Any:
    flat: Any = column.combine_chunks()
    return flat.dictionary_decode() if pa.types.is_dictionary(flat.type) else flat
