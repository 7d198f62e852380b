"""Points of a smile by hand."""

import math

import numpy as np
import pytest

from market_data_assets.compute.options.smile import at_delta, at_the_money, out_of_the_money

_NONE = math.nan


def test_the_volatility_at_the_money_is_linear_in_total_variance_over_log_strike() -> None:
    forward = 100.0
    strikes = forward * np.exp([-0.1, 0.3])
    expected = math.sqrt(0.75 * 0.8**2 + 0.25 * 0.4**2)
    assert at_the_money(strikes, np.array([0.8, 0.4]), forward) == pytest.approx(expected, rel=1e-14)


def test_a_strike_at_the_forward_is_at_the_money() -> None:
    assert at_the_money(np.array([90.0, 100.0, 110.0]), np.array([0.7, 0.5, 0.6]), 100.0) == 0.5


def test_strikes_without_a_volatility_are_no_neighbours() -> None:
    strikes, volatilities = np.array([80.0, 99.0, 101.0, 125.0]), np.array([0.6, _NONE, _NONE, 0.6])
    assert at_the_money(strikes, volatilities, 100.0) == pytest.approx(0.6, rel=1e-14)


@pytest.mark.parametrize("forward", [79.0, 126.0])
def test_nothing_is_extrapolated_beyond_the_strikes(forward: float) -> None:
    assert math.isnan(at_the_money(np.array([80.0, 125.0]), np.array([0.6, 0.6]), forward))


def test_the_volatility_at_a_delta_is_linear_in_the_delta() -> None:
    strikes, deltas, volatilities = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.9, 0.35, 0.15, 0.01]), np.array([0.5, 0.6, 0.8, 0.9])
    assert at_delta(strikes, deltas, volatilities, 0.25, 2.0) == pytest.approx(0.7, rel=1e-14)
    assert at_delta(strikes, -deltas[::-1], volatilities[::-1], -0.25, 3.0) == pytest.approx(0.7, rel=1e-14)


def test_options_deep_in_the_money_are_not_searched() -> None:
    # Deltas less the premium fall again far in the money: 0.26 at the lowest strike is nearer to 0.25 than 0.35 out of the money.
    strikes, deltas, volatilities = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.26, 0.6, 0.35, 0.15]), np.array([2.0, 0.5, 0.6, 0.8])
    assert at_delta(strikes, deltas, volatilities, 0.25, 2.5) == pytest.approx(0.7, rel=1e-14)
    assert at_delta(strikes, -deltas[::-1], volatilities[::-1], -0.25, 2.5) == pytest.approx(0.7, rel=1e-14)
    assert at_delta(strikes, deltas, volatilities, 0.25, math.nextafter(3.0, 4.0)) == pytest.approx(0.7, rel=1e-14)
    assert math.isnan(at_delta(strikes, deltas, volatilities, 0.25, math.nextafter(4.0, 5.0)))


def test_a_delta_that_is_quoted_is_taken_as_it_is() -> None:
    assert at_delta(np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.25, 0.1]), np.array([0.5, 0.6, 0.8]), 0.25, 1.0) == 0.6


@pytest.mark.parametrize("deltas", [[0.5, 0.4], [0.2, 0.1], [_NONE, 0.1]])
def test_nothing_is_extrapolated_beyond_the_deltas(deltas: list[float]) -> None:
    assert math.isnan(at_delta(np.array([1.0, 2.0]), np.array(deltas), np.array([0.5, 0.6]), 0.25, 1.0))


def test_the_smile_is_of_options_out_of_the_money_and_of_the_other_where_there_is_none() -> None:
    strikes = np.array([80.0, 90.0, 100.0, 110.0, 120.0])
    calls, puts = np.array([1.0, 1.1, 1.2, _NONE, _NONE]), np.array([2.0, _NONE, 2.2, 2.3, _NONE])
    into = np.empty(5)
    assert out_of_the_money(calls, puts, strikes, 100.0, into) == 4
    np.testing.assert_array_equal(into, [2.0, 1.1, 1.2, 2.3, _NONE])
