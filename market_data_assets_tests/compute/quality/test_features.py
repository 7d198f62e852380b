import datetime as dt

import pyarrow as pa

from market_data_assets.compute.quality.features import judge_finite, known_shares, missing_look_back, null_share
from market_data_assets.domain.datasets import TIMESTAMP

DAY = dt.date(2024, 8, 8)


def days(*numbers: int) -> list[dt.date]:
    return [DAY.replace(day=number) for number in numbers]


def test_infinite_values_and_nan_are_wrong_and_nulls_are_not() -> None:
    values = pa.array([1.0, None, float("inf"), float("nan")], pa.float64())
    table = pa.table({"timestamp": pa.array([1, 2, 3, 4], TIMESTAMP), "rsi_14": values, "obv": [1.0] * 4, "weekday": [1] * 4})
    (finding,) = judge_finite("A", table)
    assert (finding.problem, finding.found, finding.first_at, finding.wrong) == ("not_finite:rsi_14", 2, 3, True)


def test_nulls_are_counted_in_bars_with_trades() -> None:
    table = pa.table({"bucket_status": ["traded", "no_data"], "a": pa.array([None, None], pa.float64()), "b": [1.0, 2.0]})
    assert null_share(table) == (1, 2)


def test_hole_in_the_look_back_is_told_and_the_beginning_of_the_lake_is_none() -> None:
    assert missing_look_back(DAY, 5, days(4, 5, 7, 8)) == days(6)
    assert missing_look_back(DAY, 5, days(8)) == []
    assert missing_look_back(DAY, 2, days(1, 8)) == days(6, 7)
    assert missing_look_back(DAY, 5, []) == []


def test_known_shares_are_by_group_and_hour_of_bars_with_trades() -> None:
    hour = 3_600_000_000
    table = pa.table(
        {
            "timestamp": pa.array([0, 1, hour, 2 * hour]).cast(TIMESTAMP),
            "bucket_status": ["traded", "traded", "traded", "no_trades"],
            "a": pa.array([1.0, None, 1.0, None]),
            "b": pa.array([1.0, 1.0, None, None]),
            "c": pa.array([True, True, True, None]),
        }
    )
    shares = known_shares(table, {"a": "first", "b": "first", "c": "second"})
    assert shares == {("first", "00"): 0.75, ("first", "01"): 0.5, ("second", "00"): 1.0, ("second", "01"): 1.0}
