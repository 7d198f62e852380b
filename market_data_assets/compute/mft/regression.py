"""Straight lines fitted by least squares, with intercept, to the last bars; x = bars, so a slope is per bar."""

from typing import NamedTuple

import numpy as np

from market_data_assets.compute.mft import rolling
from market_data_assets.compute.mft.bars import Floats
from market_data_assets.compute.mft.ratios import ratio


class Lines(NamedTuple):
    """One fitted line per bar.

    Attributes:
        slope: Change per bar.
        r_squared: Share of the variance that the line explains; null where nothing varies.
        residual: The bar's own value less that of the line there.
    """

    slope: Floats
    r_squared: Floats
    residual: Floats


def lines(values: Floats, length: int) -> Lines:
    """The line through the last ``length`` bars, of every bar."""
    centre = rolling.mean(values, length)
    joint = np.zeros(len(values))
    for age in range(length):
        joint += ((length - 1) / 2.0 - age) * (rolling.previous(values, age) - centre)
    slope = joint / _spread(length)
    squares = rolling.variance(values, length, 0) * length
    explained = np.minimum(ratio(slope * joint, squares), 1.0)
    return Lines(slope, explained, values - centre - slope * ((length - 1) / 2.0))


def _spread(length: int) -> float:
    """Σ (x − mean x)² of ``length`` bars one apart."""
    return length * (length * length - 1) / 12.0
