"""Option premiums by Black-76 with a smile, and back. Inverse options: strike in dollars, premium in the base asset."""

import numpy as np

from market_data_assets.domain.instruments import OptionType
from market_data_assets.sources.simulated.normal import density, distribution
from market_data_assets.sources.simulated.rows import Floats

AT_THE_MONEY = 0.55
"""Volatility a year of a strike at the forward, as a fraction."""
SHORTEST_YEARS = 1 / (365 * 24 * 60)
"""An option is priced as if it had at least a minute left."""

_SKEW = -0.25
_CURVATURE = 0.8
_STEPS = 40
_PRECISION = 1e-7
_HIGHEST = 20.0


def implied_volatility(forward: Floats, strike: float, years: Floats) -> Floats:
    """Volatility a year, as a fraction, on the SSVI surface.

    Gatheral and Jacquier (2014), "Arbitrage-free SVI volatility surfaces": with this curvature the premiums are
    convex in the strike, so that no butterfly of simulated options is free money.
    """
    variance = AT_THE_MONEY**2 * np.maximum(years, SHORTEST_YEARS)
    distance = _CURVATURE * np.log(strike / forward) / np.sqrt(variance)
    smile = (1 + _SKEW * distance + np.sqrt((distance + _SKEW) ** 2 + 1 - _SKEW**2)) / 2
    return np.asarray(AT_THE_MONEY * np.sqrt(smile))


def premium(kind: OptionType, forward: Floats, strike: float, years: Floats) -> Floats:
    """Premium in base on the surface.

    Args:
        forward: Price of the future of the same expiry, in dollars.
        years: Time to expiry, ACT/365.
    """
    return black(kind, forward, strike, years, implied_volatility(forward, strike, years))


def black(kind: OptionType, forward: Floats, strike: float, years: Floats, volatility: Floats) -> Floats:
    """Premium in base: Black (1976), undiscounted, divided by the forward. ``volatility`` a year, as a fraction."""
    deviation = volatility * np.sqrt(np.maximum(years, SHORTEST_YEARS))
    upper = np.log(forward / strike) / deviation + deviation / 2
    ratio = strike / forward
    call = distribution(upper) - ratio * distribution(upper - deviation)
    return np.asarray(call if kind is OptionType.CALL else call - 1 + ratio)


def volatility_of(kind: OptionType, paid: Floats, forward: Floats, strike: float, years: Floats) -> Floats:
    """Volatility a year, as a fraction, at which :func:`black` gives ``paid``; NaN where no volatility up to 2,000 % does.

    Newton's method from the inflection of the premium, from where it converges without overshooting: Manaster and
    Koehler (1982), "The calculation of implied variances from the Black-Scholes model".
    """
    ratio = strike / forward
    # The out-of-the-money twin has the same volatility, by parity, and no large intrinsic value to drown in.
    is_call = ratio >= 1
    intrinsic = 1 - ratio if kind is OptionType.CALL else ratio - 1
    wanted = paid - np.maximum(intrinsic, 0)
    root, distance = np.sqrt(np.maximum(years, SHORTEST_YEARS)), np.log(forward / strike)
    deviation = np.maximum(np.sqrt(2 * np.abs(distance)), 0.01 * root)
    for _ in range(_STEPS):
        upper = distance / deviation + deviation / 2
        call = distribution(upper) - ratio * distribution(upper - deviation)
        error = np.where(is_call, call, call - 1 + ratio) - wanted
        step = error / np.maximum(density(upper), 1e-300)
        deviation = np.clip(deviation - step, deviation / 4, np.minimum(deviation * 4, _HIGHEST * root))
        if not (np.abs(step) > _PRECISION * deviation)[wanted > 0].any():
            break
    is_found = (wanted > 0) & (np.abs(step) <= 1e-4 * deviation)
    return np.asarray(np.where(is_found, deviation / root, np.nan))
