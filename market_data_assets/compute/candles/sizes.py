"""Prices in ticks, and amounts in base and quote, in the units of a day's scale. Compiled."""

import numpy as np
from numba import njit

from market_data_assets.compute.candles.arithmetic import on_grid, product
from market_data_assets.compute.candles.scale import Scale


@njit(nogil=True, cache=True)
def whole(price: float, scale: Scale) -> float:
    """The price in ticks."""
    return np.rint(price * scale.price_factor) if scale.price_whole else price


@njit(nogil=True, cache=True)
def base_size(price: float, amount: float, scale: Scale, quote_value: float) -> float:
    """Base, in the day's units."""
    size = _size(amount, scale)
    return on_grid(size / quote_value / price if scale.inverse else size, scale.base_unit)


@njit(nogil=True, cache=True)
def sizes(price: float, ticks: float, amount: float, scale: Scale, quote_value: float) -> tuple[float, float, float]:
    """Base, and quote as a pair, in the day's units."""
    size = _size(amount, scale)
    if scale.inverse:
        return on_grid(size / quote_value / price, scale.base_unit), on_grid(size, scale.quote_unit), 0.0
    quote, quote_low = product(size, ticks, scale.quote_unit)
    return on_grid(size, scale.base_unit), quote, quote_low


@njit(nogil=True, cache=True)
def _size(amount: float, scale: Scale) -> float:
    """The amount times the multiplier, in lots where those are whole."""
    lots = amount * scale.amount_factor
    return (np.rint(lots) if scale.amount_whole else lots) * scale.multiplier
