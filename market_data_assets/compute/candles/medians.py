"""Exact medians of many groups of whole numbers, compiled."""

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.candles.compiling import inner

Int64s = npt.NDArray[np.int64]
_BIN_BITS = 9
_FEW = 24


@njit(nogil=True, cache=True)
def write_medians(values: Int64s, bounds: Int64s, lowest: Int64s, highest: Int64s, medians: npt.NDArray[np.float64]) -> None:
    """Writes the median of each group of values, the mean of the middle two where their number is even.

    Args:
        bounds: First value of each group, and the end of the last; an empty group gets NaN.
        lowest: At most the smallest value of each group.
        highest: At least the largest value of each group.
        medians: Result, one per group.
    """
    largest = 0
    for group in range(len(bounds) - 1):
        largest = max(largest, bounds[group + 1] - bounds[group])
    scratch = np.empty(largest, np.int64)
    counts = np.empty(1 << _BIN_BITS, np.int64)
    for group in range(len(bounds) - 1):
        if bounds[group] == bounds[group + 1]:
            medians[group] = np.nan
        else:
            of = values[bounds[group] : bounds[group + 1]]
            medians[group] = _median(of, lowest[group], highest[group], scratch, counts)


@inner
def _median(values: Int64s, low: int, high: int, scratch: Int64s, counts: Int64s) -> float:
    """Narrows down to the bin that holds the middle value, until it holds one number or few values."""
    size = len(values)
    rank = (size - 1) // 2  # of the lower middle value among those still in the running
    pair = size % 2 == 0
    following = high  # the upper middle value, once it has fallen out of the running
    candidates = values
    while size > _FEW and low < high:
        shift = 0
        while (high - low) >> shift >= len(counts):
            shift += 1
        _count(candidates, size, low, shift, counts)
        chosen, below = 0, 0
        while below + counts[chosen] <= rank:
            below += counts[chosen]
            chosen += 1
        if pair and rank + 1 < size and rank + 1 == below + counts[chosen]:
            following = _smallest_after(candidates, size, low + ((chosen + 1) << shift), high)
        kept = 0
        for i in range(size):
            value = candidates[i]
            if (value - low) >> shift == chosen:
                scratch[kept] = value
                kept += 1
        low += chosen << shift
        high = min(high, low + (1 << shift) - 1)
        candidates, size, rank = scratch, kept, rank - below
    if low == high:
        lower = low
        upper = low if rank + 1 < size else following
    else:
        for i in range(size):  # slices would do, but take seconds to compile
            scratch[i] = candidates[i]
        _sort(scratch, size)
        lower = scratch[rank]
        upper = scratch[rank + 1] if rank + 1 < size else following
    return 0.5 * (float(lower) + float(upper)) if pair else float(lower)


@inner
def _count(values: Int64s, size: int, low: int, shift: int, counts: Int64s) -> None:
    """How many of the first values lie in each bin of 2^shift from ``low`` up."""
    for i in range(len(counts)):
        counts[i] = 0
    for i in range(size):
        counts[(values[i] - low) >> shift] += 1


@inner
def _smallest_after(values: Int64s, size: int, bound: int, highest: int) -> int:
    """The smallest of the first values that is at least ``bound``; there is one, and none is above ``highest``."""
    smallest = highest
    for i in range(size):
        if values[i] >= bound:
            smallest = min(smallest, values[i])
    return smallest


@inner
def _sort(values: Int64s, size: int) -> None:
    """Sorts the first few values by insertion."""
    for i in range(1, size):
        value = values[i]
        place = i
        while place > 0 and values[place - 1] > value:
            values[place] = values[place - 1]
            place -= 1
        values[place] = value
