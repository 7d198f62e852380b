"""The exact arithmetic, compiled, and what only the kernels need of it."""

import math

from numba import njit

from market_data_assets.compute.candles import exact
from market_data_assets.compute.candles.scale import WHOLE_LIMIT

two_product = njit(cache=True)(exact.two_product)
add = njit(cache=True)(exact.add)


@njit(cache=True)
def on_grid(value: float, unit: float) -> float:
    """The value rounded to a multiple of ``unit`` (a power of two) where its own last bit is finer; unit 0 leaves it."""
    if abs(value) >= unit * 4_503_599_627_370_496.0:
        return value
    shift = unit * 6_755_399_441_055_744.0  # 1.5 · 2^52 units: adding it leaves no bits below one unit
    return (value + shift) - shift


@njit(cache=True)
def product(a: float, b: float, unit: float) -> tuple[float, float]:
    """a · b as a pair: of whole numbers (unit 0) exact, otherwise one multiple of the unit."""
    value = a * b
    if unit != 0.0:
        return on_grid(value, unit), 0.0
    if abs(value) < WHOLE_LIMIT:
        return value, 0.0
    return two_product(a, b)


@njit(cache=True)
def accumulate(high: float, low: float, more: float, more_low: float, unit: float) -> tuple[float, float]:
    """The sum of two pairs; faster than :func:`add` while whole numbers (unit 0) stay small."""
    total = high + more
    if unit == 0.0 and low == 0.0 and more_low == 0.0 and abs(total) < WHOLE_LIMIT:
        return total, 0.0
    return add(high, low, more, more_low)


@njit(cache=True)
def log_ratio(later: float, earlier: float) -> float:
    """ln(later / earlier) with full relative precision also where the two are close.

    ln(a/b) = 2 artanh((a − b) / (a + b)); three terms of its series leave less than 1e-20 below the bound.
    """
    ratio = (later - earlier) / (later + earlier)
    if abs(ratio) > 5e-4:
        return math.log(later / earlier)
    square = ratio * ratio
    return 2.0 * ratio * (1.0 + square * (1.0 / 3.0 + square * 0.2))
