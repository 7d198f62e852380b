"""Features of a day of 1m bars with their look-back, against pandas computing twelve of the same; and one contract out of a chain."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.days import DAY, INSTRUMENT
from benchmarks.timing import best
from market_data_assets.client import MarketData
from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.mft.build import from_candles
from market_data_assets.compute.mft.grid import CandleDays
from market_data_assets.compute.mft.registry import DEFAULTS, look_back_days
from market_data_assets.domain.schemas import INSTRUMENTS, OPTIONS_CHAIN, TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.domain.universe import Universe
from market_data_assets.settings import Settings
from market_data_assets.sources.base import fetch_day
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store

_MINUTE = Timeframe.parse("1m")
_PANDAS_FEATURES = 12


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds, and how many rows they are of.

    Attributes:
        pandas: Of ``pandas_features`` of them.
    """

    ours: float
    pandas: float
    features: int
    pandas_features: int
    days: int
    contract: float
    chain_at: float
    chain_rows: int


def measure(folder: Path) -> Found:
    """One instrument with the whole look-back, and a simulated chain of one day."""
    candles = _candle_days()
    ours = best(lambda: from_candles(candles, DAY, _MINUTE, benchmark=candles))
    frame = pa.concat_tables(candles.tables.values()).to_pandas().set_index("timestamp")
    reader, contract, rows = _chain(folder / "features")
    noon = f"{DAY}T12:00"
    return Found(
        ours=ours,
        pandas=best(lambda: _twelve(frame)),
        features=len(DEFAULTS),
        pandas_features=_PANDAS_FEATURES,
        days=len(candles.tables),
        contract=best(lambda: reader.option_quotes(contract, DAY, DAY + dt.timedelta(days=1), as_="arrow"), repeats=9),
        chain_at=best(lambda: reader.options_chain("DERIBIT", "BTC", at=noon, as_="arrow"), repeats=9),
        chain_rows=rows,
    )


def _candle_days() -> CandleDays:
    source = SimulatedSource(Universe(patterns=(str(INSTRUMENT),)), scale=0.2)
    contract = Contract(INSTRUMENT, inverse=False, multiplier=1.0)
    tables = {}
    for back in range(look_back_days(_MINUTE), -1, -1):
        day = DAY - dt.timedelta(days=back)
        (instrument,) = source.instruments(day).instruments
        trades = source.fetch(TRADES, instrument, day).table
        own = trades.filter(pc.equal(pc.floor_temporal(trades["timestamp"], unit="day").cast(pa.date32()), pa.scalar(day)))
        tables[day] = from_ticks(Feeds(own), contract, day, [_MINUTE])[_MINUTE].table
    return CandleDays(INSTRUMENT, tables)


def _chain(root: Path) -> tuple[MarketData, str, int]:
    lake = Lake(open_store(root.as_uri()))
    source = SimulatedSource(Universe(("deribit",), ("DERIBIT:OPTION:*",)))
    listings = source.instruments(DAY)
    lake.write_table(INSTRUMENTS, DAY, listings.frame())
    commit = lake.write_day(OPTIONS_CHAIN, fetch_day(source, OPTIONS_CHAIN, listings.instruments, DAY))
    stored = lake.instruments(OPTIONS_CHAIN, DAY)
    return MarketData(Settings.at(root)), str(stored[len(stored) // 2]), commit.rows


def _twelve(frame: pd.DataFrame) -> pd.DataFrame:
    """What a user would write for twelve of the features."""
    close, high, low = frame["close"].ffill(), frame["high"].fillna(frame["close"].ffill()), frame["low"].fillna(frame["close"].ffill())
    returns = np.log(close).diff()
    up, down = returns.clip(lower=0).ewm(alpha=1 / 14).mean(), (-returns.clip(upper=0)).ewm(alpha=1 / 14).mean()
    mean, deviation = close.rolling(20).mean(), close.rolling(20).std(ddof=0)
    highest, lowest = high.rolling(14).max(), low.rolling(14).min()
    true_range = pd.concat([high - low, (high - close.shift()).abs(), (low - close.shift()).abs()], axis=1).max(axis=1)
    fast, slow = close.ewm(span=12, adjust=False).mean(), close.ewm(span=26, adjust=False).mean()
    return pd.DataFrame(
        {
            "return_5": np.log(close).diff(5),
            "volatility_20": returns.rolling(20).std(),
            "volatility_60": returns.rolling(60).std(),
            "parkinson_20": np.sqrt((np.log(high / low) ** 2).rolling(20).mean() / (4 * np.log(2))),
            "rsi_14": 100 - 100 / (1 + up / down),
            "bollinger_percent_b_20": (close - mean + 2 * deviation) / (4 * deviation),
            "stochastic_k_14": 100 * (close - lowest) / (highest - lowest),
            "atr_14": true_range.ewm(alpha=1 / 14, adjust=False).mean(),
            "macd": fast - slow,
            "skewness_60": returns.rolling(60).skew(),
            "kurtosis_60": returns.rolling(60).kurt(),
            "autocorrelation_1_60": returns.rolling(60).corr(returns.shift()),
        }
    )
