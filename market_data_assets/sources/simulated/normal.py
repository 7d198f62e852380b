"""The normal distribution, fast enough for whole option chains."""

import math

import numpy as np

from market_data_assets.sources.simulated.rows import Floats

# West (2005), "Better approximations to cumulative normal functions", after Hart (1968), algorithm 5666.
_UPPER = (
    3.52624965998911e-02,
    0.700383064443688,
    6.37396220353165,
    33.912866078383,
    112.079291497871,
    221.213596169931,
    220.206867912376,
)
_LOWER = (
    8.83883476483184e-02,
    1.75566716318264,
    16.064177579207,
    86.7807322029461,
    296.564248779674,
    637.333633378831,
    793.826512519948,
    440.413735824752,
)
_FAR = 7.0


def density(values: Floats) -> Floats:
    """Density of the standard normal."""
    return np.asarray(np.exp(-np.square(values) / 2) / math.sqrt(math.tau))


def distribution(values: Floats) -> Floats:
    """Probability that a standard normal is below each value; the error is below 1e-12."""
    away = np.abs(values)
    near = np.minimum(away, _FAR)
    tail = np.exp(-np.square(near) / 2) * _polynomial(_UPPER, near) / _polynomial(_LOWER, near)
    # Beyond seven standard deviations what is left is 1e-12.
    tail = np.where(away > _FAR, 0.0, tail)
    return np.asarray(np.where(values > 0, 1 - tail, tail))


def _polynomial(coefficients: tuple[float, ...], values: Floats) -> Floats:
    """Horner's rule in place: ``numpy.polyval`` makes two new arrays a step."""
    result = values * coefficients[0]
    for coefficient in coefficients[1:-1]:
        result += coefficient
        result *= values
    return np.asarray(result + coefficients[-1])
