import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.compute.mft import recursive
from market_data_assets.compute.mft.bars import Floats

NAN = np.nan


def _floats(*values: float) -> Floats:
    return np.array(values)


def test_an_average_is_seeded_by_a_plain_mean_and_then_moves_by_its_weight() -> None:
    values = _floats(1.0, 2.0, 6.0, 7.0, 3.0)
    np.testing.assert_array_equal(recursive.exponential(values, 3), [NAN, NAN, 3.0, 5.0, 4.0])
    np.testing.assert_allclose(recursive.wilder(values, 3), [NAN, NAN, 3.0, 13 / 3, 35 / 9], rtol=1e-15)


def test_a_hole_ends_an_average_and_the_next_one_is_seeded_anew() -> None:
    values = _floats(1.0, 3.0, NAN, 5.0, NAN, 8.0, 10.0, 12.0)
    np.testing.assert_array_equal(recursive.exponential(values, 2), [NAN, 2.0, NAN, NAN, NAN, NAN, 9.0, 11.0])


def test_bars_are_passed_over_before_the_seed_after_every_hole() -> None:
    values = _floats(100.0, 1.0, 3.0, NAN, 100.0, 4.0, 6.0)
    np.testing.assert_array_equal(recursive.exponential(values, 2, 1), [NAN, NAN, 2.0, NAN, NAN, NAN, 5.0])


@given(value=st.floats(1e-12, 1e12), length=st.integers(1, 50))
def test_the_average_of_equal_values_is_exactly_that_value(value: float, length: int) -> None:
    found = recursive.exponential(np.full(60, value), length)
    assert (found[length - 1 :] == value).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.integers(1, 10))
def test_an_average_stays_between_the_extremes_since_its_seed(column: list[float], length: int) -> None:
    values = np.array(column)
    found = recursive.exponential(values, length)
    slack = 1e-9 * np.abs(values).max()
    for end in range(length - 1, len(values)):
        assert values[: end + 1].min() - slack <= found[end] <= values[: end + 1].max() + slack


def test_wilders_sum_loses_its_length_th_part_before_it_gains_the_next() -> None:
    np.testing.assert_allclose(recursive.wilder_sum(_floats(1.0, 2.0, 3.0, 3.0), 3), [NAN, NAN, 5.0, 19 / 3], rtol=1e-15)
    assert np.isnan(recursive.wilder_sum(_floats(1.0, 2.0, NAN, 3.0, 4.0), 3)).all()


def test_the_adaptive_average_is_fast_in_a_trend_and_slow_in_noise() -> None:
    values = _floats(1.0, 2.0, 3.0)
    fast = recursive.adaptive(values, _floats(NAN, 1.0, 1.0))
    slow = recursive.adaptive(values, _floats(NAN, 0.0, 0.0))
    assert fast[1] == pytest.approx(1.0 + 4 / 9)
    assert slow[1] == pytest.approx(1.0 + (2 / 31) ** 2)


def test_the_supertrend_turns_on_a_close_beyond_its_band_and_its_band_never_backs_off() -> None:
    close = _floats(10.0, 11.0, 10.5, 7.0, 6.0, 9.9)
    lines, directions = recursive.supertrend(close + 2.0, close - 2.0, close)
    assert directions.tolist() == [1.0, 1.0, 1.0, -1.0, -1.0, 1.0]
    assert lines.tolist() == [8.0, 9.0, 9.0, 9.0, 8.0, 7.9]


def test_the_supertrend_begins_rising_after_a_hole() -> None:
    close = _floats(10.0, 5.0, NAN, 4.0)
    _, directions = recursive.supertrend(close + 2.0, close - 2.0, close)
    np.testing.assert_array_equal(directions, [1.0, -1.0, NAN, 1.0])
