import datetime as dt

import numpy as np

from market_data_assets.compute.quality.times import judge_times
from market_data_assets.domain.days import DAY_MICROSECONDS, day_start

DAY = dt.date(2024, 8, 8)
START = day_start(DAY)


def problems(times: list[int], arrivals: list[int] | None = None) -> dict[str, int]:
    at = np.array(times, np.int64)
    found = list(judge_times("A", at, at if arrivals is None else np.array(arrivals, np.int64), DAY))
    assert all(each.wrong for each in found)
    return {each.problem: each.found for each in found}


def test_a_day_before_and_after_is_allowed_and_no_more() -> None:
    allowed = [START - DAY_MICROSECONDS, START, START + 2 * DAY_MICROSECONDS - 1]
    assert problems(allowed) == {}
    assert problems([START - DAY_MICROSECONDS - 1, *allowed, START + 2 * DAY_MICROSECONDS]) == {"out_of_day": 2}


def test_time_more_than_a_day_off_its_arrival_is_found() -> None:
    assert problems([START, START + 1], [START + DAY_MICROSECONDS, START + 2 + DAY_MICROSECONDS]) == {"far_from_arrival": 1}


def test_falling_times_are_found_and_equal_ones_are_not() -> None:
    assert problems([START, START + 2, START + 2, START + 1]) == {"not_ascending": 1}
    assert problems([]) == {}
