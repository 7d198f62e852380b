"""Order statistics of windows of whole length over consecutive bars."""

import numpy as np

from market_data_assets.compute.mft.bars import Floats
from market_data_assets.compute.mft.compiling import compiled


@compiled
def quantile(values: Floats, length: int, share: float) -> Floats:
    """The value below which ``share`` of the last ``length`` bars lie, linear between the two nearest; NaN if any is NaN."""
    found = np.full(len(values), np.nan)
    ordered = np.empty(length)
    place = share * (length - 1)
    below = int(np.floor(place))
    above = min(below + 1, length - 1)
    count = 0
    for t in range(len(values)):
        value = values[t]
        if np.isnan(value):
            count = 0
            continue
        if count == length:
            gone = np.searchsorted(ordered, values[t - length])
            ordered[gone:-1] = ordered[gone + 1 :]
            count -= 1
        at = count
        while at > 0 and ordered[at - 1] > value:
            ordered[at] = ordered[at - 1]
            at -= 1
        ordered[at] = value
        count += 1
        if count == length:
            found[t] = ordered[below] + (place - below) * (ordered[above] - ordered[below])
    return found
