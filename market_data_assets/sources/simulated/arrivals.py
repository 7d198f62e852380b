"""When things happen in a block of four hours, how many, and when the recorder hears of them."""

import numpy as np

from market_data_assets.domain.days import DAY_MICROSECONDS, TimeRange
from market_data_assets.sources.simulated.path import daily_season
from market_data_assets.sources.simulated.rows import Floats, Instants

BLOCK = 4 * 3_600 * 1_000_000
"""Length of a block in µs. Six make a day, and listings and expiries (08:00) fall between two."""

MILLISECOND = 1_000
LONGEST_DELAY = 10_000_000
"""No row arrives later than this after its exchange time (µs), unless a pathology says so."""

_JITTER = 0.5
_CHILDREN = 0.45
_CHILD_DELAY = 150_000.0
_SLICE = 10_000_000
_STRAGGLERS_PER_BLOCK = 0.8
_FUNDING_PERIOD = 8 * 3_600 * 1_000_000
_FUNDING_BURST = 4_000_000
_FUNDING_SLOWDOWN = 200.0
_FUNDING_ACTIVITY = 5.0

_middles = (np.arange(DAY_MICROSECONDS // BLOCK) + 0.5) * BLOCK / 1_000_000
_SHARES = daily_season(_middles) / daily_season(_middles).sum()
_ELAPSED = np.concatenate(([0.0], np.cumsum(_SHARES)))


def cumulative_count(per_day: float, block: int, luck: float) -> int:
    """Events from the epoch to the start of ``block`` (numbered from the epoch): ids on both sides follow from it.

    Args:
        luck: A number in [0, 1) that belongs to this boundary; it makes counts vary, and never decrease.
    """
    day, of_day = divmod(block, len(_SHARES))
    return int(per_day * (day + float(_ELAPSED[of_day]) + _JITTER * float(_SHARES.min()) * luck))


def clustered_instants(random: np.random.Generator, span: TimeRange, count: int) -> Instants:
    """``count`` ascending instants in ``span`` on the millisecond, never its first one.

    Intensity follows the time of day, jumps around funding, and has a gamma-distributed level for every ten seconds;
    a share of the events are set off by another one a moment before, as in a Hawkes process.
    """
    slices = (span.end - span.start) // _SLICE
    middles = (span.start % DAY_MICROSECONDS + (np.arange(slices) + 0.5) * _SLICE) / 1_000_000
    intensity = daily_season(middles) * random.gamma(1.5, size=slices)
    intensity[_to_funding((middles * 1_000_000).astype(np.int64)) < _SLICE] *= _FUNDING_ACTIVITY
    elapsed = np.concatenate(([0.0], np.cumsum(intensity)))
    own = np.interp(random.random(count) * elapsed[-1], elapsed, np.arange(slices + 1) * float(_SLICE))
    parents = own[random.integers(0, max(count, 1), count)]
    is_child = random.random(count) < _CHILDREN
    offsets = np.where(is_child, parents + random.exponential(_CHILD_DELAY, count), own)
    usable = (span.end - span.start) // MILLISECOND - 1
    milliseconds = 1 + (offsets / MILLISECOND).astype(np.int64) % usable
    return np.sort(span.start + milliseconds * MILLISECOND)


def arrival_instants(random: np.random.Generator, instants: Instants, latency: float) -> Instants:
    """When the recorder got each row: in order like any connection, but for a few stragglers a day.

    Around the funding times (00:00, 08:00, 16:00 UTC) venues are busy and slow: that is what carries trades of a day
    into the vendor's next file.

    Args:
        instants: Ascending exchange times, µs; rows of one instant are one message.
        latency: Median delay in milliseconds.
    """
    slowdown = 1 + _FUNDING_SLOWDOWN * np.exp(-_to_funding(instants) / _FUNDING_BURST)
    delay = _lognormal(random, latency * MILLISECOND, len(instants)) * slowdown
    arrivals = np.maximum.accumulate(instants + np.minimum(delay, LONGEST_DELAY).astype(np.int64))
    late = random.integers(0, max(len(instants), 1), min(random.poisson(_STRAGGLERS_PER_BLOCK), len(instants)))
    arrivals[late] += random.integers(200_000, 3_000_000, len(late))
    return np.asarray(np.minimum(arrivals, instants + LONGEST_DELAY))


def _to_funding(instants: Instants) -> Instants:
    """Distance to the nearest funding time, in µs."""
    half = _FUNDING_PERIOD // 2
    return np.asarray(np.abs((instants + half) % _FUNDING_PERIOD - half))


def _lognormal(random: np.random.Generator, median: float, count: int) -> Floats:
    return np.asarray(median * np.exp(0.35 * random.standard_normal(count)))
