"""Joint and higher moments over windows of whole length; see :mod:`.rolling` for what a window is."""

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.mft.bars import Floats

_Windows = npt.NDArray[np.float64]
"""One row per bar that ends a whole window: the window's values, oldest first."""


def windows(values: Floats, length: int) -> _Windows:
    """The whole windows of ``length`` bars, as a view; none if there are fewer bars."""
    if len(values) < length:
        return np.empty((0, length))
    return np.lib.stride_tricks.sliding_window_view(values, length)


def per_bar(ends: Floats, count: int) -> Floats:
    """A value per whole window as one value per bar; NaN for the ``count`` − windows bars before the first whole one."""
    placed = np.full(count, np.nan)
    placed[count - len(ends) :] = ends
    return placed


def centred(values: Floats, length: int) -> _Windows:
    """Windows less their means. The last value is taken off first: windows of equal values become exactly 0."""
    found = windows(values, length)
    shifted = found - found[:, -1:]
    return np.asarray(shifted - shifted.mean(axis=1, keepdims=True))


def covariance(first: Floats, second: Floats, length: int) -> Floats:
    """Mean of the products of deviations over the last ``length`` bars (divided by n)."""
    return per_bar((centred(first, length) * centred(second, length)).mean(axis=1), len(first))


def slope(values: Floats, against: Floats, length: int) -> Floats:
    """Least-squares slope, with intercept, of ``values`` on ``against`` over the last ``length`` bars; NaN where that does not vary."""
    deviations, moves = centred(values, length), centred(against, length)
    squares = (moves * moves).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (deviations * moves).sum(axis=1) / squares
    slopes[squares == 0.0] = np.nan
    return per_bar(slopes, len(values))
