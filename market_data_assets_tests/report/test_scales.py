import pytest

from market_data_assets.report.scales import Scale, round_marks, time_marks, written
from market_data_assets_tests.report.tables import START


@pytest.mark.parametrize(
    ("low", "high", "about", "marks"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (59_100, 61_200, 3, [60_000, 61_000]),
        (-1, 1, 3, [-1, 0, 1]),
        (0.0001, 0.0003, 2, [0.0001, 0.0002, 0.0003]),
        (5, 5, 3, [5]),
    ],
)
def test_marks_are_round_and_within_the_range(low: float, high: float, about: int, marks: list[float]) -> None:
    assert round_marks(low, high, about) == pytest.approx(marks)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0, 500, 1_000], ["0", "500", "1,000"]),
        ([59_000, 60_000], ["59,000", "60,000"]),
        ([0.1, 0.15], ["0.10", "0.15"]),
        ([0, 2_000_000], ["0M", "2M"]),
        ([1e-5, 2e-5], ["0.00001", "0.00002"]),
        ([5], ["5"]),
        ([0], ["0"]),
    ],
)
def test_marks_are_written_with_as_many_digits_as_tell_them_apart(values: list[float], texts: list[str]) -> None:
    assert written(values) == texts


def test_times_of_a_day_are_every_three_hours_and_those_of_an_hour_every_ten_minutes() -> None:
    hour = 3_600_000_000
    assert [label for _, label in time_marks(START, START + 24 * hour)][:3] == ["08 Aug", "03:00", "06:00"]
    assert [label for _, label in time_marks(START + hour, START + 2 * hour)] == ["01:00", *(f"01:{m}0" for m in range(1, 6)), "02:00"]


def test_scale_without_width_stays_where_it_starts() -> None:
    assert Scale(5, 5, 100, 0)(5) == 100
