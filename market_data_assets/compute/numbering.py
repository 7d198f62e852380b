"""Whether a venue numbers its trades one by one, which makes a missing number a missing trade."""

from typing import Any

import numpy as np
import numpy.typing as npt

_FEWEST = 20
_SHARE_OF_JUMPS, _JUMPS = 0.001, 5


def is_numbered(ids: npt.NDArray[Any]) -> bool:
    """Whether ascending ids of a day, repeats allowed, are numbers counted up by one.

    Few enough of the steps may be jumps, which then are missing trades: 5, or one in a thousand where those are more. Under
    20 ids nothing can be told.
    """
    steps = np.diff(ids)
    forward = steps[steps != 0]
    return bool(counts_up(len(forward), np.count_nonzero(forward != 1)))


def counts_up(steps: npt.ArrayLike, jumps: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether so many steps to another id, of which so many were not by one, are those of numbers counted up."""
    steps, jumps = np.asarray(steps), np.asarray(jumps)
    return np.asarray((steps >= _FEWEST - 1) & (jumps <= np.maximum(_JUMPS, _SHARE_OF_JUMPS * steps)))
