"""Finer buckets → coarser buckets, component by component."""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.candles.arithmetic import add
from market_data_assets.compute.candles.components import COMPONENTS, FIELDS, absent_feeds, empty_rows, numbers
from market_data_assets.compute.candles.components.record import Kind
from market_data_assets.compute.features import Fold

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.void]

_RULES = {
    (Kind.INTEGER, Fold.SUM): 0,
    (Kind.INTEGER, Fold.MINIMUM): 1,
    (Kind.INTEGER, Fold.MAXIMUM): 2,
    (Kind.INTEGER, Fold.LAST): 3,
    (Kind.NUMBER, Fold.MINIMUM): 4,
    (Kind.NUMBER, Fold.MAXIMUM): 5,
    (Kind.NUMBER, Fold.FIRST): 6,
    (Kind.NUMBER, Fold.LAST): 7,
    (Kind.EXACT, Fold.SUM): 8,
    (Kind.EXACT, Fold.LAST): 9,
}
_RULE_OF = np.array([_RULES[part.kind, part.fold] for part in COMPONENTS], np.int64)
_FEED_OF = [part.feed for part in COMPONENTS]
_PLACE_OF = np.array([FIELDS.index(part.name) for part in COMPONENTS], np.int64)


def fold(rows: Rows, starts: Int64s, length: int) -> tuple[Rows, Int64s]:
    """The coarser buckets of ``length`` µs, and their starts.

    Args:
        rows: Finer buckets, dtype ROW.
        starts: Their starts, µs, ascending. Buckets without trades may be left out.

    Returns:
        ``available_at`` is never before a bucket's own end, though the last of its finer buckets may have been left out.
    """
    coarse = starts - starts % length
    firsts = np.flatnonzero(np.diff(coarse, prepend=-1))
    folded = empty_rows(len(firsts))
    if len(firsts):
        real, into_real = numbers(rows), numbers(folded)
        absent = absent_feeds(rows)
        present = np.array([feed not in absent for feed in _FEED_OF])
        bounds = np.append(firsts, len(rows))
        _fold(real.view(np.int64), real, into_real.view(np.int64), into_real, bounds, _RULE_OF[present], _PLACE_OF[present])
    _measure_gaps(rows, firsts, coarse, folded, length)
    folded["available_at"] = np.maximum(folded["available_at"], coarse[firsts] + length)
    return folded, coarse[firsts]


def _measure_gaps(rows: Rows, firsts: Int64s, coarse: Int64s, folded: Rows, length: int) -> None:
    """Time without trades that crosses from one finer bucket to the next. Gaps inside one have been folded."""
    traded = np.flatnonzero(rows["trade_count"])
    group = np.searchsorted(firsts, traded, side="right") - 1
    between = rows["first_trade_at"][traded][1:] - rows["last_trade_at"][traded][:-1]
    same = group[1:] == group[:-1]
    np.maximum.at(folded["gap_us"], group[1:][same], between[same])
    close_gaps(folded, coarse[firsts], length)


def close_gaps(rows: Rows, starts: Int64s, length: int) -> None:
    """Counts the time before the first and after the last trade of each bucket as gaps; all of it where there is none."""
    edges = np.maximum(rows["first_trade_at"] - starts, starts + length - rows["last_trade_at"])
    rows["gap_us"] = np.where(rows["trade_count"] > 0, np.maximum(rows["gap_us"], edges), length)


@njit(nogil=True, cache=True)
def _fold(  # noqa: PLR0917 - compiled functions take no keywords
    whole: npt.NDArray[np.int64],
    real: npt.NDArray[np.float64],
    into_whole: npt.NDArray[np.int64],
    into_real: npt.NDArray[np.float64],
    bounds: Int64s,
    rules: Int64s,
    places: Int64s,
) -> None:
    """Both views of each table share their memory; ``bounds`` are the first finer bucket of each coarser one, and the end."""
    for group in range(len(bounds) - 1):
        for row in range(bounds[group], bounds[group + 1]):
            for rule, at in zip(rules, places):  # noqa: B905 - compiled code has no strict
                if rule == 0:
                    into_whole[group, at] += whole[row, at]
                elif rule == 1:
                    into_whole[group, at] = min(into_whole[group, at], whole[row, at])
                elif rule == 2:
                    into_whole[group, at] = max(into_whole[group, at], whole[row, at])
                elif rule == 8:
                    into_real[group, at], into_real[group, at + 1] = add(
                        into_real[group, at], into_real[group, at + 1], real[row, at], real[row, at + 1]
                    )
                elif rule == 9:
                    into_real[group, at], into_real[group, at + 1] = real[row, at], real[row, at + 1]
                elif rule == 3:
                    into_whole[group, at] = whole[row, at]
                else:
                    into_real[group, at] = _fold_number(rule, into_real[group, at], real[row, at])


@njit(nogil=True, cache=True)
def _fold_number(rule: int, held: float, value: float) -> float:
    """Minimum, maximum, first or last that skips NaN."""
    if math.isnan(value):
        return held
    if math.isnan(held):
        return value
    if rule == 4:
        return min(held, value)
    if rule == 5:
        return max(held, value)
    return held if rule == 6 else value
