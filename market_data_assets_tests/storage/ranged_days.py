"""Days large enough to be read in ranges, and a reader that has no footer of them in memory."""

import datetime as dt

import numpy as np
import pyarrow as pa

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.datasets import Dataset, TableFrame
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.footers import FOOTERS
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.base import Store
from market_data_assets_tests.storage.days import DAY, START, frames, trades

CANDLES_15S = CANDLES[Timeframe.parse("15s")]
ROWS = 300_000
WINDOW = TimeRange(START + ROWS // 2, START + ROWS // 2 + 1_000)


def forget_footers() -> None:
    for sha256 in list(FOOTERS._footers):
        FOOTERS.forget(sha256)


def many_trades(rows: int = ROWS, seed: int = 1) -> pa.Table:
    """One trade per microsecond, of prices that do not compress away."""
    table = trades(range(START, START + rows))
    prices = np.random.default_rng(seed).normal(60_000, 100, rows)
    return table.set_column(4, TRADES.schema.field("price"), pa.array(prices))


def candles() -> pa.Table:
    """A day of 15s candles with values that do not compress away."""
    rows, random = 5_760, np.random.default_rng(1)
    columns = []
    for field in CANDLES_15S.schema:
        if field.name == "timestamp":
            values = pa.array(START + np.arange(rows) * 15_000_000)
        elif pa.types.is_floating(field.type):
            values = pa.array(random.normal(size=rows))
        elif pa.types.is_integer(field.type):
            values = pa.array(random.integers(0, 100, rows))
        else:
            values = pa.array([None] * rows, field.type) if field.nullable else pa.array(np.zeros(rows, np.int64))
        columns.append(values.cast(field.type))
    return pa.table(columns, schema=CANDLES_15S.schema)


def written(store: Store, dataset: Dataset, tables: dict[object, pa.Table], day: dt.date = DAY) -> Lake:
    lake = Lake(store)
    lake.write_day(dataset, frames({each: TableFrame(table) for each, table in tables.items()}, day))
    return lake
