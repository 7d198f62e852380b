"""Exchange times of a raw file: in the day, plausible against the arrival, ascending."""

import datetime as dt
from collections.abc import Iterator

import numpy as np

from market_data_assets.compute.quality.columns import Int64s, first_time
from market_data_assets.compute.quality.findings import Finding
from market_data_assets.domain.days import DAY_MICROSECONDS, day_end, day_start


def judge_times(instrument: str, times: Int64s, arrivals: Int64s, day: dt.date) -> Iterator[Finding]:
    """Rows more than a day off the file's day or off their arrival, and rows before the one that stands above them.

    All of them are wrong: candles find their rows by time, in ascending order.

    Args:
        times, arrivals: ``timestamp`` and ``local_timestamp`` of one raw file, in stored order, µs UTC.
    """
    outside = (times < day_start(day) - DAY_MICROSECONDS) | (times >= day_end(day) + DAY_MICROSECONDS)
    far = ~outside & (np.abs(arrivals - times) > DAY_MICROSECONDS)
    falling = np.diff(times, prepend=times[:1]) < 0
    problems = {
        "out_of_day": (outside, f"expected within a day of {day}"),
        "far_from_arrival": (far, "expected within a day of local_timestamp"),
        "not_ascending": (falling, "expected ascending exchange times"),
    }
    for problem, (flags, detail) in problems.items():
        if flags.any():
            yield Finding(instrument, problem, int(flags.sum()), len(times), True, first_time(times, flags), detail)
