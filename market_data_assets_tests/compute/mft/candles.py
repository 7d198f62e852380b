"""Candles made up for tests: a random walk on every bucket of a day, with every column that features read."""

import datetime as dt
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.bars import PROVISIONAL, Bars, Floats
from market_data_assets.compute.mft.grid import CandleDays, grid_of
from market_data_assets.compute.mft.registry import FEATURES, input_columns
from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe

DAY = dt.date(2024, 8, 8)
PERP = InstrumentId.parse("BYBIT:PERP:ETH-USDT")
BTC = InstrumentId.parse("BYBIT:PERP:BTC-USDT")
MINUTE, QUARTER, HOUR, FOUR_HOURS, WHOLE_DAY = (Timeframe.parse(text) for text in ("1m", "15m", "1h", "4h", "24h"))
HOUR_MICROSECONDS = 3_600 * 1_000_000


def days_before(day: dt.date, count: int) -> list[dt.date]:
    """``count`` days up to ``day``, ascending, ``day`` included."""
    return [day - dt.timedelta(days=back) for back in range(count - 1, -1, -1)]


def columns_of(instrument: InstrumentId, day: dt.date, timeframe: Timeframe) -> dict[str, Any]:
    """Every column that features read, as numbers; the same for the same arguments."""
    random = np.random.default_rng(zlib.crc32(f"{instrument} {day} {timeframe}".encode()))
    count = timeframe.buckets_per_day
    start = day_start(day) + timeframe.microseconds * np.arange(count)
    close = 100.0 * np.exp(0.003 * np.cumsum(random.standard_normal(count)))
    opened = close * np.exp(0.002 * random.standard_normal(count))
    spread = np.exp(0.002 * np.abs(random.standard_normal(count)))
    volume, share = random.lognormal(3.0, 1.0, count), random.uniform(0.05, 0.95, count)
    liquidated = np.where(random.uniform(size=count) < 0.3, volume * 0.1 * random.uniform(size=count), 0.0)
    squares = 1e-5 * random.lognormal(0.0, 1.0, (3, count))
    return {
        "start": start,
        "available_at": start + timeframe.microseconds + random.integers(0, 5_000, count),
        "status": np.full(count, "traded", object),
        "open": opened,
        "high": np.maximum(opened, close) * spread,
        "low": np.minimum(opened, close) / spread,
        "close": close,
        "volume": volume,
        "quote_volume": volume * close,
        "vwap": 0.5 * (opened + close),
        "buy_volume": volume * share,
        "sell_volume": volume * (1.0 - share),
        "volume_delta": volume * (2.0 * share - 1.0),
        "trade_count": random.integers(1, 500, count),
        "gap_us": random.integers(1, timeframe.microseconds, count),
        "rv_1s": squares[0],
        "rv_tick": squares[1] + squares[2],
        "bipower_variation": squares[1],
        "rs_up": squares[1],
        "rs_down": squares[2],
        "spread_bps_twa": random.uniform(0.5, 3.0, count),
        "depth_bid_5_twa": random.lognormal(8.0, 0.3, count),
        "depth_ask_5_twa": random.lognormal(8.0, 0.3, count),
        "ofi": random.standard_normal(count),
        "mark_price": close * np.exp(1e-4 * random.standard_normal(count)),
        "index_price": close * np.exp(1e-4 * random.standard_normal(count)),
        "funding_rate": 1e-4 + 5e-5 * random.standard_normal(count),
        "funding_timestamp": (start // (8 * HOUR_MICROSECONDS) + 1) * 8 * HOUR_MICROSECONDS,
        # Measured at the first funding of the UTC day.
        "funding_interval_hours": np.where((start + timeframe.microseconds) % 86_400_000_000 > 8 * HOUR_MICROSECONDS, 8.0, np.nan)
        if count > 1
        else np.full(1, 8.0),
        "open_interest": 1e5 * np.exp(0.01 * np.cumsum(random.standard_normal(count))),
        "liquidation_buy_volume": liquidated * share,
        "liquidation_sell_volume": liquidated * (1.0 - share),
        "atm_mark_iv": random.uniform(0.4, 0.8, count),
        "atm_iv_7d": random.uniform(0.4, 0.8, count),
        "atm_iv_90d": random.uniform(0.4, 0.8, count),
        "skew_25d_put_call_ratio": random.uniform(0.8, 1.3, count),
        "model_free_iv_30d": random.uniform(0.4, 0.8, count),
        "risk_reversal_25d_30d": random.uniform(-0.1, 0.1, count),
        "butterfly_25d_30d": random.uniform(0.0, 0.05, count),
        "option_put_call_open_interest_ratio": random.uniform(0.5, 1.0, count),
    }


def table_of(instrument: InstrumentId, timeframe: Timeframe, columns: Mapping[str, Any]) -> pa.Table:
    """Candles as they are stored; columns that are not given are null, or 0 where they cannot be."""
    count = len(columns["start"])
    given = {
        **{name: values for name, values in columns.items() if name not in ("start", "status")},
        "instrument_id": [str(instrument)] * count,
        "timestamp": columns["start"],
        "timestamp_close": columns["start"] + timeframe.microseconds,
        "bucket_status": list(columns["status"]),
    }
    schema = CANDLES[timeframe].schema
    return pa.Table.from_arrays([_array(field, given.get(field.name), count) for field in schema], schema=schema)


def _array(field: "pa.Field[Any]", values: Any, count: int) -> "pa.Array[Any]":
    if values is None:
        return pa.nulls(count, field.type) if field.nullable else pa.array(np.zeros(count, np.int64)).cast(field.type)
    if pa.types.is_timestamp(field.type):
        return pa.array(np.asarray(values, np.int64)).view(field.type)
    return pa.array(values, from_pandas=True).cast(field.type)


def without_trades(columns: dict[str, Any], bars: Sequence[int], status: str) -> dict[str, Any]:
    """The same with some bars that have no trades: prices null, volumes and counts 0."""
    emptied = {name: np.array(values) for name, values in columns.items()}
    emptied["status"][list(bars)] = status
    for name in ("open", "high", "low", "close", "vwap", "rv_1s", "rv_tick", "bipower_variation", "rs_up", "rs_down"):
        emptied[name][list(bars)] = np.nan
    for name in ("volume", "quote_volume", "buy_volume", "sell_volume", "volume_delta", "trade_count"):
        emptied[name][list(bars)] = 0
    return emptied


def candle_days(instrument: InstrumentId, timeframe: Timeframe, days: Sequence[dt.date], **more: Any) -> CandleDays:
    tables = {day: table_of(instrument, timeframe, columns_of(instrument, day, timeframe)) for day in days}
    return CandleDays(instrument, tables, **more)


def perturbed(days: CandleDays, day: dt.date, timeframe: Timeframe, rows: int) -> CandleDays:
    """The same, but all that ``day`` has after its first ``rows`` rows is of another market."""
    other = table_of(days.instrument_id, timeframe, columns_of(InstrumentId.parse("OKX:PERP:DOGE-USDT"), day, timeframe))
    return replace(days, tables={**days.tables, day: pa.concat_tables([days.tables[day].slice(0, rows), other.slice(rows)])})


def cut(days: CandleDays, day: dt.date, rows: int) -> CandleDays:
    """The same, but ``day`` ends after its first ``rows`` rows."""
    return replace(days, tables={**days.tables, day: days.tables[day].slice(0, rows)})


@lru_cache
def sample_bars(timeframe: Timeframe, days: int) -> Bars:
    """The bars of ``days`` days up to DAY with every column, and those of the benchmark."""
    wanted = days_before(DAY, days)
    own, other = (grid_of(candle_days(one, timeframe, wanted), wanted, timeframe, input_columns(FEATURES)) for one in (PERP, BTC))
    columns = {**own.bars.columns, PROVISIONAL: np.zeros(len(own.bars))}
    expiry = day_start(DAY + dt.timedelta(days=30))
    return replace(own.bars, columns=columns, benchmark=other.bars, expiry=expiry)


def value_of(name: str, bars: Bars) -> Floats:
    """A feature by name."""
    with np.errstate(all="ignore"):
        return np.asarray(_BY_NAME[name].value(bars), np.float64)


def changed(bars: Bars, **columns: Floats) -> Bars:
    """The same bars with other columns."""
    return replace(bars, columns={**bars.columns, **columns})


_BY_NAME = {feature.name: feature for feature in FEATURES}
