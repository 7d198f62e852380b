"""What the open interest of one expiry says, compiled."""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.candles.compiling import inner

Doubles = npt.NDArray[np.float64]


@njit(nogil=True, cache=True)
def known_sum(values: Doubles) -> float:
    """The sum of those that are known; NaN where none is."""
    total, count = 0.0, 0
    for i in range(len(values)):
        if not math.isnan(values[i]):
            total += values[i]
            count += 1
    return total if count else np.nan


@njit(nogil=True, cache=True)
def weighted_strike(strikes: Doubles, calls: Doubles, puts: Doubles) -> float:
    """Σ OI·K / Σ OI over calls and puts; NaN where the open interest is 0 or not known."""
    weight, moment = 0.0, 0.0
    for i in range(len(strikes)):
        interest = _or_zero(calls[i]) + _or_zero(puts[i])
        weight += interest
        moment += interest * strikes[i]
    return moment / weight if weight > 0.0 else np.nan


@njit(nogil=True, cache=True)
def max_pain(strikes: Doubles, calls: Doubles, puts: Doubles) -> float:
    """The strike at which expiring options pay least: min over S of Σ OI_call (S − K)+ + Σ OI_put (K − S)+, the lowest of equals.

    S are the strikes with a known open interest. One pass: between two strikes the payment changes by the open interest in the
    money times their distance. NaN where the open interest is 0 or not known.
    """
    total, puts_above = 0.0, 0.0
    for i in range(len(strikes)):
        total += _or_zero(calls[i]) + _or_zero(puts[i])
        puts_above += _or_zero(puts[i])
    if total <= 0.0:
        return np.nan
    # Payments are relative to that at the lowest strike.
    payment, least, best, calls_below = 0.0, np.inf, strikes[0], 0.0
    for i in range(len(strikes)):
        if i > 0:
            payment += (calls_below - puts_above) * (strikes[i] - strikes[i - 1])
        calls_below += _or_zero(calls[i])
        puts_above -= _or_zero(puts[i])
        if payment < least and not (math.isnan(calls[i]) and math.isnan(puts[i])):
            least, best = payment, strikes[i]
    return float(best)


@njit(nogil=True, cache=True)
def gamma_of(gammas: Doubles, interests: Doubles) -> float:
    """Σ Γ·OI over the options that have both; NaN where none has."""
    total, count = 0.0, 0
    for i in range(len(gammas)):
        exposure = gammas[i] * interests[i]
        if not math.isnan(exposure):
            total += exposure
            count += 1
    return total if count else np.nan


@njit(nogil=True, cache=True)
def gamma_exposure(calls: float, puts: float, forward: float) -> float:
    """Calls' Σ Γ·OI less puts', times F² / 100; NaN where neither is known."""
    if math.isnan(calls) and math.isnan(puts):
        return np.nan
    return float((_or_zero(calls) - _or_zero(puts)) * forward * forward / 100.0)


@inner
def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value
