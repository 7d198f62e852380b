"""Small days in a lake: raw trades of a few rows, and candles that say what they were made from."""

import datetime as dt
from collections.abc import Mapping

import pyarrow as pa

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.datasets import DailyFrames, TableFrame
from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.lake import Lake

DAY = dt.date(2024, 8, 8)
BEFORE = DAY - dt.timedelta(days=1)
AFTER = DAY + dt.timedelta(days=1)
BTC = "BINANCE:SPOT_PAIR:BTC-USDT"
ETH = "BINANCE:SPOT_PAIR:ETH-USDT"
SECOND = 1_000_000


def trades(day: dt.date, *seconds: float) -> pa.Table:
    """One trade at each of these seconds after the start of ``day``, which may lie before or after it."""
    times = [day_start(day) + round(each * SECOND) for each in seconds]
    rows = [{"timestamp": at, "local_timestamp": at, "id": at, "side": "buy", "price": 1.0, "amount": 1.0} for at in times]
    columns = {name: [row.get(name) for row in rows] for name in TRADES.columns}
    return pa.table(columns, schema=TRADES.schema_for(TRADES.schema))


def store_trades(lake: Lake, day: dt.date, **tables: pa.Table) -> None:
    """A raw day of BTC and ETH, as far as they are given."""
    named = {"btc": BTC, "eth": ETH}
    frames: Mapping[InstrumentId, TableFrame] = {InstrumentId.parse(named[name]): TableFrame(table) for name, table in tables.items()}
    lake.write_day(TRADES, DailyFrames(day, {name: lambda frame=frame: frame for name, frame in frames.items()}))


def store_candles(lake: Lake, day: dt.date, *timeframes: Timeframe) -> None:
    """Candles of the day without rows, of all timeframes by default, made from the trades that are stored now."""
    source = lake.read_exchange_day(TRADES, day)
    for timeframe in timeframes or CANDLES:
        lake.write_day(CANDLES[timeframe], DailyFrames(day, {}, {}, source.finality, source.inputs))
