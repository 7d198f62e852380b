"""A small lake: a few rows of every kind of table, on days that a test can check by eye."""

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP, DailyFrames, Dataset, TableFrame
from market_data_assets.domain.days import to_instant
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, INSTRUMENTS, OPTIONS_CHAIN, TRADES, WORD
from market_data_assets.errors import PartitionIncomplete
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store

DAY = dt.date(2024, 8, 8)
NEXT_DAY = dt.date(2024, 8, 9)
BTC = InstrumentId.parse("BINANCE:PERP:BTC-USDT")
ETH = InstrumentId.parse("BINANCE:PERP:ETH-USDT")
Trade = tuple[str, object, str, float]
"""Time, id, side and price."""


def lake_at(root: Path) -> Lake:
    return Lake(open_store(root.as_uri()), workers=1)


def times(values: Sequence[str]) -> pa.Array:
    return pa.array([to_instant(value) for value in values], pa.int64()).cast(TIMESTAMP)


def trades(rows: Sequence[Trade]) -> TableFrame:
    moments = times([row[0] for row in rows])
    ids = [row[1] for row in rows]
    columns = {
        "timestamp": moments,
        "local_timestamp": moments,
        "id": pa.array(ids, pa.string() if any(isinstance(one, str) for one in ids) else pa.int64()),
        "side": pa.array([row[2] for row in rows], pa.string()).dictionary_encode().cast(WORD),
        "price": pa.array([row[3] for row in rows], pa.float64()),
        "amount": pa.array([1.0] * len(rows), pa.float64()),
    }
    return TableFrame(pa.table(columns))


def write_trades(
    lake: Lake, day: dt.date, rows: Mapping[InstrumentId, Sequence[Trade]], absent: Mapping[InstrumentId, str] | None = None
) -> None:
    frames = {instrument: lambda some=some: trades(some) for instrument, some in rows.items()}
    lake.write_day(TRADES, DailyFrames(day, frames, absent or {}))


def write_books(lake: Lake, day: dt.date, instrument: InstrumentId, moments: Sequence[str], nan_at: int = 5) -> None:
    """Asks 101, 102, …, bids 100, 99, …, amounts 1 to 5, each plus 1000 times the row; levels from ``nan_at`` on are missing."""

    def lists(first: float, step: float) -> pa.Array:
        levels = [
            [first + step * level + 1000 * row if level < nan_at else float("nan") for level in range(5)] for row in range(len(moments))
        ]
        return pa.array(levels, pa.list_(pa.float64(), 5))

    columns = {
        "timestamp": times(moments),
        "local_timestamp": times(moments),
        "ask_prices": lists(101, 1),
        "ask_amounts": lists(1, 1),
        "bid_prices": lists(100, -1),
        "bid_amounts": lists(1, 1),
    }
    table = pa.table(columns, schema=BOOK_SNAPSHOT_5.schema)
    lake.write_day(BOOK_SNAPSHOT_5, DailyFrames(day, {instrument: lambda: TableFrame(table)}))


def write_chain(
    lake: Lake, day: dt.date, rows: Mapping[str, Sequence[tuple[str, float]]], failing: Mapping[str, Exception] | None = None
) -> None:
    """Times and mark prices of option contracts, what else there is null; contracts that raise an error when they are asked for."""

    def load(name: str) -> TableFrame:
        if name in (failing or {}):
            raise (failing or {})[name]
        contract, quotes = InstrumentId.parse(name), rows[name]
        moments = times([moment for moment, _ in quotes])
        given = {
            "timestamp": moments,
            "local_timestamp": moments,
            "option_type": [str(contract.option_type).lower()] * len(quotes),
            "strike_price": [float(contract.strike)] * len(quotes),
            "expiration": times(["2024-09-27T08:00"] * len(quotes)),
            "mark_price": [price for _, price in quotes],
        }
        schema = OPTIONS_CHAIN.schema
        arrays = [
            pa.array(given[field.name]).cast(field.type) if field.name in given else pa.nulls(len(quotes), field.type) for field in schema
        ]
        return TableFrame(pa.Table.from_arrays(arrays, schema=schema))

    frames = {InstrumentId.parse(name): partial(load, name) for name in (*rows, *(failing or {}))}
    with suppress(PartitionIncomplete):
        lake.write_day(OPTIONS_CHAIN, DailyFrames(day, frames))


def buckets(dataset: Dataset, instrument: InstrumentId, starts: Sequence[str], **columns: Sequence[object]) -> TableFrame:
    """Rows of a computed dataset: what is not given is the bucket's number, 1.0, or "traded"."""
    assert dataset.timeframe is not None
    count = len(starts)
    close = pa.array([to_instant(start) + dataset.timeframe.microseconds for start in starts], pa.int64()).cast(TIMESTAMP)
    given = {"instrument_id": [str(instrument)] * count, "timestamp": times(starts), **columns}

    def default(type_: pa.DataType) -> object:
        if pa.types.is_timestamp(type_):
            return close
        if pa.types.is_string(type_):
            return ["traded"] * count
        return list(range(count)) if pa.types.is_integer(type_) else [1.0] * count

    arrays = [pa.array(given.get(name, default(column.type)), column.type) for name, column in dataset.columns.items()]
    return TableFrame(pa.table(arrays, schema=dataset.schema))


def write_buckets(lake: Lake, dataset: Dataset, day: dt.date, frames: Mapping[InstrumentId, TableFrame]) -> None:
    lake.write_day(dataset, DailyFrames(day, {instrument: lambda frame=frame: frame for instrument, frame in frames.items()}))


def write_instruments(lake: Lake, day: dt.date, ids: Mapping[str, str]) -> None:
    """Ids, each with Tardis's name of its part of the venue."""
    rows = [
        Instrument(InstrumentId.parse(text), text.split(":")[2], "simulated", ("trades",), tardis_exchange=exchange).row()
        for text, exchange in sorted(ids.items())
    ]
    lake.write_table(INSTRUMENTS, day, TableFrame(pa.Table.from_pylist(rows, schema=INSTRUMENTS.schema)))
