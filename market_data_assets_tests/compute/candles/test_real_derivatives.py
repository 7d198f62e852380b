"""What real funding rates and liquidations mean, in the columns of candles."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from market_data_assets.compute.candles.build import from_ticks
from market_data_assets.compute.candles.feeds import Feeds
from market_data_assets.domain.days import DAY_MICROSECONDS, day_of, day_start
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES
from market_data_assets_tests.compute.candles.tickers import HOUR, Ticker, ticker_table
from market_data_assets_tests.compute.candles.trades import DAY, INVERSE, LINEAR, Trade, table


def test_deribits_funding_rate_is_of_eight_hours_whatever_the_interval(samples: Path) -> None:
    """So a candle's rate is per the venue's own interval, and Deribit's, paid continuously, per 8 hours."""
    with gzip.open(samples / "deribit/funding_hourly_BTC-PERPETUAL.json.gz") as file:
        rows = json.load(file)
    hourly, eight = (np.array([row[name] for row in rows]) for name in ("interest_1h", "interest_8h"))
    paid = np.convolve(hourly, np.ones(8), "valid")
    assert np.corrcoef(paid, eight[7:])[0, 1] > 0.99
    assert np.abs(paid - eight[7:]).mean() < 0.1 * np.abs(eight).mean()


def test_a_day_of_deribits_funding_is_kept_as_stated(samples: Path) -> None:
    with gzip.open(samples / "deribit/funding_hourly_BTC-PERPETUAL.json.gz") as file:
        rows = json.load(file)
    day = day_of(rows[100]["timestamp"] * 1_000)
    own = [row for row in rows if day_start(day) <= row["timestamp"] * 1_000 < day_start(day) + DAY_MICROSECONDS]
    shift = day_start(day) - day_start(DAY)
    tickers = [Ticker(row["timestamp"] * 1_000 - day_start(day), None, row["index_price"], row["interest_8h"]) for row in own]
    feeds = Feeds(table([]), derivative_ticker=ticker_table(tickers))
    candles = from_ticks(feeds, INVERSE, DAY, [TIMEFRAMES[4]])[TIMEFRAMES[4]].table
    assert shift
    assert len(own) == 24
    assert candles["funding_rate"].to_pylist() == [row["interest_8h"] for row in own]
    assert candles["index_price"].to_pylist() == [row["index_price"] for row in own]
    assert candles["funding_timestamp"].null_count == 24


def test_longs_that_bybit_liquidates_are_sold(samples: Path) -> None:
    """Bybit's topic names the side of the position, so its "Buy" is a long position, which the forced order sells."""
    lines = (samples / "bybit_misc/liquidations_BTCUSDT_2024-02-12.jsonl").read_text().splitlines()
    rows = [row for line in lines for row in json.loads(line)["d"]]
    prices = [float(row["price"]) for row in rows]
    # The price falls while they happen: it is longs that are liquidated.
    assert prices == sorted(prices, reverse=True)
    sides = {"Buy": "sell", "Sell": "buy"}
    first = rows[0]["updatedTime"] - rows[0]["updatedTime"] % 60_000
    trades = [Trade((row["updatedTime"] - first) * 1_000, float(row["price"]), float(row["size"]), sides[row["side"]]) for row in rows]
    candles = from_ticks(Feeds(table([]), liquidations=table(trades)), LINEAR, DAY, [FINEST, TIMEFRAMES[-1]])
    day = candles[TIMEFRAMES[-1]].table
    assert day["liquidation_count"].to_pylist() == [4]
    assert day["liquidation_buy_volume"].to_pylist() == [0.0]
    # 1.496 + 0.018 + 0.02 + 0.01 contracts of 0.01 base.
    assert day["liquidation_sell_volume"].to_pylist() == [0.01544]
    assert sum(count or 0 for count in candles[FINEST].table["liquidation_count"].to_pylist()) == 4


@pytest.mark.parametrize(("side", "names"), [("buy", ["liquidation_buy_volume"]), ("sell", ["liquidation_sell_volume"])])
def test_mapped_liquidations_of_bitmex_deribit_and_binance_keep_the_forced_orders_side(samples: Path, side: str, names: list[str]) -> None:
    found = 0
    for exchange in ("bitmex", "deribit", "binance-futures"):
        for line in (samples / f"tardis_mappers/{exchange}.jsonl").read_text().splitlines():
            normalised = json.loads(line)["normalized"]
            for row in normalised if isinstance(normalised, list) else [normalised]:
                if row and row.get("type") == "liquidation" and row["side"] == side:
                    feeds = Feeds(table([]), liquidations=table([Trade(HOUR, row["price"], row["amount"], side)]))
                    candles = from_ticks(feeds, LINEAR, DAY, [TIMEFRAMES[-1]])[TIMEFRAMES[-1]].table
                    sides = ("liquidation_buy_volume", "liquidation_sell_volume")
                    assert [name for name in sides if candles[name].to_pylist()[0]] == names
                    found += 1
    assert found
