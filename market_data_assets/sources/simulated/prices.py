"""The fair price of any simulated contract, a function of time alone, so that all markets agree at every instant."""

import math

import numpy as np

from market_data_assets.domain.days import DAY_MICROSECONDS
from market_data_assets.sources.simulated import path
from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.markets import SimulatedMarket
from market_data_assets.sources.simulated.options import premium
from market_data_assets.sources.simulated.rows import Floats, Instants
from market_data_assets.sources.simulated.seeds import uniform

CARRY = 0.06
"""A year's premium of futures over spot, as a logarithm."""

_BASIS_PERIODS = (47 * 60.0, 5.3 * 3_600, 3.1 * 86_400)
"""Seconds. No two are multiples, so the basis does not repeat."""


def fair_price(contract: SimulatedContract, instants: Instants) -> Floats:
    """Mid price in the contract's own unit: quote per base, or base for an option's premium.

    Args:
        instants: µs UTC, ascending, of one UTC day; the midnight that ends it may be the last.
    """
    market = contract.market
    forward = path.price(market.base, instants) * np.exp(_basis(market, instants) + CARRY * _years(contract, instants))
    if contract.strike is None or contract.option_type is None:
        return np.asarray(forward)
    return premium(contract.option_type, forward, float(contract.strike), _years(contract, instants))


def _years(contract: SimulatedContract, instants: Instants) -> Floats:
    if contract.expires is None:
        return np.zeros(len(instants))
    return np.maximum(contract.expires - instants, 0) / (365 * DAY_MICROSECONDS)


def _basis(market: SimulatedMarket, instants: Instants) -> Floats:
    """Logarithm of the market's price over the underlying's: three slow waves with the market's own phases."""
    if market.basis == 0:
        return np.zeros(len(instants))
    seconds = instants / 1_000_000
    waves = (
        np.sin(math.tau * (seconds / period + uniform("basis", market.exchange, market.instrument_type, market.symbol, period)))
        for period in _BASIS_PERIODS
    )
    return np.asarray(market.basis * sum(waves) / len(_BASIS_PERIODS))
