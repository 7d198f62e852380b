"""Funding of perpetuals: paid at 00:00, 08:00 and 16:00 UTC, at a rate that follows the basis of the interval before."""

import numpy as np

from market_data_assets.sources.simulated.markets import SimulatedMarket
from market_data_assets.sources.simulated.prices import basis
from market_data_assets.sources.simulated.rows import Floats, Instants
from market_data_assets.sources.simulated.seeds import uniform
from market_data_assets.sources.simulated.waves import wave

INTERVAL = 8 * 3_600 * 1_000_000
"""Between two fundings, µs; the epoch is one."""

_INTEREST = 1e-4
_CAP = 3.75e-3
_FOLLOWS = 0.5
_NOISE = 6e-5
_PERIODS = (23 * 60.0, 83 * 60.0)
_SAMPLES = 16


def next_funding(instants: Instants) -> Instants:
    """The funding that each instant leads to, strictly after it."""
    return np.asarray((instants // INTERVAL + 1) * INTERVAL)


def funding_rate(market: SimulatedMarket, instants: Instants) -> Floats:
    """The rate that the next funding pays, known and constant for the interval: a share of the position."""
    return np.round(_per_interval(market, instants // INTERVAL), 8)


def predicted_rate(market: SimulatedMarket, instants: Instants) -> Floats:
    """What the rate of the interval after is going to be, as far as one can tell: it starts at this one's and wanders there."""
    number, elapsed = np.divmod(instants, INTERVAL)
    share = elapsed / INTERVAL
    now, later = _per_interval(market, number), _per_interval(market, number + 1)
    doubt = _NOISE * 4 * share * (1 - share) * wave(instants, _PERIODS, "predicted funding", market.exchange, market.symbol)
    return np.round(now + (later - now) * share + doubt, 8)


def _per_interval(market: SimulatedMarket, numbers: Instants) -> Floats:
    distinct, place = np.unique(numbers, return_inverse=True)
    return np.array([_rate(market, int(number)) for number in distinct])[place]


def _rate(market: SimulatedMarket, number: int) -> float:
    """Interest, half of the mean basis of the interval before, and luck; capped as on most venues."""
    earlier = (number - 1) * INTERVAL + np.arange(_SAMPLES, dtype=np.int64) * (INTERVAL // _SAMPLES)
    luck = _NOISE * (2 * uniform("funding", market.exchange, market.symbol, number) - 1)
    return float(np.clip(_INTEREST + _FOLLOWS * basis(market, earlier).mean() + luck, -_CAP, _CAP))
