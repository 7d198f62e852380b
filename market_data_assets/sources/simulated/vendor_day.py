"""One contract's file of one day, cut as vendors cut it: by arrival, whatever the exchange time."""

import datetime as dt
from collections.abc import Callable

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import day_end, day_start
from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.feeds import RECORDERS
from market_data_assets.sources.simulated.recording import recordings
from market_data_assets.sources.simulated.rows import Rows, concatenate

Delay = Callable[[Rows, int], Rows]
"""Given a block's rows and the instant it ends, the same rows with other arrivals."""


def vendor_rows(dataset: Dataset, contract: SimulatedContract, day: dt.date, scale: float, delay: Delay) -> Rows:
    """The rows that arrived on ``day``: every row of the contract is in exactly one day.

    Args:
        dataset: One of the contract's feeds.
        delay: Changes arrivals before the cut.
    """
    record = RECORDERS[dataset]
    parts = [delay(record(recording), recording.span.end) for recording in recordings(contract, day, scale)]
    arrived = [part.take((part.local_timestamp >= day_start(day)) & (part.local_timestamp < day_end(day))) for part in parts]
    return concatenate(arrived).in_raw_order()
