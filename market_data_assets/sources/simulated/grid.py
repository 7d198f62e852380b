"""Prices and amounts as whole ticks and lots, and as the doubles that are nearest to their decimals."""

from decimal import Decimal

import numpy as np
import numpy.typing as npt

from market_data_assets.sources.simulated.rows import Floats


def decimals(steps: npt.NDArray[np.int64], size: Decimal) -> Floats:
    """``steps`` × ``size`` exactly as a reader of the printed decimal would get it.

    Both integers are below 2**53, so one correctly rounded division gives the nearest double; ``steps * float(size)``
    would not (3 * 0.1 is 0.30000000000000004).
    """
    exponent = -int(size.as_tuple().exponent)
    if exponent <= 0:
        return np.asarray(steps * int(size), dtype=np.float64)
    return np.asarray(steps * int(size.scaleb(exponent)) / 10**exponent)
