"""Stored candles against their own definitions: prices, volumes, buckets."""

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from market_data_assets.compute.quality.columns import Doubles, Flags, first_time, instants, numbers
from market_data_assets.compute.quality.findings import Finding
from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.timeframes import Timeframe

COLUMNS = (
    "timestamp",
    "timestamp_close",
    *("open", "high", "low", "close", "vwap", "trade_count", "buy_count", "sell_count"),
    *("volume", "buy_volume", "sell_volume", "unknown_volume"),
)
_PRICES = ("open", "high", "low", "close", "vwap")
# vwap is a quotient of two doubles, each the nearest to its exact sum; inverse volumes are sums of rounded quotients besides.
_VWAP_ROUNDING = 1e-9
_SUM_ROUNDING = 4 * np.finfo(np.float64).eps


def judge_prices(instrument: str, candles: pa.Table) -> Iterator[Finding]:
    """low ≤ open, close, vwap ≤ high; all of them null together, exactly where there are no trades. The rest is wrong.

    Args:
        candles: At least :data:`COLUMNS`, rows of one instrument.
    """
    opened, high, low, close, vwap = (numbers(candles, name) for name in _PRICES)
    traded = numbers(candles, "trade_count") > 0
    known = [~np.isnan(prices) for prices in (opened, high, low, close, vwap)]
    uneven = np.logical_or.reduce([each != traded for each in known])
    margin = _VWAP_ROUNDING * np.abs(vwap)
    beyond = (low > np.minimum(opened, close)) | (high < np.maximum(opened, close))
    yield from _findings(instrument, candles, "nulls_apart", uneven, "expected prices exactly where there are trades")
    yield from _findings(instrument, candles, "beyond_high_or_low", beyond, "expected low <= open, close <= high")
    off = (vwap < low - margin) | (vwap > high + margin)
    yield from _findings(instrument, candles, "vwap_beyond_high_or_low", off, "expected low <= vwap <= high")


def judge_volumes(instrument: str, candles: pa.Table) -> Iterator[Finding]:
    """volume = buy + sell + unknown volume, to the last bit but rounding; none negative; 0 exactly where there are no trades.

    The rest is wrong. Arguments as of :func:`judge_prices`.
    """
    total, *sides = (numbers(candles, name) for name in ("volume", "buy_volume", "sell_volume", "unknown_volume"))
    count, bought, sold = (numbers(candles, name) for name in ("trade_count", "buy_count", "sell_count"))
    apart = ~(np.abs(total - np.sum(sides, axis=0)) <= _SUM_ROUNDING * np.abs(total))
    below = np.logical_or.reduce([values < 0 for values in (total, *sides, count, bought, sold)])
    yield from _findings(instrument, candles, "volumes_apart", apart, "expected volume = buy + sell + unknown")
    yield from _findings(instrument, candles, "negative_volumes", below, "expected 0 or more")
    yield from _findings(instrument, candles, "counts_apart", bought + sold > count, "expected buy_count + sell_count <= trade_count")
    yield from _findings(instrument, candles, "volume_without_trades", (total > 0) != (count > 0), "expected both or neither")


def judge_buckets(instrument: str, table: pa.Table, day: dt.date, timeframe: Timeframe, *, full_grid: bool) -> Iterator[Finding]:
    """Every bucket of the day once, ascending; each as long as the timeframe. The rest is wrong.

    Args:
        table: ``timestamp`` and ``timestamp_close`` of one instrument.
        full_grid: False where buckets without events are not stored: then some buckets of the day, each once, ascending.
    """
    starts, length = instants(table), timeframe.microseconds
    closes = instants(table, "timestamp_close")
    stray = (starts < day_start(day)) | (starts >= day_end(day)) | (starts % length != 0) | (closes != starts + length)
    yield from _findings(instrument, table, "stray_buckets", stray, f"expected buckets of {timeframe} on {day}")
    falling = np.diff(starts, prepend=starts[:1] - length) <= 0
    yield from _findings(instrument, table, "repeated_buckets", falling, "expected each bucket once, ascending")
    missing = timeframe.buckets_per_day - len(np.unique(starts[~stray]))
    if full_grid and missing:
        yield Finding(instrument, "missing_buckets", missing, timeframe.buckets_per_day, True, detail=f"expected all of {day}")


def _findings(instrument: str, table: pa.Table, problem: str, flags: Flags, detail: str) -> Iterator[Finding]:
    if flags.any():
        yield Finding(instrument, problem, int(flags.sum()), len(flags), True, first_time(instants(table), flags), detail)


def closeness(ours: Doubles, theirs: Doubles, tolerance: float) -> Flags:
    """Where two columns agree: both unknown, or apart by no more than ``tolerance`` of the larger."""
    unknown = np.isnan(ours) & np.isnan(theirs)
    with np.errstate(invalid="ignore"):
        near = np.abs(ours - theirs) <= tolerance * np.maximum(np.abs(ours), np.abs(theirs))
    return np.asarray(unknown | (ours == theirs) | near)
