"""The compiled pass over trades: components per bucket of the finest timeframe.

Everything a trade needs of the past is in the two trades before it, and a second never crosses a bucket, so the day
may be cut at any bucket's start and the pieces run on different threads: the result is the same.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.candles.arithmetic import accumulate, add, log_ratio, on_grid, product
from market_data_assets.compute.candles.compiling import inner
from market_data_assets.compute.candles.scale import Scale
from market_data_assets.compute.candles.sizes import sizes, whole
from market_data_assets.compute.candles.ticks import BUY, SELL, Grid, Ticks

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.void]
Row = Any
"""One record of dtype ROW; its fields are attributes."""

_SECOND = 1_000_000

# Units of the sums of returns: fine enough that the smallest price steps (returns near 1e-8, squared and to the
# fourth) keep their digits, coarse enough that a day's sum stays below 2^100 units, which keeps adding exact. A day
# wild enough to pass that is added with an error of 2^-104.
_PATH_UNIT = 2.0**-90
_SQUARE_UNIT = 2.0**-100
_QUARTIC_UNIT = 2.0**-136
_ILLIQUIDITY_UNIT = 2.0**-90


@njit(nogil=True, cache=True)
def collect(rows: Rows, piece: tuple[int, int], ticks: Ticks, scale: Scale, grid: Grid) -> None:
    """Adds a piece of the day's trades to the buckets they fall in.

    Args:
        rows: Every bucket of the day, dtype ROW; only those of these trades are written.
        piece: First trade of a bucket, inclusive, and first trade of a later bucket or the number of trades, exclusive.
        grid: The buckets; their length is a whole number of seconds.
    """
    times, arrivals, prices, amounts, sides = ticks
    start, stop = piece
    before = whole(prices[start - 1], scale) if start > 0 else 0.0
    change_before = before - whole(prices[start - 2], scale) if start > 1 else 0.0
    return_before = log_ratio(before, before - change_before) if start > 1 else 0.0
    second_from = second_flow = second_quote = 0.0
    second_end = bucket_end = grid.first
    quote_value = 10.0**scale.quote_decimals
    begun = start
    row = rows[0]
    for i in range(start, stop):
        time, price = times[i], prices[i]
        now = whole(price, scale)
        if time >= second_end:
            if i > start:
                _close_second(row, (second_from, before), second_flow, second_quote / quote_value, scale)
            second_end = time - (time - grid.first) % _SECOND + _SECOND
            second_from = before if i > 0 else now
            second_flow = second_quote = 0.0
            if time >= bucket_end:
                if i > start:
                    _close_bucket(row, (begun, i), ticks)
                bucket = (time - grid.first) // grid.length
                bucket_end = grid.first + (bucket + 1) * grid.length
                begun = i
                row = rows[bucket]
                row.high = row.low = price
                row.delay_min = row.delay_max = arrivals[i] - time
        base, quote, quote_low = sizes(price, now, amounts[i], scale, quote_value)
        flow = _add_size(row, sides[i], base, (quote, quote_low), scale)
        second_flow += flow
        second_quote += quote
        _add_delay(row, arrivals[i], arrivals[i] - time)
        if i > 0:
            _add_interval(row, time - times[i - 1], i > begun)
            change = now - before
            this_return = 0.0
            if change != 0.0:
                this_return = log_ratio(now, before)
                _add_price(row, price)
                _add_return(row, this_return)
                if change_before != 0.0:
                    _add_pair(row, (change_before, change), abs(this_return * return_before), scale)
            change_before, return_before = change, this_return
        before = now
    if stop > start:
        _close_second(row, (second_from, before), second_flow, second_quote / quote_value, scale)
        _close_bucket(row, (begun, stop), ticks)


@inner
def _close_bucket(row: Row, trades: tuple[int, int], ticks: Ticks) -> None:
    """What follows from which trades are in the bucket: ``trades`` are its first, and the first of a later bucket."""
    begun, end = trades
    prices, times = ticks.prices, ticks.times
    row.trade_count = end - begun
    row.first_trade_at, row.last_trade_at = times[begun], times[end - 1]
    row.open, row.close = prices[begun], prices[end - 1]
    row.price_from = prices[max(begun - 1, 0)]
    first_change, first_pair = max(begun, 1), max(begun, 2)
    if end > first_change:
        row.changes = end - first_change
        row.interval_sum = times[end - 1] - times[first_change - 1]
    if end > first_pair:
        row.change_pairs = end - first_pair
        row.pair_from_earlier, row.pair_from, row.pair_last = prices[first_pair - 2], prices[first_pair - 1], prices[end - 2]


@inner
def _add_price(row: Row, price: float) -> None:
    row.high = max(row.high, price)
    row.low = min(row.low, price)


@inner
def _add_size(row: Row, side: int, base: float, quote: tuple[float, float], scale: Scale) -> float:
    """Returns base bought, negative where it was sold, 0 where the side is not known."""
    flow = 0.0
    if side == BUY:
        flow = base
        row.buy_count += 1
        row.buy_base, row.buy_base_low = accumulate(row.buy_base, row.buy_base_low, base, 0.0, scale.base_unit)
        row.buy_quote, row.buy_quote_low = accumulate(row.buy_quote, row.buy_quote_low, quote[0], quote[1], scale.quote_unit)
    elif side == SELL:
        flow = -base
        row.sell_count += 1
        row.sell_base, row.sell_base_low = accumulate(row.sell_base, row.sell_base_low, base, 0.0, scale.base_unit)
        row.sell_quote, row.sell_quote_low = accumulate(row.sell_quote, row.sell_quote_low, quote[0], quote[1], scale.quote_unit)
    else:
        row.unknown_base, row.unknown_base_low = accumulate(row.unknown_base, row.unknown_base_low, base, 0.0, scale.base_unit)
        row.unknown_quote, row.unknown_quote_low = accumulate(
            row.unknown_quote, row.unknown_quote_low, quote[0], quote[1], scale.quote_unit
        )
    square, square_low = product(base, base, scale.square_unit)
    row.base_squares, row.base_squares_low = accumulate(row.base_squares, row.base_squares_low, square, square_low, scale.square_unit)
    if not row.trade_size_max >= base:
        row.trade_size_max = base
    return flow


@inner
def _add_delay(row: Row, arrival: int, delay: int) -> None:
    row.available_at = max(row.available_at, arrival)
    row.delay_sum += delay
    row.delay_min = min(row.delay_min, delay)
    row.delay_max = max(row.delay_max, delay)


@inner
def _add_interval(row: Row, interval: int, inside: bool) -> None:
    """The time since the trade before; where that is inside the bucket too, it is also a gap."""
    square, square_low = product(float(interval), float(interval), 0.0)
    row.interval_squares, row.interval_squares_low = accumulate(row.interval_squares, row.interval_squares_low, square, square_low, 0.0)
    if inside and interval > row.gap_us:
        row.gap_us = interval


@inner
def _add_return(row: Row, value: float) -> None:
    square = value * value
    fine = on_grid(square, _SQUARE_UNIT)
    if value > 0.0:
        row.up_ticks += 1
        row.up_squares, row.up_squares_low = add(row.up_squares, row.up_squares_low, fine, 0.0)
    else:
        row.down_ticks += 1
        row.down_squares, row.down_squares_low = add(row.down_squares, row.down_squares_low, fine, 0.0)
    row.quartic, row.quartic_low = add(row.quartic, row.quartic_low, on_grid(square * square, _QUARTIC_UNIT), 0.0)
    row.path, row.path_low = add(row.path, row.path_low, on_grid(abs(value), _PATH_UNIT), 0.0)


@inner
def _add_pair(row: Row, changes: tuple[float, float], bipower: float, scale: Scale) -> None:
    """Two neighbouring changes of price, neither of them 0."""
    row.bipower, row.bipower_low = add(row.bipower, row.bipower_low, on_grid(bipower, _SQUARE_UNIT), 0.0)
    joint, joint_low = product(changes[0], changes[1], scale.change_unit)
    row.change_products, row.change_products_low = accumulate(
        row.change_products, row.change_products_low, joint, joint_low, scale.change_unit
    )


@inner
def _close_second(row: Row, prices: tuple[float, float], flow: float, quote: float, scale: Scale) -> None:
    """A second with trades has ended: its change from the last price before it to its own last price, and its flow."""
    first, last = prices
    row.seconds += 1
    square, square_low = product(flow, flow, scale.square_unit)
    row.second_flow_squares, row.second_flow_squares_low = accumulate(
        row.second_flow_squares, row.second_flow_squares_low, square, square_low, scale.square_unit
    )
    if last == first:
        return
    move = log_ratio(last, first)
    fine = on_grid(move * move, _SQUARE_UNIT)
    row.second_squares, row.second_squares_low = add(row.second_squares, row.second_squares_low, fine, 0.0)
    impact, impact_low = product(last - first, flow, scale.impact_unit)
    row.second_flow_changes, row.second_flow_changes_low = accumulate(
        row.second_flow_changes, row.second_flow_changes_low, impact, impact_low, scale.impact_unit
    )
    illiquidity = on_grid(1e6 * abs(move) / quote, _ILLIQUIDITY_UNIT)
    row.illiquidity, row.illiquidity_low = add(row.illiquidity, row.illiquidity_low, illiquidity, 0.0)


@njit(nogil=True, cache=True)
def running_flow(rows: Rows) -> None:
    """Bought less sold base since the first bucket, in every bucket."""
    high = low = 0.0
    for i in range(len(rows)):
        row = rows[i]
        high, low = add(high, low, row.buy_base, row.buy_base_low)
        high, low = add(high, low, -row.sell_base, -row.sell_base_low)
        row.flow_day, row.flow_day_low = high, low
