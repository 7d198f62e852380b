"""The buckets of a day: which book state each ends with, and its totals. Finer buckets fold exactly into coarser ones."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from market_data_assets.domain.timeframes import Timeframe

Int64s = npt.NDArray[np.int64]
NO_STATE = -1


@dataclass(frozen=True, slots=True)
class Buckets:
    """Parallel arrays, one entry per bucket, ascending.

    Attributes:
        start: µs UTC, inclusive.
        end: µs UTC, exclusive.
        state: Number of the last book state; a later state has a higher number; NO_STATE before the first update.
        known_at: Latest instant at which something in the bucket became known, µs UTC; may lie before the bucket.
        quoted: Whether, of a 15s bucket, the last update is at most MAX_AGE before its end; of a coarser one, any finer one is.
    """

    start: Int64s
    end: Int64s
    state: Int64s
    known_at: Int64s
    quoted: npt.NDArray[np.bool_]
    updates: Int64s
    crossed_us: Int64s
    locked_us: Int64s

    def __len__(self) -> int:
        return len(self.start)

    def keep(self, chosen: npt.NDArray[np.bool_] | slice) -> "Buckets":
        """Only the chosen buckets."""
        return Buckets(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @staticmethod
    def join(parts: "Sequence[Buckets]") -> "Buckets":
        """All buckets of ``parts``, at least one, one after the other."""
        return Buckets(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Buckets)))

    def fold(self, timeframe: Timeframe) -> "Buckets":
        """The coarser buckets of ``timeframe``, whose length is a multiple of these buckets'."""
        if not len(self) or self.end[0] - self.start[0] == timeframe.microseconds:
            return self
        coarse = self.start - self.start % timeframe.microseconds
        firsts = np.flatnonzero(np.diff(coarse, prepend=coarse[0] - 1))
        return Buckets(
            coarse[firsts],
            coarse[firsts] + timeframe.microseconds,
            np.maximum.reduceat(self.state, firsts),
            np.maximum.reduceat(self.known_at, firsts),
            np.logical_or.reduceat(self.quoted, firsts),
            np.add.reduceat(self.updates, firsts),
            np.add.reduceat(self.crossed_us, firsts),
            np.add.reduceat(self.locked_us, firsts),
        )
