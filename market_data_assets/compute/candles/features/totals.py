"""What features share: components, and features above them in the registry, as plain numbers."""

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.candles import exact
from market_data_assets.compute.features import Components

Doubles = npt.NDArray[np.float64]
Pair = tuple[Doubles, Doubles]


def number(of: Components, name: str) -> Doubles:
    """A component as doubles."""
    return np.asarray(of[name], np.float64)


def pair(of: Components, name: str) -> Pair:
    """An exact sum, in its stored units."""
    return number(of, name), number(of, f"{name}_low")


def difference(of: Components, more: str, less: str) -> Pair:
    """One exact sum less another."""
    high, low = pair(of, less)
    return exact.add(*pair(of, more), -high, -low)


def sum_of(of: Components, *names: str) -> Pair:
    """Several exact sums added."""
    high, low = pair(of, names[0])
    for name in names[1:]:
        high, low = exact.add(high, low, *pair(of, name))
    return high, low


def decimal(of: Components, value: Pair, unit: str) -> Doubles:
    """The double nearest to a sum of whole units; ``unit`` names its decimals, such as ``base``."""
    return exact.nearest_decimal(*value, np.asarray(of[f"{unit}_decimals"], np.int64))


def power_of_ten(of: Components, unit: str) -> Doubles:
    """Units of ``unit`` in one."""
    return exact.power_of_ten(of[f"{unit}_decimals"])


def ratio(numerator: Doubles, denominator: Doubles) -> Doubles:
    """NaN where the denominator is 0."""
    quotient: Doubles = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator != 0)
    return quotient


def at_least(count: Doubles, minimum: int, values: Doubles) -> Doubles:
    """NaN where there are fewer observations than ``minimum``."""
    return np.where(count >= minimum, values, np.nan)
