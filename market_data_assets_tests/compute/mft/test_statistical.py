"""Shape and memory of returns, against pandas, plain formulas and processes whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from market_data_assets.compute.mft.bars import Floats
from market_data_assets_tests.compute.mft.candles import HOUR, changed, sample_bars, value_of
from market_data_assets_tests.compute.mft.references import assert_matches, over_windows
from market_data_assets_tests.compute.mft.walks import closes

BARS = sample_bars(HOUR, 13)
RETURNS = pd.Series(np.log(BARS["close"])).diff()


def _walk(seed: int, length: int, memory: float = 0.0) -> Floats:
    """Prices whose returns r_t = memory · r_(t−1) + noise."""
    noise = np.random.default_rng(seed).normal(scale=1e-3, size=length)
    for one in range(1, length):
        noise[one] += memory * noise[one - 1]
    return 100.0 * np.exp(np.cumsum(noise))


def test_skewness_and_kurtosis_are_those_of_pandas() -> None:
    assert_matches(value_of("skewness_60", BARS), RETURNS.rolling(60).skew().to_numpy(), 1e-6, 1e-9)
    assert_matches(value_of("kurtosis_60", BARS), RETURNS.rolling(60).kurt().to_numpy(), 1e-6, 1e-9)


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 5])
def test_autocorrelation_is_its_formula(lag: int) -> None:
    def reference(close: Floats) -> float:
        deviations = np.diff(np.log(close)) - np.diff(np.log(close)).mean()
        return float(np.dot(deviations[lag:], deviations[:-lag]) / np.dot(deviations, deviations))

    assert_matches(value_of(f"autocorrelation_{lag}_60", BARS), over_windows(BARS, 61, ("close",), reference))


@pytest.mark.parametrize("lag", [2, 8])
def test_variance_ratio_is_its_formula(lag: int) -> None:
    def reference(close: Floats) -> float:
        log, count = np.log(close), 128
        drift = (log[-1] - log[0]) / count
        one = sum((log[k] - log[k - 1] - drift) ** 2 for k in range(1, count + 1)) / (count - 1)
        weight = lag * (count - lag + 1) * (1 - lag / count)
        return float(sum((log[k] - log[k - lag] - lag * drift) ** 2 for k in range(lag, count + 1)) / weight / one)

    assert_matches(value_of(f"variance_ratio_{lag}", BARS), over_windows(BARS, 129, ("close",), reference))


def test_hurst_is_its_formula() -> None:
    def reference(close: Floats) -> float:
        log, lags = np.log(close), np.arange(1, 65)
        moved = [np.abs(log[lag:] - log[:-lag]).mean() for lag in lags]
        return float(np.polyfit(np.log(lags), np.log(moved), 1)[0])

    bars = BARS.last(180)
    assert_matches(value_of("hurst_128", bars), over_windows(bars, 128, ("close",), reference))


def test_walks_without_memory_trends_and_reversals_are_told_apart() -> None:
    none, trend, reversal = (closes(_walk(7, 3_000, memory)) for memory in (0.0, 0.4, -0.4))
    assert abs(np.nanmean(value_of("variance_ratio_2", none)) - 1.0) < 0.05
    assert np.nanmean(value_of("variance_ratio_2", trend)) > 1.2
    assert np.nanmean(value_of("variance_ratio_2", reversal)) < 0.8
    assert abs(np.nanmean(value_of("autocorrelation_1_60", trend)) - 0.4) < 0.1
    assert abs(np.nanmean(value_of("hurst_128", none)) - 0.5) < 0.08


def test_hurst_of_a_straight_line_is_one() -> None:
    line = closes(100.0 * np.exp(1e-3 * np.arange(130.0)))
    np.testing.assert_allclose(value_of("hurst_128", line)[127:], 1.0, rtol=1e-9)


def test_sign_entropy_counts_falling_flat_and_rising() -> None:
    steps = np.tile([0.01, 0.0, -0.01], 30)
    assert value_of("sign_entropy_60", closes(100.0 + np.cumsum(steps)))[-1] == pytest.approx(np.log2(3.0))
    assert value_of("sign_entropy_60", closes(100.0 + np.arange(90.0)))[-1] == 0.0


def test_tail_index_is_that_of_hill() -> None:
    def reference(close: Floats) -> float:
        largest = np.sort(np.abs(np.diff(np.log(close))))[::-1]
        return float(1.0 / np.mean(np.log(largest[:12] / largest[12])))

    assert_matches(value_of("tail_index_240", BARS), over_windows(BARS, 241, ("close",), reference))


def test_what_needs_variation_is_null_without_it() -> None:
    still = changed(BARS, close=np.full(len(BARS), 100.0))
    for name in ("hurst_128", "variance_ratio_2", "autocorrelation_1_60", "skewness_60", "kurtosis_60", "tail_index_240"):
        assert np.isnan(value_of(name, still)).all()
