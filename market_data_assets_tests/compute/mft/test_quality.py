"""Gaps and holes."""

import numpy as np

from market_data_assets.compute.mft.grid import grid_of
from market_data_assets_tests.compute.mft import candles
from market_data_assets_tests.compute.mft.candles import DAY, HOUR, PERP, sample_bars, value_of
from market_data_assets_tests.compute.mft.references import assert_matches, over_windows


def test_gap_is_the_largest_of_the_window() -> None:
    bars = sample_bars(HOUR, 3)
    assert_matches(value_of("gap_us_20", bars), over_windows(bars, 20, ("gap_us",), np.max))


def test_share_counts_what_nothing_is_known_of_and_not_a_halt() -> None:
    columns = candles.columns_of(PERP, DAY, HOUR)
    columns = candles.without_trades(columns, [20], "no_data")
    columns = candles.without_trades(columns, [21], "halted")
    columns = candles.without_trades(columns, [22], "no_trades")
    table = candles.table_of(PERP, HOUR, columns)
    bars = grid_of(candles.CandleDays(PERP, {DAY: table}), [DAY], HOUR, ["gap_us"]).bars
    np.testing.assert_allclose(value_of("no_data_share_20", bars)[18:], [np.nan, 0.0, 0.05, 0.05, 0.05, 0.05])
    assert np.isnan(value_of("gap_us_20", bars)[20:]).all()


def test_share_is_null_where_a_bar_was_not_listed_or_not_stored() -> None:
    columns = candles.without_trades(candles.columns_of(PERP, DAY, HOUR), [1], "not_listed")
    bars = grid_of(candles.CandleDays(PERP, {DAY: candles.table_of(PERP, HOUR, columns)}), [DAY], HOUR, []).bars
    assert np.flatnonzero(~np.isnan(value_of("no_data_share_20", bars))).tolist() == [21, 22, 23]
