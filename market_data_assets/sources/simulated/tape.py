"""The trades of a block for whoever needs them again: tickers and chains show their last price and what they liquidated."""

from functools import lru_cache

from market_data_assets.sources.simulated.recording import Recording
from market_data_assets.sources.simulated.rows import Rows


@lru_cache(maxsize=4)
def tape(recording: Recording) -> Rows:
    """:meth:`Recording.trades`, remembered for the next block, which looks back at this one."""
    return recording.trades()
