"""The fair price of any simulated contract, a function of time alone, so that all markets agree at every instant."""

import numpy as np

from market_data_assets.domain.days import DAY_MICROSECONDS
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.sources.simulated import path
from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.markets import SimulatedMarket
from market_data_assets.sources.simulated.options import premium
from market_data_assets.sources.simulated.rows import Floats, Instants
from market_data_assets.sources.simulated.waves import wave

CARRY = 0.06
"""A year's premium of futures over spot, as a logarithm."""

_BASIS_PERIODS = (47 * 60.0, 5.3 * 3_600, 3.1 * 86_400)


def fair_price(contract: SimulatedContract, instants: Instants) -> Floats:
    """Mid price in the contract's own unit: quote per base, or base for an option's premium.

    Args:
        instants: µs UTC, ascending, of one UTC day; the midnight that ends it may be the last.
    """
    future = forward(contract, instants)
    if contract.strike is None:
        return future
    kind, strike = contract.terms
    return premium(kind, future, strike, years_left(contract, instants))


def forward(contract: SimulatedContract, instants: Instants) -> Floats:
    """Price in dollars of the contract itself, or of the future that expires with an option; ``instants`` as above."""
    spot = path.price(contract.market.base, instants)
    return np.asarray(spot * np.exp(basis(contract.market, instants) + CARRY * years_left(contract, instants)))


def years_left(contract: SimulatedContract, instants: Instants) -> Floats:
    """Time to expiry, ACT/365; 0 for contracts without one."""
    if contract.expires is None:
        return np.zeros(len(instants))
    return np.maximum(contract.expires - instants, 0) / (365 * DAY_MICROSECONDS)


def basis(market: SimulatedMarket, instants: Instants) -> Floats:
    """Logarithm of the market's price over the underlying's, carry apart: three slow waves with the market's own phases."""
    if market.basis == 0:
        return np.zeros(len(instants))
    # Options are priced off the futures of their venue, so they share their basis.
    kind = InstrumentType.FUTURE if market.instrument_type is InstrumentType.OPTION else market.instrument_type
    return market.basis * wave(instants, _BASIS_PERIODS, "basis", market.exchange, kind, market.symbol)
