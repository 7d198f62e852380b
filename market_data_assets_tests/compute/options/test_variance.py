"""The model-free variance of known smiles."""

import math

import numpy as np
import pytest

from market_data_assets.compute.options.variance import model_free_total_variance
from market_data_assets_tests.compute.options.chains import FORWARD, black

_YEARS = 30 / 365


def _variance(strikes: np.ndarray, volatility: float, forward: float = FORWARD) -> float:
    calls, puts = (np.array([black(kind, forward, float(k), _YEARS, volatility)[0] for k in strikes]) for kind in ("call", "put"))
    return float(model_free_total_variance(strikes, calls, puts, forward, np.empty(len(strikes))))


@pytest.mark.parametrize("volatility", [0.3, 0.6, 1.2])
@pytest.mark.parametrize("forward", [60_000.0, 60_250.0, 60_499.0])
def test_of_a_flat_smile_it_is_the_square_of_its_volatility(volatility: float, forward: float) -> None:
    strikes = np.arange(10_000.0, 300_000.0, 500.0)
    # A strip of step h prices the integral with an error of about h² / 24 of the density at the forward.
    assert math.sqrt(_variance(strikes, volatility, forward) / _YEARS) == pytest.approx(volatility, rel=2e-3)


def test_finer_strikes_come_closer() -> None:
    errors = [abs(math.sqrt(_variance(np.arange(20_000.0, 200_000.0, step), 0.6) / _YEARS) - 0.6) for step in (4_000.0, 1_000.0, 250.0)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-4


def test_the_strip_by_hand() -> None:
    strikes = np.array([80.0, 90.0, 100.0, 110.0, 130.0])
    calls, puts = np.array([22.0, 13.0, 6.0, 2.0, 0.5]), np.array([0.5, 1.5, 5.0, 11.0, 30.0])
    forward = 101.0
    expected = 2 * (10 / 80**2 * 0.5 + 10 / 90**2 * 1.5 + 10 / 100**2 * 5.5 + 15 / 110**2 * 2.0 + 20 / 130**2 * 0.5) - 0.01**2
    assert model_free_total_variance(strikes, calls, puts, forward, np.empty(5)) == pytest.approx(expected, rel=1e-14)


def test_two_strikes_in_a_row_without_a_mid_end_the_strip() -> None:
    strikes = np.arange(70.0, 150.0, 10.0)
    calls, puts = np.maximum(101.0 - strikes, 0.0) + 1.0, np.maximum(strikes - 101.0, 0.0) + 1.0
    puts[strikes == 80.0] = math.nan
    one = model_free_total_variance(strikes, calls, puts, 101.0, np.empty(8))
    assert math.isfinite(one)
    calls[(strikes == 120.0) | (strikes == 130.0)] = math.nan
    assert math.isnan(model_free_total_variance(strikes, calls, puts, 101.0, np.empty(8)))


@pytest.mark.parametrize("sides", [(1, 3), (3, 1), (0, 0)])
def test_fewer_than_two_options_on_a_side_give_nothing(sides: tuple[int, int]) -> None:
    strikes = 100.0 + 10.0 * np.arange(-sides[0], sides[1] + 1)
    assert math.isnan(model_free_total_variance(strikes, np.ones(len(strikes)), np.ones(len(strikes)), 101.0, np.empty(len(strikes))))


def test_without_a_strike_up_to_the_forward_there_is_nothing() -> None:
    strikes = np.arange(100.0, 150.0, 10.0)
    assert math.isnan(model_free_total_variance(strikes, np.ones(5), np.ones(5), 99.0, np.empty(5)))
