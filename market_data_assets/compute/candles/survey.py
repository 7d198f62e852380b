"""What must be known of a day's trades before the pass over them: order, ids, decimals, extremes. Compiled."""

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.candles.scale import MAX_DECIMALS, WHOLE_LIMIT
from market_data_assets.compute.candles.ticks import Grid, Ticks

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]
_BLOCK = 2048


@njit(nogil=True, cache=True)
def is_ascending(values: Int64s, step: int) -> bool:
    """Whether each value is at least ``step`` above the one before."""
    broken = 0
    for i in range(1, len(values)):
        broken += values[i] - values[i - 1] < step
    return broken == 0


@njit(nogil=True, cache=True)
def is_in_order(times: Int64s, ids: Int64s, arrivals: Int64s) -> bool:
    """Whether the rows ascend by time, equal times by id, and equal ids by arrival."""
    broken = 0
    for i in range(1, len(times)):
        by_id = (ids[i] < ids[i - 1]) | ((ids[i] == ids[i - 1]) & (arrivals[i] < arrivals[i - 1]))
        broken += (times[i] < times[i - 1]) | ((times[i] == times[i - 1]) & by_id)
    return broken == 0


@njit(nogil=True, cache=True)
def decimals_of(values: Doubles) -> int:
    """The smallest k up to 12 for which every value is a whole number of 10^-k below 2^53 of them; -1 where none is. NaN is no value."""
    decimals = 0
    factor = 1.0
    start = 0
    while start < len(values):
        stop = min(start + _BLOCK, len(values))
        misses = 0
        for i in range(start, stop):
            whole = np.rint(values[i] * factor)
            misses += ((whole / factor != values[i]) & (values[i] == values[i])) | (whole >= WHOLE_LIMIT)
        if misses == 0:
            start = stop
        elif decimals == MAX_DECIMALS:
            return -1
        else:
            decimals += 1
            factor *= 10.0
    # A later, larger value cannot undo an earlier one's fit, but must itself fit the final factor.
    for i in range(len(values)):
        if values[i] * factor >= WHOLE_LIMIT:
            return -1
    return decimals


@njit(nogil=True, cache=True)
def recoded(codes: Codes, lookup: Codes) -> Codes:
    """``lookup`` of each code. numpy's own look-up makes a 64-bit copy of the codes first, at five times the cost."""
    result = np.empty(len(codes), np.int8)
    for i in range(len(codes)):
        result[i] = lookup[codes[i]]
    return result


@njit(nogil=True, cache=True)
def extremes(values: Doubles) -> tuple[int, float, float]:
    """How many values are not finite numbers above 0; the smallest and the largest (infinity and 0 where there are none)."""
    impossible, smallest, largest = 0, np.inf, 0.0
    for i in range(len(values)):
        value = values[i]
        impossible += not ((value > 0.0) & (value < np.inf))
        smallest = value if value < smallest else smallest
        largest = value if value > largest else largest
    return impossible, smallest, largest


@njit(nogil=True, cache=True)
def count_out_of_order(rows: npt.NDArray[np.void], ticks: Ticks, grid: Grid) -> None:
    """Counts, per bucket, the trades that arrived after a trade with a later exchange time.

    Backwards: a trade is out of order when some trade of a later time arrived before it.
    """
    times, arrivals = ticks.times, ticks.arrivals
    earliest = np.iinfo(np.int64).max
    stop = len(times)
    while stop > 0:
        start = stop - 1
        while start > 0 and times[start - 1] == times[stop - 1]:
            start -= 1
        tied = earliest
        for i in range(start, stop):
            if arrivals[i] > earliest:
                rows[(times[i] - grid.first) // grid.length].out_of_order_trades += 1
            tied = min(tied, arrivals[i])
        earliest = tied
        stop = start
