"""Empty buckets say why they are empty."""

import dataclasses

import pyarrow as pa

from market_data_assets.compute.candles import from_trades, merge
from market_data_assets.compute.candles.status import Span
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES
from market_data_assets_tests.compute.candles.trades import DAY, INVERSE, MIDNIGHT, OPTION, SECOND, SPOT, Trade, table

_MINUTE = TIMEFRAMES[1]


def _candles(trades: list[Trade], contract: Contract = SPOT, observed: tuple[Span, ...] = ()) -> pa.Table:
    return from_trades(table(trades), contract, DAY, [FINEST], observed)[FINEST].table


def _span(start: int, end: int) -> Span:
    return (MIDNIGHT + start * SECOND, MIDNIGHT + end * SECOND)


def test_an_empty_bucket_between_trades_has_no_trades_and_outside_them_no_data() -> None:
    statuses = _candles([Trade(20 * SECOND), Trade(65 * SECOND)])["bucket_status"].to_pylist()
    assert statuses[:6] == ["no_data", "traded", "no_trades", "no_trades", "traded", "no_data"]


def test_a_span_observed_elsewhere_proves_that_the_feed_was_alive() -> None:
    statuses = _candles([], observed=(_span(0, 30), _span(29, 45), _span(50, 80)))["bucket_status"].to_pylist()
    assert statuses[:6] == ["no_trades", "no_trades", "no_trades", "no_data", "no_trades", "no_data"]


def test_a_coarser_bucket_takes_the_strongest_status() -> None:
    listed = dataclasses.replace(SPOT, listed_from=MIDNIGHT + 60 * SECOND)
    candles = _candles([Trade(130 * SECOND), Trade(250 * SECOND)], listed)
    assert merge(candles, _MINUTE)["bucket_status"].to_pylist()[:6] == [
        "not_listed",
        "no_data",
        "traded",
        "no_trades",
        "traded",
        "no_data",
    ]


def test_empty_buckets_have_null_prices_and_zero_volumes() -> None:
    row = _candles([Trade(20 * SECOND)]).slice(0, 1).to_pylist()[0]
    null = {name for name, value in row.items() if value is None and not name.startswith("_")}
    zero = {name for name, value in row.items() if value == 0 and not name.startswith("_")}
    assert {"open", "high", "low", "close", "vwap", "first_trade_at", "rv_tick", "kyle_lambda", "delay_median"} <= null
    assert {"volume", "quote_volume", "trade_count", "buy_volume", "volume_delta", "cvd_day", "up_ticks", "dup_trades"} <= zero
    assert row["gap_us"] == 15 * SECOND


def test_an_empty_day_has_every_bucket_and_an_option_none() -> None:
    assert [len(frame.table) for frame in from_trades(table([]), INVERSE, DAY, TIMEFRAMES).values()] == [5760, 1440, 288, 96, 24, 6, 1]
    assert [len(frame.table) for frame in from_trades(table([]), OPTION, DAY, TIMEFRAMES).values()] == [0] * 7


def test_an_option_has_only_buckets_with_trades() -> None:
    candles = _candles([Trade(20 * SECOND), Trade(3700 * SECOND)], OPTION)
    assert candles["bucket_status"].to_pylist() == ["traded", "traded"]
    assert merge(candles, TIMEFRAMES[4])["trade_count"].to_pylist() == [1, 1]
    assert merge(candles, TIMEFRAMES[6])["gap_us"].to_pylist() == [(86_400 - 3700) * SECOND]


def test_state_starts_fresh_at_midnight_and_crosses_buckets_within_the_day() -> None:
    rows = _candles([Trade(1, 100.0), Trade(20 * SECOND, 101.0), Trade(40 * SECOND, 100.0)]).slice(0, 3).to_pylist()
    assert [row["up_ticks"] for row in rows] == [0, 1, 0]
    assert [row["down_ticks"] for row in rows] == [0, 0, 1]
    assert rows[0]["rv_tick"] is None
    assert rows[0]["intertrade_mean"] is None
    assert rows[1]["intertrade_mean"] == 20 * SECOND - 1
