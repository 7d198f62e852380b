"""Bars to compute technical features from: random walks, real minutes, and bars with holes."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe

MINUTE = Timeframe.parse("1m")
MIDNIGHT = 19_943 * 86_400_000_000
PRICES = ("open", "high", "low", "close")
_INSTRUMENT = InstrumentId.parse("BINANCE:SPOT_PAIR:BTC-USDT")


def bars_of(columns: Mapping[str, Floats], timeframe: Timeframe = MINUTE, start: int = MIDNIGHT) -> Bars:
    """Consecutive bars from ``start`` on; a bar without a close is a hole."""
    close = columns["close"]
    starts = start + np.arange(len(close), dtype=np.int64) * timeframe.microseconds
    return Bars(_INSTRUMENT, timeframe, starts, ~np.isnan(close), dict(columns))


def changed(bars: Bars, **columns: Floats) -> Bars:
    """The same bars with other columns."""
    return bars_of({**bars.columns, **columns}, bars.timeframe, int(bars.start[0]))


def candles(opened: Floats, high: Floats, low: Floats, close: Floats, volume: Floats, *, timeframe: Timeframe = MINUTE) -> Bars:
    """Bars traded in the middle of their range, half of the volume bought."""
    middle = (high + low) / 2.0
    columns = {"open": opened, "high": high, "low": low, "close": close, "volume": volume, "vwap": np.where(volume > 0.0, middle, np.nan)}
    columns |= {"quote_volume": volume * middle, "buy_volume": volume / 2.0, "sell_volume": volume / 2.0, "volume_delta": volume * 0.0}
    return bars_of(columns, timeframe)


def closes(values: npt.ArrayLike, timeframe: Timeframe = MINUTE) -> Bars:
    """Bars whose four prices are equal, of volume 1; NaN is a hole."""
    price = np.array(values, np.float64)
    return candles(price, price, price, price, np.where(np.isnan(price), np.nan, 1.0), timeframe=timeframe)


def random_walk(seed: int, length: int, timeframe: Timeframe = MINUTE, tick: float = 0.1) -> Bars:
    """A random walk near 100 on a grid of ticks, every open at the close before, no bar without a range; sides and volumes at random."""
    random = np.random.default_rng(seed)
    close = np.round(100.0 * np.exp(np.cumsum(random.normal(scale=3e-3, size=length))) / tick) * tick
    opened = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(opened, close) + tick * random.integers(0, 4, length)
    low = np.minimum(opened, close) - tick * random.integers(1, 4, length)
    volume = random.gamma(1.0, 5.0, length)
    bought = volume * random.random(length)
    walk = candles(opened, high, low, close, volume, timeframe=timeframe)
    return changed(walk, buy_volume=bought, sell_volume=volume - bought, volume_delta=2.0 * bought - volume)


def quiet_walk(seed: int, length: int) -> Bars:
    """A random walk that stands still in the middle for 80 bars without trades, longer than any window of the default features."""
    bars = random_walk(seed, length)
    columns = {name: values.copy() for name, values in bars.columns.items()}
    still = slice(length // 2, length // 2 + 80)
    for name, values in columns.items():
        values[still] = bars["close"][still.start - 1] if name in PRICES else 0.0
    columns["vwap"][still] = np.nan
    return changed(bars, **columns)


def with_holes(bars: Bars, holes: Sequence[int]) -> Bars:
    """The same bars, some of them not known."""
    columns = {name: values.copy() for name, values in bars.columns.items()}
    for values in columns.values():
        values[list(holes)] = np.nan
    return changed(bars, **columns)


def real_minutes(samples: Path) -> Bars:
    """BTCBUSD on Binance, 2022-12-13, as QuantConnect's LEAN ships it: a candle per minute of the day."""
    with zipfile.ZipFile(samples / "candles" / "lean" / "crypto_binance_minute_btcbusd_20221213_trade.zip") as archive:
        rows = np.loadtxt(archive.read(archive.namelist()[0]).decode().splitlines(), delimiter=",")
    assert np.array_equal(rows[:, 0], np.arange(len(rows)) * 60_000.0)
    return candles(*(rows[:, column].copy() for column in range(1, 6)))
