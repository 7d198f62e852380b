"""How much stays open: a level that wanders slowly, and falls at once by what is liquidated."""

import numpy as np

from market_data_assets.sources.simulated.grid import decimals
from market_data_assets.sources.simulated.liquidations import liquidations
from market_data_assets.sources.simulated.recording import Recording
from market_data_assets.sources.simulated.rows import Floats, Instants
from market_data_assets.sources.simulated.waves import wave

_PERIODS = (5.7 * 3_600, 29.0 * 3_600, 6.1 * 86_400)
_SHARE = 0.15
_RECOVERY = 1_800_000_000
"""µs in which all but 1/e of what was liquidated has been opened anew; after a block of four hours nothing is left to see."""


def open_interest(recording: Recording, instants: Instants) -> Floats:
    """Open contracts at ``instants`` of the block, as the venue counts amounts: whole lots, above zero."""
    market = recording.contract.market
    # Where nobody trades nothing is opened or closed.
    moments = instants if recording.contract.is_traded else np.full(len(instants), recording.contract.listed)
    level = market.open_lots * (1 + _SHARE * wave(moments, _PERIODS, "open interest", recording.contract))
    if recording.contract.strike is None:
        # Options are paid in advance: nobody is liquidated out of one.
        level = level - _closed(recording, instants)
    lots = np.maximum(np.rint(level), 1).astype(np.int64)
    return decimals(lots, market.lot)


def _closed(recording: Recording, instants: Instants) -> Floats:
    """Lots liquidated up to each instant, inclusive, less what has been opened anew since."""
    blocks = [block for block in (recording.before(), recording) if block is not None]
    forced = [liquidations(block) for block in blocks]
    times = np.concatenate([rows.timestamp for rows in forced])
    lots = np.concatenate([rows.floats("amount") for rows in forced]) / float(recording.contract.market.lot)
    start = blocks[0].span.start
    # Sum of lots × exp(-age / recovery): the exponential of the instant comes out of the sum.
    grown = np.concatenate(([0.0], np.cumsum(lots * np.exp((times - start) / _RECOVERY))))
    return np.asarray(grown[np.searchsorted(times, instants, side="right")] * np.exp(-(instants - start) / _RECOVERY))
