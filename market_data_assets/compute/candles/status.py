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

    So a coarser bucket without trades is NO_TRADES or HALTED only where that is known of every listed finer one.
    """

    NOT_LISTED = 0
    NO_TRADES = 1
    HALTED = 2
    NO_DATA = 3
    TRADED = 4

    @property
    def text(self) -> str:
        """As it is stored."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Quiet:
    """Buckets without trades that lie between trades. One entry per bucket of the day, false or 0 in every other bucket.

    Attributes:
        complete: No trade is missing. The venue numbers its trades, and no number is missing between the trade before the bucket
            and the one after it; or the numbers prove nothing, and these two are at most MAX_AGE apart.
        incomplete: The venue numbers its trades, and numbers are missing there.
        proved_at: Arrival of the trade after the bucket, µs UTC.
        overtaken: A later trade arrived before that one. In between, the number of that one seemed to be missing.
    """

    complete: Bools
    incomplete: Bools
    proved_at: Int64s
    overtaken: Bools


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that nothing is missing from a bucket without trades, or that something is.

    Attributes:
        quiet: What the trades before and after it prove.
        connected: Buckets in which a row of another feed shows that the recorder was connected.
        halted: Buckets during the whole of which the book, its feed alive, was empty on both sides.
        halt_proved_at: Arrival of what shows that the book's feed was alive, µs UTC.
    """

    quiet: Quiet
    connected: Bools
    halted: Bools
    halt_proved_at: Int64s


def statuses(starts: Int64s, length: int, trade_counts: Int64s, listed: Span, evidence: Evidence) -> Int64s:
    """The Status of each bucket.

    Args:
        starts: Starts of the buckets, µs, ascending.
        length: Length of the buckets, µs.
        listed: Part of the day in which the instrument was listed; buckets wholly outside it are NOT_LISTED.
    """
    ends = starts + length
    result = np.full(len(starts), Status.NO_DATA, np.int64)
    result[evidence.connected | evidence.quiet.complete] = Status.NO_TRADES
    result[evidence.halted] = Status.HALTED
    # Where numbers are missing, trades are: what other feeds had then does not bring them back.
    result[evidence.quiet.incomplete] = Status.NO_DATA
    result[(ends <= listed[0]) | (starts >= listed[1])] = Status.NOT_LISTED
    result[trade_counts > 0] = Status.TRADED
    return result


def proved_at(evidence: Evidence) -> Int64s:
    """When the later row arrived without which the status of a bucket would be another; 0 where none was needed."""
    quiet = evidence.quiet
    by_trade = quiet.incomplete | quiet.overtaken | (quiet.complete & ~evidence.connected & ~evidence.halted)
    return np.maximum(np.where(by_trade, quiet.proved_at, 0), np.where(evidence.halted, evidence.halt_proved_at, 0))


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
