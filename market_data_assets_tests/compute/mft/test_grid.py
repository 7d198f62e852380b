"""Stored candles as bars: holes, flat bars, and tables that are refused."""

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.compute.mft.grid import CandleDays, Grid, grid_of
from market_data_assets.errors import QueryError, SchemaDrift
from market_data_assets_tests.compute.mft import candles
from market_data_assets_tests.compute.mft.candles import BTC, DAY, FOUR_HOURS, HOUR, PERP

BEFORE = DAY - dt.timedelta(days=1)
PRICES = ("open", "high", "low", "close")


def _grid(columns: dict[str, Any]) -> Grid:
    days = CandleDays(PERP, {DAY: candles.table_of(PERP, FOUR_HOURS, columns)})
    return grid_of(days, [DAY], FOUR_HOURS, [*PRICES, "volume", "mark_price"])


def test_bars_without_trades_are_flat_and_other_columns_as_stored() -> None:
    columns = candles.columns_of(PERP, DAY, FOUR_HOURS)
    bars = _grid(candles.without_trades(columns, [2, 3], "no_trades")).bars
    assert bars.known.all()
    for name in PRICES:
        assert bars[name][2:4].tolist() == [columns["close"][1]] * 2
        assert bars[name][[1, 4]].tolist() == columns[name][[1, 4]].tolist()
    assert bars["volume"][2:4].tolist() == [0.0, 0.0]
    assert bars["mark_price"].tolist() == columns["mark_price"].tolist()


@pytest.mark.parametrize("status", ["no_data", "halted", "not_listed"])
def test_holes_are_nothing_at_all_and_no_price_is_carried_over_them(status: str) -> None:
    columns = candles.without_trades(candles.columns_of(PERP, DAY, FOUR_HOURS), [1], status)
    bars = _grid(candles.without_trades(columns, [2, 4], "no_trades")).bars
    assert bars.known.tolist() == [True, False, True, True, True, True]
    assert np.isnan(bars["close"]).tolist() == [False, True, True, False, False, False]
    assert np.isnan(bars["mark_price"]).tolist() == [False, True, False, False, False, False]
    assert bars["close"][4] == bars["close"][3]


def test_a_day_that_is_not_stored_is_a_hole() -> None:
    grid = grid_of(candles.candle_days(PERP, HOUR, [DAY]), [BEFORE, DAY], HOUR, ["volume"])
    assert grid.absent.tolist() == [True] * 24 + [False] * 24
    assert np.isnan(grid.bars["volume"][:24]).all()
    assert np.isfinite(grid.bars["volume"][24:]).all()
    assert np.isnan(grid.bars["no_data"][:24]).all()


def test_nothing_stored_is_holes_only() -> None:
    grid = grid_of(CandleDays(PERP, {}), [DAY], HOUR, ["volume"])
    assert not grid.bars.known.any()
    assert len(grid.bars) == 24


def test_instants_keep_every_microsecond() -> None:
    grid = grid_of(candles.candle_days(PERP, HOUR, [DAY]), [DAY], HOUR, ["funding_timestamp"])
    assert grid.bars["funding_timestamp"].astype(np.int64).tolist() == candles.columns_of(PERP, DAY, HOUR)["funding_timestamp"].tolist()


def test_last_bars_take_the_benchmark_with_them() -> None:
    bars = candles.sample_bars(HOUR, 2).last(5)
    assert bars.benchmark is not None
    assert len(bars) == len(bars.benchmark) == len(bars["close"]) == 5
    assert bars.last(9).start.tolist() == bars.start.tolist()


def _hour_table() -> pa.Table:
    return candles.candle_days(PERP, HOUR, [DAY]).tables[DAY]


@pytest.mark.parametrize(
    ("days", "error", "message"),
    [
        (CandleDays(PERP, {DAY: _hour_table().drop_columns(["volume"])}), SchemaDrift, r"2024-08-08: missing columns \['volume'\]"),
        (CandleDays(BTC, {DAY: _hour_table()}), QueryError, "expected one instrument, found .*ETH-USDT"),
        (CandleDays(PERP, {BEFORE: _hour_table()}), QueryError, "a bucket of 2024-08-08 is among those of another day"),
        (CandleDays(PERP, {DAY: _hour_table().take(pa.array([1, 0]))}), QueryError, "expected ascending starts of 1h buckets"),
        (candles.candle_days(PERP, candles.QUARTER, [DAY]), QueryError, "expected ascending starts of 1h buckets"),
    ],
)
def test_other_tables_are_refused(days: CandleDays, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        grid_of(days, [BEFORE, DAY], HOUR, ["volume"])
