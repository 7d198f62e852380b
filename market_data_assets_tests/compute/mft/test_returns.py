import math

import numpy as np
import pytest

from market_data_assets.compute.mft import returns
from market_data_assets.compute.mft.bars import Bars
from market_data_assets_tests.compute.mft.walks import closes, random_walk, with_holes

FEATURES = {feature.name: feature for feature in returns.FEATURES}


def _last(name: str, bars: Bars) -> float:
    return float(FEATURES[name].value(bars)[-1])


@pytest.mark.parametrize("length", [1, 5, 15, 60])
def test_returns_are_logarithms_and_momentum_is_simple(length: int) -> None:
    growth = 1.002
    bars = closes(7.0 * growth ** np.arange(80))
    assert _last(f"return_{length}", bars) == pytest.approx(length * math.log(growth), rel=1e-12)
    assert _last("momentum_30", bars) == pytest.approx(growth**30 - 1.0, rel=1e-12)


def test_returns_of_one_bar_add_to_those_of_several() -> None:
    bars = random_walk(3, 100)
    ones = FEATURES["return_1"].value(bars)
    np.testing.assert_allclose(FEATURES["return_15"].value(bars)[15:], np.convolve(ones[1:], np.ones(15), "valid"), atol=1e-12)


def test_a_return_over_a_hole_is_null_although_both_of_its_ends_are_known() -> None:
    values = FEATURES["return_5"].value(with_holes(random_walk(3, 30), [12]))
    assert np.flatnonzero(np.isnan(values)).tolist() == [0, 1, 2, 3, 4, 12, 13, 14, 15, 16, 17]


def test_a_price_of_0_gives_null() -> None:
    values = FEATURES["return_1"].value(closes([1.0, 0.0, 1.0, 2.0]))
    assert np.isnan(values[:3]).all()
    assert values[3] == math.log(2.0)


def test_acceleration_is_the_change_of_momentum_and_0_at_a_constant_rate() -> None:
    assert _last("acceleration_10", closes(1.001 ** np.arange(40))) == pytest.approx(0.0, abs=1e-14)
    assert _last("acceleration_10", closes([1.0] * 20 + [1.5])) == 0.5


def test_the_zscore_of_a_single_step_is_the_root_of_the_others() -> None:
    """One of 20 values away from the rest: (1 − 1/20) / √(1/20 · 19/20) = √19."""
    assert _last("zscore_20", closes([1.0] * 19 + [2.0])) == pytest.approx(math.sqrt(19.0), rel=1e-12)


def test_drawdown_is_from_the_peak_to_now_and_the_deepest_from_any_peak_to_a_later_trough() -> None:
    prices = [50.0] * 56 + [100.0, 60.0, 110.0, 99.0]
    assert _last("drawdown_60", closes(prices)) == pytest.approx(-0.1, rel=1e-12)
    assert _last("max_drawdown_60", closes(prices)) == pytest.approx(-0.4, rel=1e-12)


def test_a_peak_that_left_the_window_is_forgotten() -> None:
    prices = [1_000.0] + [50.0] * 59 + [60.0]
    assert _last("drawdown_60", closes(prices)) == 0.0
    assert _last("max_drawdown_60", closes(prices)) == 0.0
