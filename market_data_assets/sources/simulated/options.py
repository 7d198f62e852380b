"""Option premiums by Black-76 with a smile. Inverse options: strike in dollars, premium in the base asset."""

import math

import numpy as np

from market_data_assets.domain.instruments import OptionType
from market_data_assets.sources.simulated.rows import Floats

_AT_THE_MONEY = 0.55
_SKEW = -0.25
_CURVATURE = 0.8
_SHORTEST_YEARS = 1 / (365 * 24 * 60)
_ERROR_FUNCTION = np.frompyfunc(math.erf, 1, 1)


def implied_volatility(forward: Floats, strike: float, years: Floats) -> Floats:
    """Volatility a year, as a fraction, on the SSVI surface.

    Gatheral and Jacquier (2014), "Arbitrage-free SVI volatility surfaces": with this curvature the premiums are
    convex in the strike, so that no butterfly of simulated options is free money.
    """
    variance = _AT_THE_MONEY**2 * np.maximum(years, _SHORTEST_YEARS)
    distance = _CURVATURE * np.log(strike / forward) / np.sqrt(variance)
    smile = (1 + _SKEW * distance + np.sqrt((distance + _SKEW) ** 2 + 1 - _SKEW**2)) / 2
    return np.asarray(_AT_THE_MONEY * np.sqrt(smile))


def premium(kind: OptionType, forward: Floats, strike: float, years: Floats) -> Floats:
    """Premium in base: Black (1976), undiscounted, divided by the forward.

    Args:
        forward: Price of the future of the same expiry, in dollars.
        years: Time to expiry, ACT/365.
    """
    deviation = implied_volatility(forward, strike, years) * np.sqrt(np.maximum(years, _SHORTEST_YEARS))
    upper = np.log(forward / strike) / deviation + deviation / 2
    ratio = strike / forward
    call = normal_distribution(upper) - ratio * normal_distribution(upper - deviation)
    return np.asarray(call if kind is OptionType.CALL else call - 1 + ratio)


def normal_distribution(values: Floats) -> Floats:
    """Probability that a standard normal is below each value."""
    return np.asarray((1 + np.asarray(_ERROR_FUNCTION(values / math.sqrt(2)), dtype=np.float64)) / 2)
