"""The compiled pass over the rows of a book: what its five best levels say per bucket, and what trades paid against it.

Rows are ascending in time and possible (:mod:`market_data_assets.compute.book_snapshots.verdicts`). Each stands until
the next, at most for MAX_AGE; of rows with one time only the last stands at all.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.candles.arithmetic import accumulate, on_grid, product
from market_data_assets.compute.candles.compiling import inner
from market_data_assets.compute.candles.scale import Scale
from market_data_assets.compute.candles.sizes import base_size, whole
from market_data_assets.compute.candles.ticks import BUY, UNKNOWN, Ticks
from market_data_assets.compute.staleness import MAX_AGE

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

LEVELS = 5
NOTHING = -1
KINDS = EMPTY, ONE_SIDED, LOCKED, CROSSED, OPEN = 0, 1, 2, 3, 4
"""What stands, and NOTHING before the first row: no level (EMPTY), levels of one side only (ONE_SIDED), best bid = best ask
(LOCKED), above it (CROSSED), below it (OPEN)."""
SPREAD, SPREAD_BPS, PRICE_SUM, MICRO, OBI_1, OBI_5, DEPTH_BID, DEPTH_ASK = range(8)
INTEGRALS = 8
COARSE_BITS = 29
"""Bits of the coarse part of a value. Times the µs of 15 s (24 bits), a bucket's sum of it stays exact in a double."""


class Levels(NamedTuple):
    """Consecutive rows; levels of shape (rows, at least 5), best first, NaN where missing."""

    times: Int64s
    arrivals: Int64s
    ask_prices: Doubles
    ask_amounts: Doubles
    bid_prices: Doubles
    bid_amounts: Doubles


class BookScale(NamedTuple):
    """Units of one day's book.

    Attributes:
        book: Of the book's prices and amounts; its ticks divide the trades' too.
        trades: Of the trades' amounts.
        multiplier: The contract's: one unit of amount is so many base, or quote where it is inverse.
        quote_value: Units of ``book``'s quote in one.
        trades_quote_value: The same of ``trades``.
        units: Of the coarse and of the fine part of each value that is integrated, shape (8, 2).
        cost_unit: Of base × bps of trades.
    """

    book: Scale
    trades: Scale
    multiplier: float
    quote_value: float
    trades_quote_value: float
    units: Doubles
    cost_unit: float


class Standing(NamedTuple):
    """The last book, written by the pass. It is in force for MAX_AGE; its prices and bases stay for the next row's differences.

    Attributes:
        state: Its kind, the time of its row (µs), and the number of the first trade that is not before it.
        values: What is integrated, 0 where it does not exist; in the order of the constants.
        parts: Coarse and fine part of each value, shape (8, 2).
        lasts: Spread and mid in ticks and half ticks, imbalances of 1 and 5 levels.
        prices: Per level, bid and ask; 0 and infinity where missing. Shape (5, 2).
        bases: Base at those prices, 0 where missing.
    """

    state: Int64s
    values: Doubles
    parts: Doubles
    lasts: Doubles
    prices: Doubles
    bases: Doubles


class Totals(NamedTuple):
    """Written, one entry per bucket.

    Attributes:
        origin: Start of the first bucket, µs UTC.
        width: Length of a bucket, µs.
        times: µs per kind of book: EMPTY, ONE_SIDED, LOCKED, CROSSED, OPEN.
        integrals: Σ part × µs, shape (buckets, 8, 2).
        lasts: As in Standing, of the last book in force that has them.
        flows: Order-flow imbalance per level as pairs, shape (buckets, 5, 2).
        costs: Cost and base of aligned trades as pairs, shape (buckets, 2, 2).
        latest_arrivals: Latest arrival of the bucket's rows.
    """

    origin: int
    width: int
    times: Int64s
    integrals: Doubles
    lasts: Doubles
    flows: Doubles
    costs: Doubles
    updates: Int64s
    latest_arrivals: Int64s


@njit(nogil=True, cache=True)
def collect_book(rows: Levels, standing: Standing, ticks: Ticks, scale: BookScale, totals: Totals, until: int) -> None:  # noqa: PLR0917
    """Adds rows to the totals, beginning with the last book ``standing`` and leaving there the last one.

    Args:
        until: Time up to which the last of the rows is charged, and inclusive, met by trades; no earlier than that row.
    """
    for row in range(len(rows.times)):
        time = rows.times[row]
        _stand_until(time, standing, ticks, scale, totals)
        bucket = (time - totals.origin) // totals.width
        _add_flows(rows, row, standing, scale, totals.flows[bucket])
        _replace(rows, row, standing, scale)
        totals.updates[bucket] += 1
        totals.latest_arrivals[bucket] = max(totals.latest_arrivals[bucket], rows.arrivals[row])
    _stand_until(until, standing, ticks, scale, totals)


@inner
def _stand_until(end: int, standing: Standing, ticks: Ticks, scale: BookScale, totals: Totals) -> None:
    """Charges the last book until ``end`` to every bucket that it spans, and aligns the trades up to ``end``, inclusive."""
    kind, start = standing.state[0], standing.state[1]
    stale_from = start + MAX_AGE
    last = min(end, stale_from)
    while kind != NOTHING and start < last:
        bucket = (start - totals.origin) // totals.width
        edge = min(totals.origin + (bucket + 1) * totals.width, last)
        _charge(standing, kind, edge - start, bucket, totals)
        start = edge
    trade = standing.state[2]
    while trade < len(ticks.times) and ticks.times[trade] <= end:
        if kind == OPEN and ticks.times[trade] <= stale_from and ticks.sides[trade] != UNKNOWN:
            _align(ticks, trade, standing, scale, totals.costs[(ticks.times[trade] - totals.origin) // totals.width])
        trade += 1
    standing.state[2] = trade


@inner
def _charge(standing: Standing, kind: int, span: int, bucket: int, totals: Totals) -> None:
    duration = float(span)
    totals.times[bucket, kind] += span
    for value in range(INTEGRALS):
        totals.integrals[bucket, value, 0] += standing.parts[value, 0] * duration
        totals.integrals[bucket, value, 1] += standing.parts[value, 1] * duration
    if kind == OPEN:
        totals.lasts[bucket, 0], totals.lasts[bucket, 1] = standing.lasts[0], standing.lasts[1]
    if kind >= LOCKED:
        totals.lasts[bucket, 2], totals.lasts[bucket, 3] = standing.lasts[2], standing.lasts[3]


@inner
def _align(ticks: Ticks, trade: int, standing: Standing, scale: BookScale, costs: Doubles) -> None:
    """2 d (p − m) / m with m half the sum of the best prices, weighted by the trade's base."""
    price, doubled_mid = ticks.prices[trade], standing.lasts[1]
    base = base_size(price, ticks.amounts[trade], scale.trades, scale.trades_quote_value)
    direction = 1.0 if ticks.sides[trade] == BUY else -1.0
    effective = direction * 2e4 * (2.0 * whole(price, scale.book) - doubled_mid) / doubled_mid
    cost, cost_low = product(base, effective, scale.cost_unit)
    costs[0, 0], costs[0, 1] = accumulate(costs[0, 0], costs[0, 1], cost, cost_low, scale.cost_unit)
    costs[1, 0], costs[1, 1] = accumulate(costs[1, 0], costs[1, 1], base, 0.0, scale.trades.base_unit)


@inner
def _add_flows(rows: Levels, row: int, standing: Standing, scale: BookScale, flows: Doubles) -> None:
    """What changed per level since the row before; nothing on the day's first row. Keeps the row's levels."""
    first = standing.state[0] == NOTHING
    for level in range(LEVELS):
        bid, bid_base, ask, ask_base = rows.bid_prices[row, level], 0.0, rows.ask_prices[row, level], 0.0
        if np.isnan(bid):
            bid = 0.0
        else:
            bid_base = base_size(bid, rows.bid_amounts[row, level], scale.book, scale.quote_value)
        if np.isnan(ask):
            ask = np.inf
        else:
            ask_base = base_size(ask, rows.ask_amounts[row, level], scale.book, scale.quote_value)
        flow = 0.0
        if bid >= standing.prices[level, 0]:
            flow += bid_base
        if bid <= standing.prices[level, 0]:
            flow -= standing.bases[level, 0]
        if ask <= standing.prices[level, 1]:
            flow -= ask_base
        if ask >= standing.prices[level, 1]:
            flow += standing.bases[level, 1]
        if flow != 0.0 and not first:
            flows[level, 0], flows[level, 1] = accumulate(flows[level, 0], flows[level, 1], flow, 0.0, scale.book.base_unit)
        standing.prices[level, 0], standing.prices[level, 1] = bid, ask
        standing.bases[level, 0], standing.bases[level, 1] = bid_base, ask_base


@inner
def _replace(rows: Levels, row: int, standing: Standing, scale: BookScale) -> None:
    """Puts a row in force: its kind, its time, its values split into parts, its last values."""
    ask, bid = rows.ask_prices[row, 0], rows.bid_prices[row, 0]
    book = scale.book
    asks = bids = 0.0
    ask_value = bid_value = 0.0
    for level in range(LEVELS):
        if not np.isnan(rows.ask_prices[row, level]):
            asks += rows.ask_amounts[row, level]
            ask_value += rows.ask_amounts[row, level] * (1.0 if book.inverse else rows.ask_prices[row, level])
        if not np.isnan(rows.bid_prices[row, level]):
            bids += rows.bid_amounts[row, level]
            bid_value += rows.bid_amounts[row, level] * (1.0 if book.inverse else rows.bid_prices[row, level])
    if bid < ask:
        kind = OPEN
    elif bid >= ask:
        kind = CROSSED if bid > ask else LOCKED
    else:
        kind = ONE_SIDED if asks + bids > 0.0 else EMPTY
    standing.state[0], standing.state[1] = kind, rows.times[row]
    values, lasts = standing.values, standing.lasts
    values[:] = 0.0
    values[DEPTH_BID], values[DEPTH_ASK] = bid_value * scale.multiplier, ask_value * scale.multiplier
    if kind >= LOCKED:
        ask_amount, bid_amount = rows.ask_amounts[row, 0], rows.bid_amounts[row, 0]
        values[OBI_1] = lasts[2] = (bid_amount - ask_amount) / (bid_amount + ask_amount)
        values[OBI_5] = lasts[3] = (bids - asks) / (bids + asks)
    if kind == OPEN:
        ask, bid = whole(ask, book), whole(bid, book)
        values[SPREAD] = lasts[0] = ask - bid
        values[PRICE_SUM] = lasts[1] = ask + bid
        values[SPREAD_BPS] = 2e4 * (ask - bid) / (ask + bid)
        # (ask · Q_bid + bid · Q_ask) / (Q_bid + Q_ask) lies half the spread times the imbalance above the mid.
        values[MICRO] = 0.5 * values[SPREAD_BPS] * values[OBI_1]
    for value in range(INTEGRALS):
        # A multiple of the coarse unit and one of the fine unit, each short enough to be multiplied by µs exactly.
        coarse = on_grid(values[value], scale.units[value, 0])
        standing.parts[value, 0] = coarse
        standing.parts[value, 1] = on_grid(values[value] - coarse, scale.units[value, 1])
