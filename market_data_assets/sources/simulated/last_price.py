"""The price of the last trade at any moment, also when that trade was long ago."""

import numpy as np

from market_data_assets.sources.simulated.recording import Recording
from market_data_assets.sources.simulated.rows import Floats, Instants
from market_data_assets.sources.simulated.tape import tape


def last_price(recording: Recording, instants: Instants) -> Floats:
    """Price of the last trade at or before each of the block's ``instants``; NaN before the contract's first."""
    if not recording.contract.is_traded:
        return np.full(len(instants), np.nan)
    trades, earlier = tape(recording), recording.with_the_trade_before()
    opening = np.nan if earlier is None else tape(earlier).floats("price")[-1]
    prices = np.concatenate(([opening], trades.floats("price")))
    return np.asarray(prices[np.searchsorted(trades.timestamp, instants, side="right")])
