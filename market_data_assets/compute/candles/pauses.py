"""Whether trades are missing from the buckets between two trades: what the trades' numbers, and the time between them, prove."""

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.candles.status import Quiet
from market_data_assets.compute.candles.trades import DayTrades
from market_data_assets.compute.numbering import counts_up
from market_data_assets.compute.staleness import MAX_AGE

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def quiet_buckets(trades: DayTrades, counts: Int64s) -> Quiet:
    """What the trades around each bucket without trades prove of it.

    Whether a venue numbers its trades is judged by those before the bucket only, since nobody knew the later ones.

    Args:
        counts: Trades in each bucket of the day.
    """
    none = np.zeros(len(counts), np.bool_)
    traded = np.flatnonzero(counts)
    following = np.searchsorted(traded, np.arange(len(counts)))
    inside = np.flatnonzero((counts == 0) & (following > 0) & (following < len(traded)))
    quiet = Quiet(none, none.copy(), np.zeros(len(counts), np.int64), none.copy())
    if not len(inside):
        return quiet
    firsts = np.cumsum(counts)[traded] - counts[traded]
    ended_by, pause = np.unique(following[inside], return_inverse=True)
    ends = firsts[ended_by]
    times, arrivals = trades.ticks.times, trades.ticks.arrivals
    numbered, missing = _numbers(trades.ids, ends)
    complete = np.where(numbered, ~missing, times[ends] - times[ends - 1] <= MAX_AGE)
    quiet.complete[inside], quiet.incomplete[inside] = complete[pause], (numbered & missing)[pause]
    quiet.proved_at[inside] = arrivals[ends][pause]
    if numbered.any():
        earliest = np.minimum.accumulate(np.minimum.reduceat(arrivals, firsts)[::-1])[::-1]
        quiet.overtaken[inside] = (numbered & (earliest[ended_by] < arrivals[ends]))[pause]
    return quiet


def _numbers(ids: Int64s | None, ends: Int64s) -> tuple[Bools, Bools]:
    """Whether the trades before each of ``ends`` are numbered, and whether numbers are missing right before it."""
    steps, jumps, missing = np.zeros(len(ends), np.int64), np.zeros(len(ends), np.int64), np.zeros(len(ends), np.bool_)
    if ids is not None:
        _count_steps(ids, ends, steps, jumps, missing)
    return counts_up(steps, jumps), missing


@njit(nogil=True, cache=True)
def _count_steps(ids: Int64s, ends: Int64s, steps: Int64s, jumps: Int64s, missing: Bools) -> None:
    """Steps to a new highest id up to the trade before each of ``ends``, and those of them that left numbers out.

    Args:
        ends: Ascending, above 0.
        missing: Written: whether the step to the trade itself leaves numbers out.
    """
    highest, step_count, jump_count, at = ids[0], 0, 0, 0
    for trade in range(1, ends[-1] + 1):
        step = ids[trade] - highest
        if trade == ends[at]:
            steps[at], jumps[at], missing[at] = step_count, jump_count, step > 1
            at += 1
        if step > 0:
            highest = ids[trade]
            step_count += 1
            jump_count += step > 1
