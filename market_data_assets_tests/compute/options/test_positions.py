"""Open interest by hand."""

import math

import numpy as np
import pytest

from market_data_assets.compute.options.positions import gamma_of, known_sum, max_pain, weighted_strike

_STRIKES = np.array([90.0, 100.0, 120.0])
_NONE = math.nan


def test_max_pain_is_where_the_holders_get_least() -> None:
    calls, puts = np.array([10.0, 0.0, 5.0]), np.array([0.0, 4.0, 8.0])
    # Paid at 90: 4·10 + 8·30 = 280; at 100: 10·10 + 8·20 = 260; at 120: 10·30 = 300.
    assert max_pain(_STRIKES, calls, puts) == 100.0


def test_of_strikes_that_pay_the_same_max_pain_is_the_lowest() -> None:
    assert max_pain(_STRIKES, np.array([0.0, 0.0, 3.0]), np.array([3.0, 0.0, 0.0])) == 90.0


def test_strikes_are_weighted_by_the_open_interest_of_both_sides() -> None:
    assert weighted_strike(_STRIKES, np.array([1.0, _NONE, 0.0]), np.array([1.0, 2.0, _NONE])) == pytest.approx(95.0)


def test_without_open_interest_there_is_no_strike() -> None:
    none, zero = np.full(3, _NONE), np.zeros(3)
    assert all(math.isnan(of(_STRIKES, calls, calls)) for of in (max_pain, weighted_strike) for calls in (none, zero))


def test_a_sum_of_nothing_known_is_not_zero() -> None:
    assert known_sum(np.array([_NONE, 2.0, 3.0])) == 5.0
    assert math.isnan(known_sum(np.array([_NONE])))


def test_gamma_counts_where_both_it_and_the_open_interest_are_known() -> None:
    assert gamma_of(np.array([0.5, 0.25, _NONE]), np.array([2.0, _NONE, 8.0])) == 1.0
    assert math.isnan(gamma_of(np.array([0.5]), np.array([_NONE])))
