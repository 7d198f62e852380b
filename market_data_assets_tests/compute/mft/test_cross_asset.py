"""The instrument against the benchmark."""

from dataclasses import replace

import numpy as np

from market_data_assets.compute.mft.bars import Bars
from market_data_assets_tests.compute.mft.candles import HOUR, changed, sample_bars, value_of
from market_data_assets_tests.compute.mft.references import assert_matches

BARS = sample_bars(HOUR, 5)
NAMES = ("btc_beta_60", "btc_correlation_60")


def _benchmark(bars: Bars) -> Bars:
    assert bars.benchmark is not None
    return bars.benchmark


def test_beta_and_correlation_are_those_of_the_returns() -> None:
    own, other = (np.diff(np.log(bars["close"])) for bars in (BARS, _benchmark(BARS)))
    beta, correlation = np.full(len(BARS), np.nan), np.full(len(BARS), np.nan)
    for end in range(60, len(BARS)):
        covariance = np.cov(own[end - 60 : end], other[end - 60 : end])
        beta[end] = covariance[0, 1] / covariance[1, 1]
        correlation[end] = np.corrcoef(own[end - 60 : end], other[end - 60 : end])[0, 1]
    assert_matches(value_of("btc_beta_60", BARS), beta)
    assert_matches(value_of("btc_correlation_60", BARS), correlation)


def test_twice_the_returns_have_a_beta_of_two() -> None:
    twice = changed(BARS, close=_benchmark(BARS)["close"] ** 2)
    np.testing.assert_allclose(value_of("btc_beta_60", twice)[60:], 2.0)
    np.testing.assert_allclose(value_of("btc_correlation_60", twice)[60:], 1.0)


def test_benchmark_against_itself_has_a_beta_of_one() -> None:
    itself = replace(_benchmark(BARS), benchmark=_benchmark(BARS))
    np.testing.assert_allclose(value_of("btc_beta_60", itself)[60:], 1.0)


def test_without_a_benchmark_both_are_null() -> None:
    for name in NAMES:
        assert np.isnan(value_of(name, replace(BARS, benchmark=None))).all()


def test_a_hole_of_the_benchmark_makes_the_window_null() -> None:
    close = _benchmark(BARS)["close"].copy()
    close[70] = np.nan
    holed = replace(BARS, benchmark=changed(_benchmark(BARS), close=close))
    for name in NAMES:
        assert np.flatnonzero(np.isnan(value_of(name, holed))[60:]).tolist() == list(range(10, len(BARS) - 60))
