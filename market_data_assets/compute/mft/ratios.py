"""Quotients of columns: what is undefined is null, never infinite and never a warning."""

import numpy as np

from market_data_assets.compute.mft.bars import Floats


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """``numerator / denominator``; null where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient = numerator / denominator
    quotient[denominator == 0.0] = np.nan
    return quotient


def ratio_or_zero(numerator: Floats, denominator: Floats) -> Floats:
    """``numerator / denominator``; 0 where the denominator is 0, which is what TA-Lib says of a market that does not move."""
    quotient = ratio(numerator, denominator)
    quotient[(denominator == 0.0) & ~np.isnan(numerator)] = 0.0
    return quotient


def log_ratio(numerator: Floats, denominator: Floats) -> Floats:
    """``ln(numerator / denominator)``; null where that is not a number, as with a price of 0."""
    quotient = ratio(numerator, denominator)
    quotient[quotient <= 0.0] = np.nan
    return np.log(quotient, out=quotient)


def distance(value: Floats, reference: Floats) -> Floats:
    """``value / reference − 1``; null where the reference is 0."""
    quotient = ratio(value, reference)
    quotient -= 1.0
    return quotient
