"""Points of one expiry's smile, compiled: at the money, and at a delta. Nothing is extrapolated."""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

Doubles = npt.NDArray[np.float64]


@njit(nogil=True, cache=True)
def out_of_the_money(calls: Doubles, puts: Doubles, strikes: Doubles, forward: float, into: Doubles) -> int:
    """Writes one volatility per strike and returns how many there are.

    Of the option that is out of the money, the put below the forward and the call from it up, since the other's
    value is mostly intrinsic; of the other where the first has none.
    """
    count = 0
    for i in range(len(strikes)):
        first, second = (puts[i], calls[i]) if strikes[i] < forward else (calls[i], puts[i])
        into[i] = second if math.isnan(first) else first
        count += not math.isnan(into[i])
    return count


@njit(nogil=True, cache=True)
def at_the_money(strikes: Doubles, volatilities: Doubles, forward: float) -> float:
    """σ at K = F: total variance w = σ²T, linear in ln(K / F) between the nearest strikes on both sides; T cancels out.

    NaN where a side has no strike.
    """
    below, above = -1, -1
    for i in range(len(strikes)):
        if math.isnan(volatilities[i]):
            continue
        if strikes[i] <= forward:
            below = i
        if strikes[i] >= forward:
            above = i
            break
    if below < 0 or above < 0:
        return np.nan
    if below == above:
        return float(volatilities[below])
    left, right = math.log(strikes[below] / forward), math.log(strikes[above] / forward)
    share = -left / (right - left)
    return math.sqrt((1.0 - share) * volatilities[below] ** 2 + share * volatilities[above] ** 2)


@njit(nogil=True, cache=True)
def at_delta(strikes: Doubles, deltas: Doubles, volatilities: Doubles, target: float, forward: float) -> float:
    """σ where the delta is ``target``: linear in the delta between the nearest deltas on both sides; NaN where a side has none.

    Only of options out of the money, and of the first strike in the money: there deltas fall with the distance from the forward,
    whatever a venue makes of those that are mostly intrinsic value.

    Args:
        strikes: Ascending.
        deltas: Of calls (``target`` above 0) or of puts (below 0) by strike, those of Black and Scholes; NaN where not known.
    """
    below, above = -1, -1
    first, last = 0, len(deltas) - 1
    for i in range(len(deltas)):
        if math.isnan(volatilities[i]) or math.isnan(deltas[i]):
            continue
        if target > 0.0 and strikes[i] < forward:
            first = i
        elif target < 0.0 and strikes[i] > forward:
            last = i
            break
    for i in range(first, last + 1):
        if math.isnan(volatilities[i]) or math.isnan(deltas[i]):
            continue
        if deltas[i] <= target and (below < 0 or deltas[i] > deltas[below]):
            below = i
        if deltas[i] >= target and (above < 0 or deltas[i] < deltas[above]):
            above = i
    if below < 0 or above < 0:
        return np.nan
    width = deltas[above] - deltas[below]
    if width == 0.0:
        return float(volatilities[below])
    share = (target - deltas[below]) / width
    return float((1.0 - share) * volatilities[below] + share * volatilities[above])
