"""Random days of a book and the trades against it, within one quarter of an hour."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from hypothesis import strategies as st

from market_data_assets.compute.candles import Feeds
from market_data_assets_tests.compute.book_snapshots import books
from market_data_assets_tests.compute.book_snapshots.books import Row, Side, unruly_rows
from market_data_assets_tests.compute.candles.trades import SECOND, Trade, table

FIRST, LAST = 37_800 * SECOND, 38_700 * SECOND
"""10:30 and 10:45, µs since 00:00."""


@dataclass(frozen=True)
class Market:
    """Book rows and trades, both ascending in time; the rows of a tie stand as they are delivered."""

    rows: Sequence[Row]
    trades: Sequence[Trade]
    levels: int = 5

    @property
    def feeds(self) -> Feeds:
        return Feeds(table(self.trades), self.book)

    @property
    def book(self) -> pa.Table:
        return books.table(self.rows, self.levels)


def opened(at: int, bid: float = 99.0, ask: float = 101.0, *, amount: float = 1.0, delay: int = 1_000) -> Row:
    """A book of one level a side."""
    return Row(at, [(ask, amount)], [(bid, amount)], delay)


def _decimals(rows: Sequence[Row]) -> list[Row]:
    """The same rows with prices of at most two decimals."""

    def rounded(side: Side) -> Side:
        return [(round(price, 2), amount) for price, amount in side]

    return [Row(row.at, rounded(row.asks), rounded(row.bids), row.delay) for row in rows]


def _scaled(rows: Sequence[Row], factor: float) -> list[Row]:
    return [
        Row(row.at, *([(price * factor, amount) for price, amount in side] for side in (row.asks, row.bids)), row.delay) for row in rows
    ]


@st.composite
def markets(draw: st.DrawFn, levels: int = 5) -> Market:
    """Books of every kind, ties and gaps; trades at, beside and between the times of book rows, and of every side."""
    rows = _decimals(draw(unruly_rows(levels=levels, first=FIRST, last=LAST)))
    if draw(st.booleans()):
        rows = _scaled(rows, math.pi)
    near = st.sampled_from([FIRST, *(row.at for row in rows)]).flatmap(lambda at: st.sampled_from([at, at + 1, max(at - 1, FIRST)]))
    times = sorted(draw(st.lists(st.one_of(near, st.integers(FIRST, LAST - 1)), max_size=8)))
    prices = st.integers(9_000, 21_000).map(lambda ticks: ticks / 100)
    trades = [
        Trade(at, draw(prices), draw(st.integers(1, 10**6)) / 1_000, draw(st.sampled_from(["buy", "sell", "unknown"])), number)
        for number, at in enumerate(times)
    ]
    return Market(rows, trades, levels)
