"""Dictionary columns in one canonical form, so that equal values give equal bytes."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def canonical(column: "pa.ChunkedArray[Any]") -> "pa.DictionaryArray[Any, Any]":
    """The same values over a dictionary that is sorted and holds only what occurs."""
    merged: Any = pa.chunked_array(column.chunks, type=column.type).unify_dictionaries().combine_chunks()
    valid: npt.NDArray[np.bool_] = merged.is_valid().to_numpy(zero_copy_only=False)
    indices: npt.NDArray[np.int64] = pc.fill_null(merged.indices, 0).to_numpy(zero_copy_only=False)
    occurring = np.flatnonzero(np.bincount(indices[valid], minlength=len(merged.dictionary)))
    order = occurring[pc.sort_indices(merged.dictionary.take(pa.array(occurring))).to_numpy()]
    position = np.zeros(len(merged.dictionary) + 1, dtype=column.type.index_type.to_pandas_dtype())
    position[order] = np.arange(len(order))
    renumbered = pa.array(position[indices], mask=~valid)
    return pa.DictionaryArray.from_arrays(renumbered, merged.dictionary.take(pa.array(order)))  # type: ignore[arg-type]
