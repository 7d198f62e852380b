"""What the compiled passes read: the trades of a day as arrays, and the grid of buckets over the day."""

from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
_Number = TypeVar("_Number", bound=np.generic)

BUY, SELL, UNKNOWN = 0, 1, 2


class Ticks(NamedTuple):
    """Parallel read-only arrays, one entry per trade, ordered by exchange time (CANDLES, rule 4), each trade once.

    Attributes:
        times: Exchange times, µs UTC.
        arrivals: Arrival times, µs UTC.
        sides: BUY, SELL or UNKNOWN.
    """

    times: Int64s
    arrivals: Int64s
    prices: npt.NDArray[np.float64]
    amounts: npt.NDArray[np.float64]
    sides: npt.NDArray[np.int8]


class Grid(NamedTuple):
    """Buckets of ``length`` µs from ``first``, 00:00 UTC of the day in µs."""

    first: int
    length: int


def read_only(values: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """The same array as one that cannot be written. The passes are compiled once per kind of array, and Arrow's are such."""
    fixed = values.view()
    fixed.flags.writeable = False
    return fixed
