"""When the quotes of an option are renewed: by the clock, more often where the smile is read off them."""

import numpy as np

from market_data_assets.domain.days import TimeRange
from market_data_assets.sources.simulated.arrivals import MILLISECOND
from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.greeks import greeks
from market_data_assets.sources.simulated.options import implied_volatility
from market_data_assets.sources.simulated.prices import forward, years_left
from market_data_assets.sources.simulated.rows import Instants

LONGEST_PAUSE = 115_000_000
"""Quotes of an option are never further apart (µs), so a longer pause is a gap."""

_JITTER = 5_000_000
_PERIODS = ((0.02, LONGEST_PAUSE - _JITTER), (0.2, 53_000_000), (0.5, 20_000_000), (0.85, 53_000_000), (1.0, LONGEST_PAUSE - _JITTER))
"""Up to which absolute delta quotes are renewed how often (µs).

What is traded is out of the money, and not far: there the smile is read. Where quotes hardly change few are sent, but
between a delta of 0.02 and 0.85 none is ever older than a minute.
"""


def quoting_instants(random: np.random.Generator, contract: SimulatedContract, span: TimeRange) -> Instants:
    """Strictly ascending whole milliseconds in ``span``, never its first."""
    every = np.arange(span.start, span.end - _JITTER, _period(contract, span), dtype=np.int64)
    return np.asarray(every + random.integers(1, _JITTER // MILLISECOND, len(every)) * MILLISECOND)


def _period(contract: SimulatedContract, span: TimeRange) -> int:
    start, (kind, strike) = np.array([span.start]), contract.terms
    future, years = forward(contract, start), years_left(contract, start)
    delta = abs(float(greeks(kind, future, strike, years, implied_volatility(future, strike, years)).delta[0]))
    return next(period for highest, period in _PERIODS if delta <= highest)
