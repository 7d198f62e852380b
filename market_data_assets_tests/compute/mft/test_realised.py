"""Sums of realised measures, against plain sums of slices."""

import numpy as np
import pytest

from market_data_assets_tests.compute.mft.candles import FOUR_HOURS, HOUR, QUARTER, WHOLE_DAY, changed, sample_bars, value_of
from market_data_assets_tests.compute.mft.references import assert_matches, over_windows

BARS = sample_bars(HOUR, 9)


@pytest.mark.parametrize(
    ("name", "bars", "length"),
    [
        ("rv_20", BARS, 20),
        ("har_rv_1h", BARS, 1),
        ("har_rv_1h", sample_bars(QUARTER, 2), 4),
        ("har_rv_1d", BARS, 24),
        ("har_rv_7d", BARS, 168),
        ("har_rv_1d", sample_bars(WHOLE_DAY, 9), 1),
        ("har_rv_7d", sample_bars(WHOLE_DAY, 9), 7),
    ],
)
def test_realised_variance_is_summed_over_its_window(name, bars, length) -> None:  # type: ignore[no-untyped-def]
    assert_matches(value_of(name, bars), over_windows(bars, length, ("rv_1s",), np.sum))


def test_an_hour_does_not_exist_in_longer_bars() -> None:
    assert np.isnan(value_of("har_rv_1h", sample_bars(FOUR_HOURS, 3))).all()


def test_a_known_bar_without_returns_adds_nothing() -> None:
    quiet = BARS["rv_1s"].copy()
    quiet[[30, 31]] = np.nan
    zero = np.where(np.isnan(quiet), 0.0, quiet)
    for name in ("rv_20", "har_rv_1d"):
        np.testing.assert_array_equal(value_of(name, changed(BARS, rv_1s=quiet)), value_of(name, changed(BARS, rv_1s=zero)))


def test_shares_of_variance() -> None:
    columns = ("rv_tick", "bipower_variation", "rs_up", "rs_down")
    assert_matches(value_of("bipower_variation_20", BARS), over_windows(BARS, 20, columns[1:2], np.sum))
    assert_matches(
        value_of("jump_share_20", BARS), over_windows(BARS, 20, columns[:2], lambda rv, bpv: max(rv.sum() - bpv.sum(), 0.0) / rv.sum())
    )
    assert_matches(
        value_of("semivariance_ratio_20", BARS), over_windows(BARS, 20, columns[2:], lambda up, down: up.sum() / (up.sum() + down.sum()))
    )
    assert value_of("jump_share_20", changed(BARS, bipower_variation=2.0 * BARS["rv_tick"]))[-1] == 0.0


def test_volatility_of_volatility() -> None:
    wanted = over_windows(BARS, 20, ("rv_1s",), lambda rv: np.sqrt(rv).std(ddof=1) / np.sqrt(rv).mean())
    assert_matches(value_of("volatility_of_volatility_20", BARS), wanted)
