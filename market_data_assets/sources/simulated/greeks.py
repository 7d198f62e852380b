"""Sensitivities of options in closed form, in the units of Deribit."""

from dataclasses import dataclass

import numpy as np

from market_data_assets.domain.instruments import OptionType
from market_data_assets.sources.simulated.normal import density, distribution
from market_data_assets.sources.simulated.options import SHORTEST_YEARS
from market_data_assets.sources.simulated.rows import Floats

_DAYS_A_YEAR = 365
_PER_POINT = 1 / 100


@dataclass(frozen=True, slots=True)
class Greeks:
    """Black and Scholes (1973) sensitivities of the premium in dollars, the forward standing for the spot, no interest.

    A real row of Deribit's chain agrees to the printed digits, which is what fixes these units.

    Attributes:
        delta: Dollars per dollar; not adjusted for the premium being paid in the base asset.
        gamma: Delta per dollar.
        vega: Dollars per point (0.01) of volatility.
        theta: Dollars per day.
        rho: Dollars per point (0.01) of interest.
    """

    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats


def greeks(kind: OptionType, forward: Floats, strike: float, years: Floats, volatility: Floats) -> Greeks:
    """The sensitivities at each row; ``years`` ACT/365, ``volatility`` a year as a fraction."""
    years = np.maximum(years, SHORTEST_YEARS)
    root = np.sqrt(years)
    deviation = volatility * root
    upper = np.log(forward / strike) / deviation + deviation / 2
    slope, sign = density(upper), 1 if kind is OptionType.CALL else -1
    return Greeks(
        delta=sign * distribution(sign * upper),
        gamma=slope / (forward * deviation),
        vega=forward * slope * root * _PER_POINT,
        theta=-forward * slope * volatility / (2 * root) / _DAYS_A_YEAR,
        rho=sign * strike * years * distribution(sign * (upper - deviation)) * _PER_POINT,
    )
