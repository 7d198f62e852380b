"""Slow wandering around zero that any instant can be asked for: sines with phases of their own."""

import math
from collections.abc import Sequence

import numpy as np

from market_data_assets.sources.simulated.rows import Floats, Instants
from market_data_assets.sources.simulated.seeds import uniform


def wave(instants: Instants, periods: Sequence[float], *owner: object) -> Floats:
    """Values in [-1, 1] that always come back to 0: the mean of one sine per period.

    Args:
        instants: µs UTC.
        periods: Seconds; where none is a multiple of another, the wave hardly repeats.
        owner: What the wave belongs to; another owner has other phases.
    """
    seconds = instants / 1_000_000
    sines = (np.sin(math.tau * (seconds / period + uniform(*owner, period))) for period in periods)
    return np.asarray(sum(sines) / len(periods))
