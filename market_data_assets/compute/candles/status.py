"""Why a bucket has no trades: the status of the buckets of a day, from what the feeds of the instrument prove."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Span = tuple[int, int]
"""``[start, end)`` in µs UTC; a row of a feed at the instant t is the span (t, t + 1)."""


class Status(IntEnum):
    """What is known of a bucket, in the order in which a coarser bucket takes it from its finer ones: the highest.

    So a coarser bucket is HALTED only where no finer one shows an open book or a trade, and NO_DATA only where no finer
    one proves anything.
    """

    NOT_LISTED = 0
    NO_DATA = 1
    HALTED = 2
    NO_TRADES = 3
    TRADED = 4

    @property
    def text(self) -> str:
        """As it is stored."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that nothing is missing from a bucket without trades.

    Attributes:
        trading: Times of the day's first and last trade, between which the trades' feed was alive; None without trades.
        connected: Buckets in which a row of another feed shows that the recorder was connected.
        halted: Buckets during the whole of which the book, its feed alive, was empty on both sides.
    """

    trading: Span | None
    connected: Bools
    halted: Bools


def statuses(starts: Int64s, length: int, trade_counts: Int64s, listed: Span, evidence: Evidence) -> Int64s:
    """The Status of each bucket.

    Args:
        starts: Starts of the buckets, µs, ascending.
        length: Length of the buckets, µs.
        listed: Part of the day in which the instrument was listed; buckets wholly outside it are NOT_LISTED.
    """
    ends = starts + length
    result = np.full(len(starts), Status.NO_DATA, np.int64)
    if evidence.trading is not None:
        result[(starts >= evidence.trading[0]) & (ends <= evidence.trading[1])] = Status.NO_TRADES
    result[evidence.connected] = Status.NO_TRADES
    result[evidence.halted] = Status.HALTED
    result[(ends <= listed[0]) | (starts >= listed[1])] = Status.NOT_LISTED
    result[trade_counts > 0] = Status.TRADED
    return result


def touched(starts: Int64s, length: int, spans: Sequence[Span]) -> Bools:
    """Which buckets hold some instant of the spans.

    Args:
        starts: Starts of consecutive buckets of ``length`` µs.
        spans: Not empty each; they may overlap, and reach beyond the buckets.
    """
    steps = np.zeros(len(starts) + 1, np.int64)
    if len(spans) and len(starts):
        bounds = np.asarray(spans, np.int64)
        np.add.at(steps, np.clip((bounds[:, 0] - starts[0]) // length, 0, len(starts)), 1)
        np.add.at(steps, np.clip((bounds[:, 1] - 1 - starts[0]) // length + 1, 0, len(starts)), -1)
    covered: Bools = np.cumsum(steps[:-1]) > 0
    return covered
