"""What depends on every bar since the last hole, seeded as TA-Lib seeds it. A NaN is a hole: the next bar starts anew."""

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.mft.bars import Floats
from market_data_assets.compute.mft.compiling import compiled

_KAMA_FAST, _KAMA_SLOW = 2.0 / 3.0, 2.0 / 31.0


def exponential(values: Floats, length: int, lead: int = 0) -> Floats:
    """Exponential moving average of weight 2 / (``length`` + 1), seeded by the mean of ``length`` bars.

    Args:
        lead: Bars after a hole that are passed over before the seed is taken.
    """
    return _average(values, length, 2.0 / (length + 1), lead)


def wilder(values: Floats, length: int, lead: int = 0) -> Floats:
    """Wilder's moving average: weight 1 / ``length``, seeded by the mean of ``length`` bars, ``lead`` bars after a hole."""
    return _average(values, length, 1.0 / length, lead)


@compiled
def _average(values: Floats, length: int, weight: float, lead: int) -> Floats:
    averages = np.full(len(values), np.nan)
    bars, first, above, average = 0, 0.0, 0.0, 0.0
    for t in range(len(values)):
        value = values[t]
        if np.isnan(value):
            bars = 0
            continue
        bars += 1
        seen = bars - lead
        if seen < 1:
            continue
        if seen == 1:
            first, above = value, 0.0
        if seen < length:
            above += value - first
            continue
        if seen == length:
            # Summed as differences, equal values have exactly their value as mean.
            average = first + (above + (value - first)) / length
        else:
            average += weight * (value - average)
        averages[t] = average
    return averages


@compiled
def wilder_sum(values: Floats, length: int) -> Floats:
    """Wilder's running sum, ``S − S / length + x``, seeded by the plain sum of ``length`` − 1 bars, which is not given out."""
    sums = np.full(len(values), np.nan)
    bars, running = 0, 0.0
    for t in range(len(values)):
        value = values[t]
        if np.isnan(value):
            bars, running = 0, 0.0
            continue
        bars += 1
        if bars < length:
            running += value
        else:
            running += value - running / length
            sums[t] = running
    return sums


@compiled
def adaptive(values: Floats, efficiency: Floats) -> Floats:
    """Kaufman's adaptive moving average (2 and 30 bars), seeded by the bar before the first efficiency.

    Args:
        efficiency: The efficiency ratio of the same bars; NaN while its window is not whole.
    """
    averages = np.full(len(values), np.nan)
    average = np.nan
    for t in range(1, len(values)):
        if np.isnan(efficiency[t]):
            average = np.nan
            continue
        if np.isnan(average):
            average = values[t - 1]
        root = efficiency[t] * (_KAMA_FAST - _KAMA_SLOW) + _KAMA_SLOW
        average += root * root * (values[t] - average)
        averages[t] = average
    return averages


@compiled
def balance(close: Floats, volume: Floats, day: npt.NDArray[np.int64]) -> Floats:
    """On-balance volume from the first bar of each day, which counts as volume bought, and anew after a hole."""
    balances = np.full(len(close), np.nan)
    running, level = False, 0.0
    for t in range(len(close)):
        if np.isnan(close[t]) or np.isnan(volume[t]):
            running = False
            continue
        if not running or day[t] != day[t - 1]:
            level = volume[t]
        elif close[t] > close[t - 1]:
            level += volume[t]
        elif close[t] < close[t - 1]:
            level -= volume[t]
        running = True
        balances[t] = level
    return balances


@compiled
def supertrend(upper: Floats, lower: Floats, close: Floats) -> tuple[Floats, Floats]:
    """The band that trails the price, and 1 where it lies below (rising), −1 where it lies above; it begins rising.

    A band moves towards the price only, until a close beyond it lets it go; the trend turns on a close beyond the other band.

    Args:
        upper: Middle price plus a multiple of the range; NaN until it is known.
        lower: Middle price less the same.
    """
    lines, directions = np.full(len(close), np.nan), np.full(len(close), np.nan)
    running, direction, top, bottom = False, 1.0, 0.0, 0.0
    for t in range(len(close)):
        if np.isnan(upper[t]) or np.isnan(lower[t]) or np.isnan(close[t]):
            running = False
            continue
        if not running:
            direction, top, bottom = 1.0, upper[t], lower[t]
        else:
            if upper[t] < top or close[t - 1] > top:
                top = upper[t]
            if lower[t] > bottom or close[t - 1] < bottom:
                bottom = lower[t]
            if direction > 0.0 and close[t] < bottom:
                direction = -1.0
            elif direction < 0.0 and close[t] > top:
                direction = 1.0
        running = True
        lines[t] = bottom if direction > 0.0 else top
        directions[t] = direction
    return lines, directions
