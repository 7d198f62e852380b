"""Forced orders: positions that fast moves wipe out. They are orders like any other, so their trades are in the tape too."""

import numpy as np

from market_data_assets.domain.days import day_of, day_start
from market_data_assets.sources.simulated.prices import fair_price
from market_data_assets.sources.simulated.recording import Recording
from market_data_assets.sources.simulated.rows import Flags, Rows
from market_data_assets.sources.simulated.tape import tape

_BUY = 0
_LOOK_BACK = 60_000_000
_FAST = 0.0016
"""A move of this logarithm in a minute is where liquidations set in."""
_STEEPNESS = 2e-4
_MOST = 0.3


def liquidations(recording: Recording) -> Rows:
    """The trades of forced orders, exactly as the tape has them: a buy closes a short position, when the price rises."""
    trades = tape(recording)
    return trades.take(_is_forced(recording, trades))


def _is_forced(recording: Recording, trades: Rows) -> Flags:
    """Which trades are liquidations: the likelier, the further the price went in their direction within a minute."""
    midnight = day_start(day_of(recording.span.start))
    earlier = fair_price(recording.contract, np.maximum(trades.timestamp - _LOOK_BACK, midnight))
    move = np.log(fair_price(recording.contract, trades.timestamp) / earlier) * np.where(trades["side"] == _BUY, 1, -1)
    chance = _MOST / (1 + np.exp((_FAST - move) / _STEEPNESS))
    _, order = np.unique(trades.timestamp * 2 + trades["side"].astype(np.int64), return_inverse=True)
    luck = recording.stream("forced").random(len(trades))
    # The fills of an order share its time and side, and so its fate.
    return np.asarray(luck[order] < chance)
