"""Scales of charts: where a value lies, which values are marked, and how they are written."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from market_data_assets.domain.days import to_datetime

_MINUTE = 60_000_000
_TIME_STEPS = tuple(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 1440))
_MOST_TIMES = 9
_LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from values to pixels: ``low`` lies at ``start``, ``high`` at ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) * self._step

    def places(self, values: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> list[float]:
        """The same of many values."""
        found: list[float] = (self.start + (values - self.low) * self._step).tolist()
        return found

    @property
    def _step(self) -> float:
        return (self.end - self.start) / ((self.high - self.low) or 1.0)


def round_marks(low: float, high: float, about: int) -> Sequence[float]:
    """Round values within ``[low, high]``, some ``about`` of them: steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= raw)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def time_marks(start: int, end: int) -> Sequence[tuple[int, str]]:
    """Round UTC times within ``[start, end]`` (µs UTC) with their labels, at most nine."""
    step = next((each for each in _TIME_STEPS if (end - start) / each <= _MOST_TIMES), _TIME_STEPS[-1])
    return [(at, _time(to_datetime(at))) for at in range(-(-start // step) * step, end + 1, step)]


def written(values: Sequence[float]) -> Sequence[str]:
    """Marks as text, all with as many digits as tell them apart; large numbers with k, M, G or T."""
    largest = max(map(abs, values), default=0.0)
    step = min((abs(after - before) for before, after in pairwise(values)), default=largest) or 1.0
    # Prices are read in full; from 100,000 on the digits before the step say nothing.
    fitting = ((scale, suffix) for scale, suffix in _LARGE if largest >= max(scale, 1e5) and step >= scale / 10)
    scale, suffix = next(fitting, (1.0, ""))
    digits = max(0, -math.floor(math.log10(step / scale) + 1e-9))
    return [f"{value / scale:,.{digits}f}{suffix}" for value in values]


def _time(at: dt.datetime) -> str:
    return f"{at:%H:%M}" if at.time() != dt.time() else f"{at:%d %b}"
