"""Why a bucket has no trades: the status of the buckets of a day, from what was observed of the feed."""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Span = tuple[int, int]
"""``[start, end)`` in µs UTC."""


class Status(IntEnum):
    """What is known of a bucket, in the order in which a coarser bucket takes it from its finer ones: the highest."""

    NOT_LISTED = 0
    NO_DATA = 1
    NO_TRADES = 2
    TRADED = 3

    @property
    def text(self) -> str:
        """As it is stored."""
        return self.name.lower()


def statuses(starts: Int64s, length: int, trade_counts: Int64s, listed: Span, observed: Sequence[Span]) -> Int64s:
    """The Status of each bucket.

    Args:
        starts: Starts of the buckets, µs.
        length: Length of the buckets, µs.
        listed: Part of the day in which the instrument was listed.
        observed: Spans in which the feed is known to have been alive; they may overlap.
            An empty bucket is NO_TRADES when it lies within their union as a whole.
    """
    ends = starts + length
    result = np.full(len(starts), Status.NO_DATA, np.int64)
    for start, end in _united(observed):
        result[(starts >= start) & (ends <= end)] = Status.NO_TRADES
    result[(ends <= listed[0]) | (starts >= listed[1])] = Status.NOT_LISTED
    result[trade_counts > 0] = Status.TRADED
    return result


def _united(spans: Sequence[Span]) -> list[Span]:
    united: list[Span] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united
