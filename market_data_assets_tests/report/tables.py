"""Tables as charts take them, of a few rows or a whole day."""

import datetime as dt

import numpy as np
import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.days import day_start
from market_data_assets.domain.timeframes import Timeframe

START = day_start(dt.date(2024, 8, 8))


def candles(timeframe: str = "15m", *, silent: slice = slice(0, 0)) -> pa.Table:
    """A day of candles with a random walk of prices; ``silent`` buckets have no prices and no volume."""
    generator = np.random.default_rng(1)
    count = Timeframe.parse(timeframe).buckets_per_day
    close = 60_000 * np.exp(np.cumsum(generator.normal(0, 0.001, count)))
    opened = np.append(60_000, close[:-1])
    empty = np.zeros(count, dtype=bool)
    empty[silent] = True
    prices = {"open": opened, "high": np.maximum(opened, close) + 20, "low": np.minimum(opened, close) - 20, "close": close}
    volumes = {name: np.where(empty, 0, generator.gamma(2, 3, count)) for name in ("buy_volume", "sell_volume", "unknown_volume")}
    return pa.table({**_times(timeframe), **{name: pa.array(values, mask=empty) for name, values in prices.items()}, **volumes})


def snapshots(timeframe: str = "1m", *, silent: slice = slice(0, 0)) -> pa.Table:
    """A day of spreads; ``silent`` buckets have no book."""
    count = Timeframe.parse(timeframe).buckets_per_day
    empty = np.zeros(count, dtype=bool)
    empty[silent] = True
    spreads = pa.array(np.random.default_rng(1).gamma(2, 0.1, count), mask=empty)
    return pa.table({**_times(timeframe), "bucket_status": np.where(empty, "no_data", "quoted"), "spread_bps": spreads, "obi_5": spreads})


def _times(timeframe: str) -> dict[str, pa.Array]:
    width = Timeframe.parse(timeframe).microseconds
    starts = START + np.arange(Timeframe.parse(timeframe).buckets_per_day) * width
    return {"timestamp": pa.array(starts).cast(TIMESTAMP), "timestamp_close": pa.array(starts + width).cast(TIMESTAMP)}
