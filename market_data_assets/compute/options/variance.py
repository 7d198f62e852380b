"""The model-free variance of one expiry, compiled: what a strip of out-of-the-money options is worth."""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.candles.compiling import inner

Doubles = npt.NDArray[np.float64]
_LEAST_PER_SIDE = 2
_GAP_THAT_ENDS_THE_STRIP = 2


@njit(nogil=True, cache=True)
def model_free_total_variance(strikes: Doubles, calls: Doubles, puts: Doubles, forward: float, strip: Doubles) -> float:
    """σ²T = 2 Σ ΔK / K² Q(K) − (F / K0 − 1)², the formula of the Cboe VIX white paper (2019), at an interest rate of 0.

    Q is the mid of the put below K0, of the call above it, and the mean of both at K0, the highest strike up to F at which
    both have a mid. Away from K0 a strike without a mid is left out, and two of them in a row end the strip, as two bids of
    zero do at the Cboe. ΔK is half the distance of the two neighbours in the strip, at its ends the distance of the one.

    Args:
        calls: Mids by strike, quote per base; NaN where there is none.
        puts: The same.
        strip: Scratch, as long as the strikes.

    Returns:
        NaN where the strip has fewer than two options on a side of K0, or a variance that is not above 0.
    """
    at = -1
    for i in range(len(strikes)):
        if strikes[i] <= forward and not (math.isnan(calls[i]) or math.isnan(puts[i])):
            at = i
    if at < 0:
        return np.nan
    strip[:] = np.nan
    strip[at] = 0.5 * (calls[at] + puts[at])
    for step in (-1, 1):
        if _fill(strip, puts if step < 0 else calls, at, step) < _LEAST_PER_SIDE:
            return np.nan
    total = 0.0
    before, here = -1, -1
    for i in range(len(strikes)):
        if math.isnan(strip[i]):
            continue
        if here >= 0:
            width = strikes[i] - strikes[here] if before < 0 else 0.5 * (strikes[i] - strikes[before])
            total += width / strikes[here] ** 2 * strip[here]
        before, here = here, i
    total += (strikes[here] - strikes[before]) / strikes[here] ** 2 * strip[here]
    variance = 2.0 * total - (forward / strikes[at] - 1.0) ** 2
    return variance if variance > 0.0 else np.nan


@inner
def _fill(strip: Doubles, mids: Doubles, at: int, step: int) -> int:
    """Takes mids into the strip, walking away from ``at``; returns how many."""
    taken, missing = 0, 0
    i = at + step
    while 0 <= i < len(strip) and missing < _GAP_THAT_ENDS_THE_STRIP:
        if math.isnan(mids[i]):
            missing += 1
        else:
            strip[i] = mids[i]
            taken += 1
            missing = 0
        i += step
    return taken
