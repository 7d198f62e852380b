"""Windows of whole length over consecutive bars.

Every window is folded from its own bars, oldest first, one shifted copy of the column after the other: a value depends on its
window only, to the last bit, whatever stands before it, and a window that is not whole or touches a NaN is NaN.
Running sums would be no faster for windows this short, and would carry the rounding of every earlier bar.
"""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.mft.bars import Floats
from market_data_assets.compute.mft.ratios import ratio

_Value = TypeVar("_Value", np.float64, np.bool_)


def previous(values: Floats, bars: int = 1) -> Floats:
    """The value ``bars`` bars ago; NaN before the first bar."""
    earlier = np.full(len(values), np.nan)
    earlier[bars:] = values[: max(len(values) - bars, 0)]
    return earlier


def oldest(values: Floats, bars: int) -> Floats:
    """The value ``bars`` bars ago; NaN also where any bar since is."""
    earlier = previous(values, bars)
    earlier[_broken(values, bars + 1)] = np.nan
    return earlier


def change(values: Floats) -> Floats:
    """The value less that of the bar before."""
    return np.asarray(values - previous(values))


def total(values: Floats, length: int) -> Floats:
    """Σ of the last ``length`` bars."""
    return _folded(values, length, np.add)


def maximum(values: Floats, length: int) -> Floats:
    """Largest of the last ``length`` bars."""
    return _folded(values, length, np.maximum)


def minimum(values: Floats, length: int) -> Floats:
    """Smallest of the last ``length`` bars."""
    return _folded(values, length, np.minimum)


def mean(values: Floats, length: int) -> Floats:
    """Mean of the last ``length`` bars; exactly the value where all of them are equal."""
    last = _whole(values, length)
    sums = np.zeros(len(last))
    for step in _steps(values, length):
        sums += step - last
    return _placed(last + sums / length, values)


def variance(values: Floats, length: int, freedom: int) -> Floats:
    """Σ (x − mean)² / (``length`` − ``freedom``) of the last ``length`` bars; exactly 0 where all of them are equal."""
    centre = _whole(mean(values, length), length)
    squares = np.zeros(len(centre))
    for step in _steps(values, length):
        deviation = step - centre
        deviation *= deviation
        squares += deviation
    return _placed(squares / (length - freedom), values)


def deviation(values: Floats, length: int, freedom: int) -> Floats:
    """Square root of :func:`variance`."""
    return np.sqrt(variance(values, length, freedom))


def mean_absolute_deviation(values: Floats, length: int) -> Floats:
    """Mean of ``|x − mean|`` of the last ``length`` bars."""
    centre = _whole(mean(values, length), length)
    sums = np.zeros(len(centre))
    for step in _steps(values, length):
        sums += np.abs(step - centre)
    return _placed(sums / length, values)


def correlation(first: Floats, second: Floats, length: int) -> Floats:
    """Pearson correlation over the last ``length`` bars; NaN where either does not vary."""
    first_centre, second_centre = _whole(mean(first, length), length), _whole(mean(second, length), length)
    joint, first_squares, second_squares = (np.zeros(len(first_centre)) for _ in range(3))
    for one, other in zip(_steps(first, length), _steps(second, length), strict=True):
        left, right = one - first_centre, other - second_centre
        joint += left * right
        first_squares += left * left
        second_squares += right * right
    # The roots before the product: squares of tiny variances would underflow.
    spread = np.sqrt(first_squares) * np.sqrt(second_squares)
    return _placed(np.clip(ratio(joint, spread), -1.0, 1.0), first)


def age(values: Floats, length: int, beats: np.ufunc) -> Floats:
    """Bars since the extreme of the last ``length`` bars, 0 = this bar.

    Args:
        beats: Whether a newer value replaces an older one: ``np.greater`` finds the oldest maximum, ``np.greater_equal`` the newest,
            ``np.less`` and ``np.less_equal`` the minimum.
    """
    best = _whole(values, length) * np.nan
    ages = np.zeros(len(best))
    for position, step in enumerate(_steps(values, length)):
        better = beats(step, best) if position else np.ones(len(best), dtype=np.bool_)
        best = np.where(better, step, best)
        ages[better] = length - 1 - position
    ages[_whole(_broken(values, length), length)] = np.nan
    return _placed(ages, values)


def rank(values: Floats, length: int) -> Floats:
    """Rank of the last of ``length`` bars among them divided by ``length``, in (0, 1]; ties take their mean rank."""
    last = _whole(values, length)
    places = np.full(len(last), 0.5)
    for step in _steps(values, length):
        places += np.where(step < last, 1.0, 0.5 * (step == last))
    places[_whole(_broken(values, length), length)] = np.nan
    return _placed(places / length, values)


def deepest_fall(values: Floats, length: int) -> Floats:
    """Smallest ``x_j / max(x_i, i <= j) − 1`` over the last ``length`` bars: 0 or negative."""
    peak = np.full(len(_whole(values, length)), -np.inf)
    fall = np.zeros(len(peak))
    for step in _steps(values, length):
        peak = np.maximum(peak, step)
        fall = np.minimum(fall, ratio(step, peak) - 1.0)
    return _placed(fall, values)


def _folded(values: Floats, length: int, fold: np.ufunc) -> Floats:
    steps = _steps(values, length)
    folded = next(steps).copy()
    for step in steps:
        fold(folded, step, out=folded)
    return _placed(folded, values)


def _broken(values: Floats, length: int) -> npt.NDArray[np.bool_]:
    """Whether a window is not whole or touches a NaN, per bar."""
    bar = np.arange(len(values))
    last_hole = np.maximum.accumulate(np.where(np.isnan(values), bar, -1))
    return np.asarray(bar - last_hole < length)


def _whole(values: npt.NDArray[_Value], length: int) -> npt.NDArray[_Value]:
    """The bars that end a whole window."""
    return values[length - 1 :]


def _steps(values: Floats, length: int) -> Iterator[Floats]:
    """For every whole window its oldest bar, then its second oldest, up to its last."""
    windows = max(len(values) - length + 1, 0)
    return (values[step : step + windows] for step in range(length))


def _placed(ends: Floats, values: Floats) -> Floats:
    """A value per whole window as one value per bar."""
    placed = np.full(len(values), np.nan)
    placed[len(values) - len(ends) :] = ends
    return placed
