"""Sums and products of doubles that lose nothing, on numbers, on numpy arrays, and compiled.

A pair ``(high, low)`` stands for high + low, high being the double nearest to it. Adding terms that are multiples of
one unit is exact, whatever the order, as long as the sum stays below 2^100 units (Dekker 1971, Knuth TAOCP 4.2.2).
Each function is flat, calling none of the others, so that the same text runs on arrays and in the compiled kernels.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
_SPLITTER = 134_217_729.0  # 2^27 + 1 cuts a double into two halves of 26 bits
_POWERS = np.array([float(10**power) for power in range(23)])  # all exact in a double


def two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded sum, and exactly what the rounding lost."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def two_product(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded product, and exactly what the rounding lost. Magnitudes below 1e290."""
    product = a * b
    scaled = _SPLITTER * a
    a_high = scaled - (scaled - a)
    a_low = a - a_high
    scaled = _SPLITTER * b
    b_high = scaled - (scaled - b)
    b_low = b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def add(high: Any, low: Any, more: Any, more_low: Any) -> tuple[Any, Any]:
    """The sum of two pairs, as a pair."""
    total = high + more
    of_more = total - high
    rest = (high - (total - of_more)) + (more - of_more) + (low + more_low)
    nearest = total + rest
    return nearest, rest - (nearest - total) + 0.0  # never -0.0


def power_of_ten(decimals: npt.NDArray[np.int64]) -> Doubles:
    """10^decimals, for decimals of 0 to 22, all of which are exact."""
    powers: Doubles = _POWERS[decimals]
    return powers


def nearest_decimal(high: Doubles, low: Doubles, decimals: npt.NDArray[np.int64]) -> Doubles:
    """The double nearest to (high + low) / 10^decimals, for decimals of 0 to 22.

    A decimal of up to 14 places lies too far from the midpoint of two doubles for the second quotient to err; with
    more places the result may be the neighbour when the sum has more than 53 bits and lies within 2^-50 of a midpoint.
    """
    divisor = power_of_ten(decimals)
    quotient: Doubles = high / divisor
    if not low.any():
        return quotient
    product, lost = two_product(quotient, divisor)
    nearest: Doubles = quotient + (((high - product) - lost) + low) / divisor
    return nearest


def co_moment(count: Doubles, product: tuple[Doubles, Doubles], x: tuple[Doubles, Doubles], y: tuple[Doubles, Doubles]) -> Doubles:
    """n·Σxy − Σx·Σy of pairs, which is n² times the population covariance, without the cancellation of plain doubles."""
    first, first_low = two_product(count, product[0])
    second, second_low = two_product(x[0], y[0])
    difference, lost = two_sum(first, -second)
    moment: Doubles = difference + (lost + (first_low + count * product[1]) - (second_low + x[0] * y[1] + x[1] * y[0]))
    return moment
