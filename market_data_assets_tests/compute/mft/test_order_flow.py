"""Sums of order flow."""

import numpy as np

from market_data_assets_tests.compute.mft.candles import HOUR, changed, sample_bars, value_of
from market_data_assets_tests.compute.mft.references import assert_matches, over_windows

BARS = sample_bars(HOUR, 3)


def test_order_flow_is_summed() -> None:
    assert_matches(value_of("ofi_20", BARS), over_windows(BARS, 20, ("ofi",), np.sum))
    wanted = over_windows(BARS, 20, ("volume_delta", "volume"), lambda delta, volume: delta.sum() / volume.sum())
    assert_matches(value_of("volume_imbalance_20", BARS), wanted)


def test_a_bar_without_book_data_makes_the_window_null() -> None:
    flow = BARS["ofi"].copy()
    flow[30] = np.nan
    found = value_of("ofi_20", changed(BARS, ofi=flow))
    assert np.flatnonzero(np.isnan(found)).tolist() == [*range(19), *range(30, 50)]
