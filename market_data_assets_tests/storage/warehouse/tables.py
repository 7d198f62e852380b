"""A small analytics table, and days of it."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence

import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP, Column, DailyFrames, Dataset, TableFrame
from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.storage.warehouse.base import CommittedDay, WarehouseTable

DAY = dt.date(2024, 8, 8)
NEXT_DAY = dt.date(2024, 8, 9)
BTC = InstrumentId.parse("BINANCE:PERP:BTC-USDT")
ETH = InstrumentId.parse("BINANCE:PERP:ETH-USDT")
MINUTE = 60_000_000

DATASET = Dataset(
    tier="processed_candles",
    name="candles_24h",
    doc="Candles.",
    columns={
        "instrument_id": Column(pa.string(), "", "canonical id", nullable=False),
        "timestamp": Column(TIMESTAMP, "µs UTC", "start of the bucket", nullable=False),
        "close": Column(pa.float64(), "quote per base", "last price"),
        "trade_count": Column(pa.int64(), "1", "number of trades", nullable=False),
        "_sum": Column(pa.float64(), "quote", "a component", hidden=True),
    },
)
TABLE = WarehouseTable.of(DATASET)


def rows(instrument: InstrumentId, minutes: Sequence[int], *, day: dt.date = DAY, of: str | None = None) -> TableFrame:
    """One row per minute of the day; its close is the minute."""
    times = [day_start(day) + minute * MINUTE for minute in minutes]
    columns = {
        "instrument_id": [of or str(instrument)] * len(minutes),
        "timestamp": pa.array(times, pa.int64()).cast(TIMESTAMP),
        "close": [float(minute) for minute in minutes],
        "trade_count": list(minutes),
        "_sum": [0.5] * len(minutes),
    }
    return TableFrame(pa.table(columns, schema=DATASET.schema))


def day_of_rows(minutes: Mapping[InstrumentId, Sequence[int]], day: dt.date = DAY) -> DailyFrames:
    return DailyFrames(day, {instrument: lambda i=instrument, m=some: rows(i, m, day=day) for instrument, some in minutes.items()})


def committed(
    minutes: Mapping[InstrumentId, Sequence[int]], day: dt.date = DAY, *, version: int = 1, urls: Sequence[str] = ()
) -> CommittedDay:
    """The day as the lake would hand it over."""
    content = hashlib.sha256(repr(sorted((str(each), list(some)) for each, some in minutes.items())).encode()).hexdigest()
    return CommittedDay(day_of_rows(minutes, day), version, content, sum(map(len, minutes.values())), tuple(urls))
