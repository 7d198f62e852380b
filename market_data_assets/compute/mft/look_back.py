"""How many earlier days a feature reads, per timeframe."""

import math

from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.domain.timeframes import Timeframe

RECURSIVE_BARS = 200
"""Bars that a recursive indicator runs on after its seed, at least.

What it was seeded with then weighs (1 − 1/14)^200 = 4e-7 in Wilder's 14-bar averages, (1 − 2/51)^200 = 3e-4 in the longest
default one, the exponential average of 50 bars.
"""


def bars_of(feature: MftFeature) -> int:
    """Earlier bars that the value of a bar may depend on, where they are counted in bars."""
    return feature.look_back_bars + (RECURSIVE_BARS if feature.recursive else 0)


def days_of(feature: MftFeature, timeframe: Timeframe) -> int:
    """Earlier days that the values of a whole day may depend on.

    At 1m a window of up to 1,440 bars is one day; at 24h every bar is one.
    """
    return max(feature.look_back_days, math.ceil(bars_of(feature) / timeframe.buckets_per_day))
