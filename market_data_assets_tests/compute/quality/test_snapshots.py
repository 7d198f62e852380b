import pyarrow as pa
import pytest

from market_data_assets.compute.quality.snapshots import judge_crossed_time, judge_spreads
from market_data_assets.domain.datasets import TIMESTAMP

SECOND = 1_000_000


def snapshots(crossed: list[int], spreads: list[float | None], bps: list[float | None]) -> pa.Table:
    """Buckets of 100 s."""
    starts = [number * 100 * SECOND for number in range(len(crossed))]
    return pa.table(
        {
            "timestamp": pa.array(starts, TIMESTAMP),
            "timestamp_close": pa.array([start + 100 * SECOND for start in starts], TIMESTAMP),
            "crossed_us": crossed,
            "locked_us": [0] * len(crossed),
            "spread": pa.array(spreads, pa.float64()),
            "spread_bps": pa.array(bps, pa.float64()),
        }
    )


@pytest.mark.parametrize(("micros", "expected"), [(200_000, []), (200_001, [False]), (10 * SECOND, [False]), (10 * SECOND + 1, [True])])
def test_crossed_time_is_judged_by_its_share(micros: int, expected: list[bool]) -> None:
    assert [each.wrong for each in judge_crossed_time("A", snapshots([0, micros], [1.0, 1.0], [1.0, 1.0]))] == expected


def test_spread_that_is_not_above_zero_is_wrong_and_an_unknown_one_is_not() -> None:
    found = list(judge_spreads("A", snapshots([0, 0, 0], [0.0, None, 1.0], [0.0, None, 1.0]), is_option=False))
    assert [(each.problem, each.found, each.looked_at, each.wrong) for each in found] == [("spread_not_positive", 1, 2, True)]


def test_wide_spreads_warn_but_of_options() -> None:
    rows = snapshots([0, 0], [50.0, 1.0], [5_000.0, 1.0])
    assert [(each.problem, each.wrong) for each in judge_spreads("A", rows, is_option=False)] == [("wide_spread", False)]
    assert list(judge_spreads("A", rows, is_option=True)) == []
