"""Constant maturities by hand."""

import math

import numpy as np
import pytest

from market_data_assets.compute.options.maturities import volatility_at


def _at(days: float, expiries: dict[float, float]) -> float:
    years = np.array([[expiry / 365 for expiry in expiries]])
    variances = np.array([[volatility**2 for volatility in expiries.values()]]) * years
    return float(volatility_at(days, years, variances)[0])


def test_total_variance_is_linear_between_the_neighbouring_expiries() -> None:
    expected = math.sqrt((0.75 * 0.6**2 * 20 + 0.25 * 0.5**2 * 60) / 30)
    assert _at(30, {10: 0.9, 20: 0.6, 60: 0.5, 90: 0.4}) == pytest.approx(expected, rel=1e-14)


def test_an_expiry_at_the_maturity_is_taken_as_it_is() -> None:
    assert _at(30, {10: 0.9, 30: 0.6, 60: 0.5}) == pytest.approx(0.6, rel=1e-14)


def test_expiries_without_a_value_are_no_neighbours() -> None:
    assert _at(30, {10: 0.6, 29: math.nan, 31: math.nan, 60: 0.6}) == pytest.approx(0.6, rel=1e-14)


@pytest.mark.parametrize("days", [7, 90])
def test_nothing_is_extrapolated(days: float) -> None:
    assert math.isnan(_at(days, {10: 0.6, 60: 0.5}))


def test_no_expiries_give_nothing() -> None:
    assert np.isnan(volatility_at(30, np.empty((3, 0)), np.empty((3, 0)))).all()


def test_a_flat_term_structure_is_the_same_at_every_maturity() -> None:
    assert [_at(days, {1: 0.6, 20: 0.6, 200: 0.6}) for days in (7, 30, 90)] == pytest.approx([0.6] * 3, rel=1e-14)
