"""The compiled pass over the rows of a book: which row is the last of each bucket, and how long the book was crossed or locked.

Instants are µs since the epoch.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.book_snapshots.verdicts import ACCEPTED, Verdicts, side_verdict
from market_data_assets.compute.staleness import MAX_AGE

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

OPEN, CROSSED, LOCKED = 0, 1, 2


class Rows(NamedTuple):
    """Consecutive rows, ascending in time; levels of shape (rows, levels), best first, NaN where missing."""

    first_number: int
    times: Int64s
    arrivals: Int64s
    ask_prices: Floats
    ask_amounts: Floats
    bid_prices: Floats
    bid_amounts: Floats
    verdicts: Verdicts
    """Written: why a row is set aside. Such a row changes nothing else."""


class Totals(NamedTuple):
    """Written, one entry per bucket of ``width`` µs from ``origin`` on."""

    origin: int
    width: int
    last_row: Int64s
    """Number of the bucket's last row; left alone in a bucket without rows."""
    last_arrival: Int64s
    """Arrival time of that row."""
    latest_arrival: Int64s
    updates: Int64s
    crossed_us: Int64s
    locked_us: Int64s


class Standing(NamedTuple):
    """The kind of the last book, and the time of its row. A day starts with OPEN: no book is charged to nothing."""

    kind: int
    since: int


@njit(cache=True, nogil=True)
def scan(rows: Rows, book: Standing, totals: Totals) -> Standing:
    """Add rows to the totals, beginning with the last ``book`` before them; returns their last one."""
    bucket, bucket_end = 0, totals.origin
    for row in range(len(rows.times)):
        verdict = side_verdict(rows.ask_prices, rows.ask_amounts, row, 1.0)
        if verdict == ACCEPTED:
            verdict = side_verdict(rows.bid_prices, rows.bid_amounts, row, -1.0)
        if verdict != ACCEPTED:
            rows.verdicts[row] = verdict
            continue
        time, arrival = rows.times[row], rows.arrivals[row]
        charge(book, time, totals)
        book = Standing(_kind(rows.ask_prices[row, 0], rows.bid_prices[row, 0]), time)
        if time >= bucket_end:
            bucket = (time - totals.origin) // totals.width
            bucket_end = totals.origin + (bucket + 1) * totals.width
        totals.last_row[bucket] = rows.first_number + row
        totals.last_arrival[bucket] = arrival
        totals.latest_arrival[bucket] = max(totals.latest_arrival[bucket], arrival)
        totals.updates[bucket] += 1
    return book


@njit(cache=True, nogil=True)
def charge(book: Standing, end: int, totals: Totals) -> None:
    """Add the time of ``book`` until ``end``, exclusive, at most MAX_AGE, to every bucket that it spans."""
    if book.kind == OPEN:
        return
    spent = totals.crossed_us if book.kind == CROSSED else totals.locked_us
    start, last = book.since, min(end, book.since + MAX_AGE)
    while start < last:
        bucket = (start - totals.origin) // totals.width
        edge = min(totals.origin + (bucket + 1) * totals.width, last)
        spent[bucket] += edge - start
        start = edge


@njit(cache=True, nogil=True)
def _kind(ask: float, bid: float) -> int:
    """A missing side is NaN, which compares false: a one-sided or empty book is neither crossed nor locked."""
    if bid > ask:
        return CROSSED
    return LOCKED if bid == ask else OPEN
