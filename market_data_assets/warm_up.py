"""Compiling the numerical kernels ahead of their first use; what is compiled is kept on disk for later processes."""

import datetime as dt
from functools import partial

import pyarrow as pa

from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.mft.build import from_candles
from market_data_assets.compute.mft.grid import CandleDays
from market_data_assets.compute.mft.registry import FEATURES
from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, OPTIONS_CHAIN, TRADES
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.csv.frame import CsvFile, CsvFrame
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.sources.tardis_tables import TABLES

_DAY = dt.date(2024, 8, 8)
_HOUR = Timeframe.parse("1h")
_PERPETUAL, _OPTION = "DERIBIT:PERP:BTC-USD", "DERIBIT:OPTION:BTC-USD-40000-240927-CALL"
_CSV = b"""exchange,symbol,timestamp,local_timestamp,id,side,price,amount
binance,BTCUSDT,1723118400000000,1723118400001000,1,buy,42000.5,0.25
"""


def warm_up() -> None:
    """Run each kernel once on a small day. Seconds the first time, next to nothing afterwards."""
    source = SimulatedSource(Universe(patterns=(_PERPETUAL, _OPTION)))
    option, perpetual = source.instruments(_DAY).instruments
    contract = Contract(perpetual.instrument_id, inverse=True, multiplier=10.0)
    trades, book = (_on_day(source.fetch(dataset, perpetual, _DAY).read()) for dataset in (TRADES, BOOK_SNAPSHOT_5))
    quotes = _on_day(source.fetch(OPTIONS_CHAIN, option, _DAY).read())
    chain = quotes.add_column(0, "instrument_id", pa.array([_OPTION] * quotes.num_rows).dictionary_encode())
    candles = from_ticks(Feeds(trades, book, options_chain=chain), contract, _DAY, TIMEFRAMES)
    days = CandleDays(perpetual.instrument_id, {_DAY: candles[_HOUR].read()})
    from_candles(days, _DAY, _HOUR, features=FEATURES)
    from_book(book, contract, _DAY, TIMEFRAMES)
    same = {"exchange": ("binance",), "symbol": ("BTCUSDT",)}
    CsvFrame(CsvFile("warm-up", partial(iter, [_CSV]), TABLES["trades"], TRADES.schema, _DAY, str, same), Limits()).read()


def _on_day(ticks: pa.Table) -> pa.Table:
    instants = ticks["timestamp"].cast(pa.int64()).to_numpy()
    return ticks.filter(pa.array((instants >= day_start(_DAY)) & (instants < day_end(_DAY))))
