"""The buckets of one day from its trades: the compiled passes in order, on as many threads as the day is worth."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.candles.components import empty_rows
from market_data_assets.compute.candles.exact import nearest_decimal
from market_data_assets.compute.candles.folding import close_gaps
from market_data_assets.compute.candles.kernel import collect, running_flow
from market_data_assets.compute.candles.scale import Facts, Scale, scale_of
from market_data_assets.compute.candles.survey import count_out_of_order, decimals_of
from market_data_assets.compute.candles.ticks import Grid, Ticks
from market_data_assets.compute.candles.trades import DayTrades
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.days import day_start
from market_data_assets.domain.timeframes import Timeframe

Int64s = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]
PIECE_TRADES = 250_000
"""Trades per piece of a day that threads share; below this a second thread costs more than it saves."""
_Part = TypeVar("_Part")
_Result = TypeVar("_Result")


def collect_buckets(trades: DayTrades, scale: Scale, day: dt.date, timeframe: Timeframe) -> tuple[Rows, Int64s]:
    """Every bucket of a day with what its trades say, dtype ROW, and the buckets' starts. The status is left for later."""
    first, length = day_start(day), timeframe.microseconds
    ticks, grid = trades.ticks, Grid(first, length)
    starts = first + np.arange(timeframe.buckets_per_day, dtype=np.int64) * length
    rows = empty_rows(len(starts))
    rows["available_at"] = starts + length
    _collect(rows, ticks, scale, grid)
    running_flow(rows)
    repeated = (trades.duplicate_times - first) // length
    np.add.at(rows["dup_trades"], repeated, 1)
    np.maximum.at(rows["available_at"], repeated, trades.duplicate_arrivals)
    rows["price_decimals"], rows["base_decimals"], rows["quote_decimals"] = scale.price_decimals, scale.base_decimals, scale.quote_decimals
    rows["trade_size_max"] = nearest_decimal(rows["trade_size_max"], np.zeros(len(rows)), rows["base_decimals"])
    rows["delay_min"] /= 1000.0
    rows["delay_max"] /= 1000.0
    close_gaps(rows, starts, length)
    return rows, starts


def day_scale(trades: DayTrades, contract: Contract) -> Scale:
    """How the day's prices and amounts become whole numbers."""
    return scale_of(_facts(trades), multiplier=contract.multiplier, inverse=contract.inverse)


def _facts(trades: DayTrades) -> Facts:
    ticks = trades.ticks
    if not len(ticks.times):
        return Facts(0, 0, 1.0, 1.0, 1.0)
    price, amount = in_threads(decimals_of, [ticks.prices, ticks.amounts], len(ticks.times))
    return Facts(price, amount, trades.price.smallest, trades.price.largest, trades.amount.largest)


def _collect(rows: Rows, ticks: Ticks, scale: Scale, grid: Grid) -> None:
    """The passes over the trades: one whole, the other in pieces that begin with a bucket."""
    passes = [
        partial(count_out_of_order, rows, ticks, grid),
        *(partial(collect, rows, piece, ticks, scale, grid) for piece in _pieces(ticks.times, grid)),
    ]
    in_threads(lambda run: run(), passes, len(ticks.times))


def _pieces(times: Int64s, grid: Grid) -> Iterator[tuple[int, int]]:
    """Ranges of trades that each begin with the first trade of a bucket."""
    start = 0
    while len(times) - start > PIECE_TRADES:
        bucket = grid.first + (int(times[start + PIECE_TRADES]) - grid.first) // grid.length * grid.length
        stop = int(np.searchsorted(times, bucket))
        if stop <= start:
            stop = int(np.searchsorted(times, bucket + grid.length))
        yield start, stop
        start = stop
    yield start, len(times)


def in_threads(work: Callable[[_Part], _Result], parts: Sequence[_Part], trades: int) -> list[_Result]:
    """``work`` of each part, in their order; on every core where the day has many trades. The work must be compiled."""
    if trades <= PIECE_TRADES or len(parts) == 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor() as threads:
        return list(threads.map(work, parts))
