"""Windows against their definitions, written as loops over slices."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.compute.mft import regression, rolling, rolling_order
from market_data_assets.compute.mft.bars import Floats

Fold = Callable[[Floats], float]


def _fall(window: Floats) -> float:
    return float(np.min(window / np.maximum.accumulate(window) - 1.0))


BY_DEFINITION: dict[str, tuple[Callable[[Floats, int], Floats], Fold]] = {
    "total": (rolling.total, np.sum),
    "mean": (rolling.mean, np.mean),
    "maximum": (rolling.maximum, np.max),
    "minimum": (rolling.minimum, np.min),
    "population variance": (lambda x, n: rolling.variance(x, n, 0), np.var),
    "population deviation": (lambda x, n: rolling.deviation(x, n, 0), np.std),
    "mean absolute deviation": (rolling.mean_absolute_deviation, lambda w: float(np.mean(np.abs(w - np.mean(w))))),
    "bars since the oldest maximum": (lambda x, n: rolling.age(x, n, np.greater), lambda w: len(w) - 1 - int(np.argmax(w))),
    "bars since the newest maximum": (lambda x, n: rolling.age(x, n, np.greater_equal), lambda w: int(np.argmax(w[::-1]))),
    "bars since the oldest minimum": (lambda x, n: rolling.age(x, n, np.less), lambda w: len(w) - 1 - int(np.argmin(w))),
    "bars since the newest minimum": (lambda x, n: rolling.age(x, n, np.less_equal), lambda w: int(np.argmin(w[::-1]))),
    "rank": (rolling.rank, lambda w: float(pd.Series(w).rank(pct=True).iloc[-1])),
    "deepest fall": (rolling.deepest_fall, _fall),
    "oldest": (lambda x, n: rolling.oldest(x, n - 1), lambda w: float(w[0])),
    "upper quantile": (lambda x, n: rolling_order.quantile(x, n, 0.8), lambda w: float(np.quantile(w, 0.8))),
    "lower quantile": (lambda x, n: rolling_order.quantile(x, n, 0.2), lambda w: float(np.quantile(w, 0.2))),
    "highest quantile": (lambda x, n: rolling_order.quantile(x, n, 1.0), np.max),
}
# Few distinct values, so that ties are common.
columns = st.lists(st.one_of(st.integers(1, 5).map(float), st.floats(0.5, 2.0), st.just(np.nan)), max_size=40)


@pytest.mark.parametrize("name", BY_DEFINITION)
@given(column=columns, length=st.integers(1, 9))
def test_every_whole_window_is_folded_and_no_other(name: str, column: list[float], length: int) -> None:
    window, fold = BY_DEFINITION[name]
    values = np.array(column, np.float64)
    expected = np.full(len(values), np.nan)
    for end in range(length, len(values) + 1):
        slice_ = values[end - length : end]
        if not np.isnan(slice_).any():
            expected[end - 1] = fold(slice_)
    np.testing.assert_allclose(window(values, length), expected, rtol=1e-12, atol=1e-12)


@given(column=columns, other=columns, length=st.integers(2, 9))
def test_correlation_is_that_of_numpy_and_null_where_a_side_does_not_vary(column: list[float], other: list[float], length: int) -> None:
    size = min(len(column), len(other))
    first, second = np.array(column[:size], np.float64), np.array(other[:size], np.float64)
    found = rolling.correlation(first, second, length)
    assert len(found) == size
    for end in range(size):
        one, two = first[max(end - length + 1, 0) : end + 1], second[max(end - length + 1, 0) : end + 1]
        if len(one) < length or np.isnan(one + two).any() or np.ptp(one) == 0.0 or np.ptp(two) == 0.0:
            assert np.isnan(found[end])
        else:
            assert found[end] == pytest.approx(np.corrcoef(one, two)[0, 1], abs=1e-9)


@given(value=st.floats(1e-12, 1e12), length=st.integers(2, 60))
def test_equal_values_have_themselves_as_mean_and_vary_by_exactly_0(value: float, length: int) -> None:
    values = np.full(length, value)
    assert rolling.mean(values, length)[-1] == value
    assert rolling.variance(values, length, 1)[-1] == 0.0
    assert rolling.mean_absolute_deviation(values, length)[-1] == 0.0


@given(start=st.floats(-1e6, 1e6), slope=st.floats(-1e3, 1e3), length=st.integers(2, 60))
def test_a_straight_line_has_its_slope_and_nothing_left(start: float, slope: float, length: int) -> None:
    values = start + slope * np.arange(length)
    lines = regression.lines(values, length)
    size = abs(start) + abs(slope) * length
    assert lines.slope[-1] == pytest.approx(slope, rel=1e-9, abs=1e-12 * size)
    assert lines.residual[-1] == pytest.approx(0.0, abs=1e-12 * size)
    if abs(slope) > 1e-3 * max(abs(start), 1.0) / length:
        assert lines.r_squared[-1] == pytest.approx(1.0, abs=1e-6)


def test_a_fitted_line_is_that_of_numpy() -> None:
    values = np.random.default_rng(3).normal(size=40)
    lines = regression.lines(values, 20)
    slope, intercept = np.polyfit(np.arange(20.0), values[-20:], 1)
    fitted = intercept + slope * np.arange(20.0)
    assert lines.slope[-1] == pytest.approx(slope, rel=1e-9)
    assert lines.residual[-1] == pytest.approx(values[-1] - fitted[-1], rel=1e-9)
    assert lines.r_squared[-1] == pytest.approx(np.corrcoef(np.arange(20.0), values[-20:])[0, 1] ** 2, rel=1e-9)
    assert np.isnan(regression.lines(np.ones(20), 20).r_squared[-1])


def test_the_past_is_never_out_of_reach() -> None:
    values = np.array([1.0, 2.0, 3.0])
    assert np.isnan(rolling.previous(values, 5)).all()
    assert rolling.previous(values, 0).tolist() == [1.0, 2.0, 3.0]
    assert rolling.change(values)[1:].tolist() == [1.0, 1.0]
