"""Tiny days of trades, written out in the tests that use them."""

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP, DailyFrames, Quarantined, TableFrame
from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES

DAY = dt.date(2024, 8, 8)
NEXT = dt.date(2024, 8, 9)
START = day_start(DAY)
BTC = InstrumentId.parse("BINANCE:PERP:BTC-USDT")
ETH = InstrumentId.parse("BINANCE:PERP:ETH-USDT")
SOL = InstrumentId.parse("BINANCE:PERP:SOL-USDT")


def trades(times: Sequence[int], *, first_id: int = 0, ids: Sequence[object] | None = None) -> pa.Table:
    """One trade per time (µs UTC), bought for 1.0, 2.0, …"""
    count = len(times)
    id_type = pa.int64() if ids is None else pa.string()
    schema = TRADES.schema.set(2, pa.field("id", id_type))
    return pa.table(
        [
            pa.array(times, TIMESTAMP),
            pa.array(times, TIMESTAMP),
            pa.array(range(first_id, first_id + count) if ids is None else ids, id_type),
            pa.array(["buy"] * count).dictionary_encode().cast(TRADES.schema.field("side").type),
            pa.array([float(number + 1) for number in range(count)]),
            pa.array([1.0] * count),
        ],
        schema=schema,
    )


def frame(times: Sequence[int], quarantined: Sequence[Quarantined] = (), version: str = "") -> TableFrame:
    return TableFrame(trades(times), quarantined, version)


def frames(tables: dict[InstrumentId, TableFrame | Exception], day: dt.date = DAY, **fields: object) -> DailyFrames:
    """A day of finished frames; an exception in place of a frame is raised when it is asked for."""
    return DailyFrames(day, {instrument: _loader(found) for instrument, found in tables.items()}, **fields)


def _loader(found: TableFrame | Exception):
    def load() -> TableFrame:
        if isinstance(found, Exception):
            raise found
        return found

    return load


def ids_of(table: pa.Table) -> list[object]:
    return table.column("id").to_pylist()
