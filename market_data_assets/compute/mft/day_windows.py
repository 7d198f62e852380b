"""Windows of days: since midnight, and the 24 h, 7 d or 30 d that end with each bar.

A window of k days that ends within a day is the rest of the day k days before, the whole days between, and the day's bars so
far. Each of the three is summed from its own end, so that a value costs k additions whatever the timeframe, and depends on
its window only. A window that is not whole or touches a NaN is NaN.
"""

import numpy as np

from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.domain.days import DAY_MICROSECONDS


def total(bars: Bars, values: Floats, days: int) -> Floats:
    """Σ of the last ``days`` × 24 h."""
    by_day = _by_day(bars, values)
    so_far = np.cumsum(by_day, axis=1)
    sums = so_far + _rest(np.cumsum(by_day[:, ::-1], axis=1)[:, ::-1], days)
    for earlier in range(1, days):
        sums += _back(so_far[:, -1:], earlier)
    return _flat(bars, sums)


def since_midnight(bars: Bars, values: Floats) -> Floats:
    """Σ since 00:00 UTC, this bar included; NaN after a hole, and on a day whose first bar is not there."""
    # Day by day: differences of one long running sum would carry the rounding of every day before.
    return _flat(bars, np.cumsum(_by_day(bars, values), axis=1))


def mean_and_variance(bars: Bars, values: Floats, days: int) -> tuple[Floats, Floats]:
    """Mean and sample variance (divided by n − 1) of the last ``days`` × 24 h; exactly 0 where all values are equal.

    Parts are joined as Chan, Golub & LeVeque 1983 do, which keeps the digits that Σx² − (Σx)²/n would cancel.
    """
    by_day = _by_day(bars, values)
    so_far = _moments(by_day)
    from_end = [part[:, ::-1] for part in _moments(by_day[:, ::-1])]
    count, mean, squares = so_far
    whole_days = [[_back(part[:, -1:], back) for part in so_far] for back in range(1, days)]
    for more, other, others in [*whole_days, [_rest(part, days) for part in from_end]]:
        joined = count + more
        step = np.where(more == 0.0, 0.0, other - mean)
        mean = mean + step * more / joined
        squares = squares + others + step * step * count * more / joined
        count = joined
    return _flat(bars, mean), _flat(bars, squares / (count - 1.0))


def _moments(by_day: Floats) -> tuple[Floats, Floats, Floats]:
    """Of the bars of the day so far: number, mean, Σ (x − mean)².

    Deviations are taken from the day's first bar first, so that equal values have exactly their value as mean, and no variance.
    """
    origin = by_day[:, :1]
    count = np.broadcast_to(np.arange(1.0, by_day.shape[1] + 1.0), by_day.shape)
    sums = np.cumsum(by_day - origin, axis=1)
    squares = np.cumsum((by_day - origin) ** 2, axis=1)
    return count, origin + sums / count, np.maximum(squares - sums * sums / count, 0.0)


def _rest(from_each: Floats, days: int) -> Floats:
    """What holds of the bars after each bar, ``days`` days before, given what holds of those from each bar on."""
    after = np.zeros(from_each.shape)
    after[:, :-1] = _back(from_each, days)[:, 1:]
    return after


def _back(by_day: Floats, days: int) -> Floats:
    """Each day has the row of ``days`` days before; NaN before the first."""
    shifted = np.full(by_day.shape, np.nan)
    shifted[days:] = by_day[: max(len(by_day) - days, 0)]
    return shifted


def _by_day(bars: Bars, values: Floats) -> Floats:
    """One row per UTC day, NaN where the bars begin or end within it."""
    count = bars.timeframe.buckets_per_day
    padded = np.full(-(-(_offset(bars) + len(values)) // count) * count, np.nan)
    padded[_offset(bars) : _offset(bars) + len(values)] = values
    return padded.reshape(-1, count)


def _flat(bars: Bars, by_day: Floats) -> Floats:
    return by_day.reshape(-1)[_offset(bars) : _offset(bars) + len(bars)]


def _offset(bars: Bars) -> int:
    """Bars of the first day that are missing in front."""
    return int(bars.start[0] % DAY_MICROSECONDS) // bars.timeframe.microseconds if len(bars) else 0
