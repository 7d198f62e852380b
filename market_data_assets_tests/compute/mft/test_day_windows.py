"""Windows of whole days, against plain slices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.compute.mft import day_windows
from market_data_assets.compute.mft.bars import Bars
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets_tests.compute.mft.candles import FOUR_HOURS, HOUR, PERP, WHOLE_DAY
from market_data_assets_tests.compute.mft.references import over_windows


def _bars(timeframe: Timeframe, first: int, values: list[float]) -> Bars:
    """Bars that begin ``first`` bars after a midnight."""
    starts = timeframe.microseconds * (first + np.arange(len(values), dtype=np.int64))
    return Bars(PERP, timeframe, starts, np.ones(len(values), np.bool_), {"x": np.array(values)})


_VALUES = st.lists(st.floats(-1e3, 1e3) | st.just(float("nan")), min_size=1, max_size=40)


@given(values=_VALUES, first=st.integers(0, 7), days=st.integers(1, 4), timeframe=st.sampled_from([FOUR_HOURS, WHOLE_DAY]))
def test_totals_and_moments_are_those_of_the_window(values: list[float], first: int, days: int, timeframe: Timeframe) -> None:
    bars = _bars(timeframe, first, values)
    length = days * timeframe.buckets_per_day
    np.testing.assert_allclose(day_windows.total(bars, bars["x"], days), over_windows(bars, length, ("x",), np.sum), rtol=1e-9, atol=1e-9)
    if length > 1:
        mean, variance = day_windows.mean_and_variance(bars, bars["x"], days)
        np.testing.assert_allclose(mean, over_windows(bars, length, ("x",), np.mean), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(variance, over_windows(bars, length, ("x",), lambda x: x.var(ddof=1)), rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("value", [0.0, 1e-4, 1e9, -3.3])
def test_equal_values_have_no_variance_to_the_last_bit(value: float) -> None:
    bars = _bars(HOUR, 5, [value] * 200)
    mean, variance = day_windows.mean_and_variance(bars, bars["x"], 7)
    assert (mean[168:] == value).all()
    assert (variance[168:] == 0.0).all()


def test_tiny_variation_on_a_large_value_keeps_its_digits() -> None:
    bars = _bars(HOUR, 0, list(1e6 + 1e-3 * np.random.default_rng(1).standard_normal(240)))
    _, variance = day_windows.mean_and_variance(bars, bars["x"], 7)
    np.testing.assert_allclose(variance[-1], bars["x"][-168:].var(ddof=1), rtol=1e-6)
