"""The latent price of an underlying: one continuous path, any day of which can be drawn without the days before it."""

import datetime as dt
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from market_data_assets.domain.days import DAY_MICROSECONDS, day_of, day_start
from market_data_assets.sources.simulated.rows import Floats, Instants
from market_data_assets.sources.simulated.seeds import stream

SECONDS = 86_400
_ANCHOR_DAYS = 256
_ANCHOR_SPREAD = 0.35
_FACTOR = "BTC"


@dataclass(frozen=True, slots=True)
class Underlying:
    """An asset priced in dollars.

    Attributes:
        level: Price around which the path wanders, in dollars.
        daily_volatility: Standard deviation of a day's log return.
        correlation: With the path of BTC, on every scale.
    """

    asset: str
    level: float
    daily_volatility: float
    correlation: float


UNDERLYINGS = {
    "BTC": Underlying("BTC", level=60_000.0, daily_volatility=0.025, correlation=1.0),
    "ETH": Underlying("ETH", level=3_000.0, daily_volatility=0.033, correlation=0.8),
}


def price(asset: str, instants: Instants) -> Floats:
    """Price in dollars at ``instants`` of one UTC day; its last instant may be the midnight that ends the day."""
    if not len(instants):
        return np.empty(0)
    day = day_of(int(instants[0]))
    second, rest = np.divmod(instants - day_start(day), 1_000_000)
    path = log_path(asset, day)
    left, right = path[second], path[np.minimum(second + 1, SECONDS)]
    return np.asarray(np.exp(left + (right - left) * (rest / 1_000_000)))


@lru_cache(maxsize=16)
def log_path(asset: str, day: dt.date) -> Floats:
    """Logarithm of the price at each second of ``day``, both midnights included: 86,401 values, read-only.

    A Brownian bridge between the day's two midnights whose variance runs faster in busy and in turbulent minutes.
    """
    number = day_start(day) // DAY_MICROSECONDS
    start, end = midnight_log_price(asset, number), midnight_log_price(asset, number + 1)
    variance = _variance_per_second(asset, number)
    elapsed = np.concatenate(([0.0], np.cumsum(variance)))
    steps = np.sqrt(variance) * _normals(asset, SECONDS, "seconds", number) * UNDERLYINGS[asset].daily_volatility
    walk = np.concatenate(([0.0], np.cumsum(steps)))
    path = start + walk + (end - start - walk[-1]) * elapsed
    path[-1] = end
    path.setflags(write=False)
    return np.asarray(path)


def daily_season(seconds: Floats) -> Floats:
    """Relative activity at a second of the day, mean 1: lowest at 03:30 UTC, highest at 15:30."""
    return np.asarray(1 + 0.4 * np.cos((seconds / 3_600 - 15.5) * math.tau / 24))


def _variance_per_second(asset: str, number: int) -> Floats:
    """Share of the day's variance in each second; sums to 1. Log volatility is a sum of noises of 2 h, 15 min and 1 min."""
    minutes = np.zeros(1_440)
    for length in (120, 15, 1):
        noise = _normals(asset, 1_440 // length + 1, "volatility", length, number)
        minutes += 0.3 * np.interp(np.arange(1_440), np.arange(len(noise)) * length, noise)
    variance = daily_season(np.arange(SECONDS, dtype=np.float64)) * np.repeat(np.exp(2 * minutes), 60)
    return np.asarray(variance / variance.sum())


@lru_cache(maxsize=4_096)
def midnight_log_price(asset: str, number: int) -> float:
    """Logarithm of the price at the start of day ``number`` since the epoch: a Brownian bridge between anchors 256 days apart.

    Halving the interval that holds the day (Lévy's construction) reaches it in eight draws from any distance.
    """
    left = number - number % _ANCHOR_DAYS
    span, low, high = _ANCHOR_DAYS, _anchor(asset, left), _anchor(asset, left + _ANCHOR_DAYS)
    while number != left:
        middle = (low + high) / 2 + UNDERLYINGS[asset].daily_volatility * math.sqrt(span) / 2 * _normal(asset, left, span)
        span //= 2
        if number < left + span:
            high = middle
        else:
            left, low = left + span, middle
    return low


def _anchor(asset: str, number: int) -> float:
    return math.log(UNDERLYINGS[asset].level) + _ANCHOR_SPREAD * _normal(asset, number, "anchor")


def _normal(asset: str, *key: object) -> float:
    return float(_normals(asset, 1, *key)[0])


def _normals(asset: str, count: int, *key: object) -> Floats:
    """Standard normals that belong to ``key``, correlated with those of BTC for the same key."""
    correlation = UNDERLYINGS[asset].correlation
    common = stream("path", _FACTOR, *key).standard_normal(count)
    if asset == _FACTOR:
        return common
    return np.asarray(correlation * common + math.sqrt(1 - correlation**2) * stream("path", asset, *key).standard_normal(count))
