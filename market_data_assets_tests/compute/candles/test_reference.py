"""Every feature equals a plain computation from the text of its formula."""

import math
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.candles.registry import FEATURES
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe
from market_data_assets_tests.compute.candles.reference import candle
from market_data_assets_tests.compute.candles.trades import (
    CLOSE_TRADES,
    CONTRACTS,
    DAY,
    DECIMAL_TRADES,
    INVERSE,
    LINEAR,
    MIDNIGHT,
    SECOND,
    SPOT,
    Trade,
    numbered,
    table,
)

# Of the difference of large numbers, a double of the reference keeps less than the sums do.
_CANCELLING = {"trade_size_std", "intertrade_std", "jump_variation", "roll_spread", "kyle_lambda", "efficiency", "return_log"}
_NOT_IN_REFERENCE = {"instrument_id", "bucket_status"}
_TIMES = {"timestamp", "timestamp_close", "available_at", "first_trade_at", "last_trade_at"}


def _plain(candles: pa.Table) -> list[dict[str, object]]:
    for name in _TIMES:
        place = candles.column_names.index(name)
        candles = candles.set_column(place, name, candles[name].cast(pa.int64()))
    return candles.to_pylist()


def _assert_equal(name: str, found: object, expected: object, scale: float) -> None:
    if expected is None or isinstance(expected, int | str):
        assert found == expected, name
        return
    assert isinstance(expected, float)
    assert isinstance(found, float), (name, expected)
    tolerance = max(1e-9 * abs(expected), 1e-7 * scale) if name in _CANCELLING else 1e-12 * abs(expected)
    assert math.isclose(found, expected, rel_tol=0, abs_tol=tolerance), (name, found, expected)


def _assert_candles(trades: list[Trade], contract: Contract, timeframes: tuple[Timeframe, ...]) -> None:
    frames = from_ticks(Feeds(table(trades)), contract, DAY, timeframes)
    for timeframe in timeframes:
        found = frames[timeframe].table
        assert len(found) == timeframe.buckets_per_day
        for start in {trade.at - trade.at % timeframe.microseconds for trade in trades}:
            row = _plain(found.slice(start // timeframe.microseconds, 1))[0]
            expected = candle(trades, contract, start, timeframe.microseconds)
            if (found_spread := row["roll_spread"]) is None or expected["roll_spread"] is None:
                # A covariance of 0 but for rounding may fall on either side.
                assert (found_spread or expected["roll_spread"] or 0.0) <= 1e-5 * max(trade.price for trade in trades)  # type: ignore[operator]
                row["roll_spread"] = expected["roll_spread"] = None
            scales = {
                "roll_spread": row["high"],
                "trade_size_std": row["trade_size_max"],
                "jump_variation": row["rv_tick"],
                "efficiency": 1.0,
            }
            for name, value in expected.items():
                _assert_equal(name, row[name], value, float(scales.get(name) or 0.0))  # type: ignore[arg-type]


@given(CLOSE_TRADES, CONTRACTS)
@settings(max_examples=25)
def test_every_feature_equals_the_plain_computation(trades: list[Trade], contract: Contract) -> None:
    _assert_candles(trades, contract, (TIMEFRAMES[0], TIMEFRAMES[4], TIMEFRAMES[6]))


@given(DECIMAL_TRADES, st.sampled_from([SPOT, LINEAR]))
@settings(max_examples=25)
def test_tiny_and_huge_decimals_equal_the_plain_computation(trades: list[Trade], contract: Contract) -> None:
    _assert_candles(trades, contract, (TIMEFRAMES[0], TIMEFRAMES[4], TIMEFRAMES[6]))


def test_the_reference_has_every_feature() -> None:
    assert set(candle([Trade(0)], SPOT, 0, SECOND)) == {feature.name for feature in FEATURES if feature.inputs == "T"} - _NOT_IN_REFERENCE


@pytest.mark.parametrize("contract", [SPOT, INVERSE])
def test_a_busy_minute_equals_the_plain_computation(contract: Contract) -> None:
    trades = numbered(
        Trade(
            at=(i * i * 7919) % (150 * SECOND),
            price=(50_000 + (i * 31) % 17) / 10,
            amount=(1 + (i * 37) % 90) / 1000,
            side=("buy", "sell", "unknown")[i * i % 3],
            delay=1_000 + (i * 7919) % 60_000,
        )
        for i in range(400)
    )
    _assert_candles(trades, contract, (TIMEFRAMES[0], TIMEFRAMES[1], TIMEFRAMES[6]))


def test_a_trade_on_the_boundary_opens_the_next_bucket() -> None:
    candles = from_ticks(Feeds(table([Trade(15 * SECOND - 1, 1.0), Trade(15 * SECOND, 2.0)])), SPOT, DAY, TIMEFRAMES[:1])[
        TIMEFRAMES[0]
    ].table
    assert candles["open"].to_pylist()[:3] == [1.0, 2.0, None]


def test_buckets_cover_the_day_without_overlap() -> None:
    for timeframe, frame in from_ticks(Feeds(table([])), SPOT, DAY, TIMEFRAMES).items():
        rows = _plain(frame.table)
        assert len(rows) == timeframe.buckets_per_day
        assert rows[0]["timestamp"] == MIDNIGHT
        assert all(earlier["timestamp_close"] == later["timestamp"] for earlier, later in pairwise(rows))
