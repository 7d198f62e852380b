"""Quantities at a constant maturity, between the expiries on both sides of it."""

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
_DAYS_PER_YEAR = 365.0


def volatility_at(days: float, years: Doubles, total_variances: Doubles) -> Doubles:
    """√(w(T) / T) at T = days / 365, with w linear in T between the nearest expiries that have one.

    Args:
        years: Time to each expiry, shape (instants, expiries), ascending along the second axis; NaN where it has expired.
        total_variances: σ²T of the same shape; NaN where not known.

    Returns:
        Decimals a year, one per instant; NaN where an expiry is missing on a side: nothing is extrapolated.
    """
    if not years.shape[1]:
        return np.full(len(years), np.nan)
    target = days / _DAYS_PER_YEAR
    known = ~np.isnan(total_variances)
    with np.errstate(invalid="ignore"):
        before, after = known & (years <= target), known & (years >= target)
    low = years.shape[1] - 1 - np.argmax(before[:, ::-1], axis=1)
    high = np.argmax(after, axis=1)
    each = np.arange(len(years))
    width = years[each, high] - years[each, low]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(width > 0, (target - years[each, low]) / width, 0.0)
        variance = (1.0 - share) * total_variances[each, low] + share * total_variances[each, high]
        result = np.sqrt(variance / target)
    return np.asarray(np.where(before.any(axis=1) & after.any(axis=1), result, np.nan))
