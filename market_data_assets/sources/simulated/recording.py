"""What the exchange did in one block of four hours, as the recorder saw it: trades and book rows of one contract."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from market_data_assets.domain.days import DAY_MICROSECONDS, TimeRange, day_end, day_start
from market_data_assets.sources.simulated.arrivals import BLOCK, MILLISECOND, arrival_instants, clustered_instants, cumulative_count
from market_data_assets.sources.simulated.book import Book, simulate_book
from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.quoting import quoting_instants
from market_data_assets.sources.simulated.rows import Instants, Rows
from market_data_assets.sources.simulated.seeds import stream, uniform
from market_data_assets.sources.simulated.trades import MOST_FILLS, Orders, execute, simulate_orders

REACTION = 20
"""Milliseconds until the book shows what a trade took, at most."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One contract during one block.

    Attributes:
        block: Number of the block since the epoch.
        scale: Multiplies the number of trades and of book changes, not of what ticks by the clock: derivative tickers
            and option quotes.
    """

    contract: SimulatedContract
    block: int
    scale: float

    @property
    def span(self) -> TimeRange:
        """The block's four hours."""
        return TimeRange(self.block * BLOCK, (self.block + 1) * BLOCK)

    def trades(self) -> Rows:
        """Every trade, in execution order."""
        orders = self.orders()
        arrivals = arrival_instants(self.stream("trade arrivals"), orders.instants, self.contract.market.latency)
        first_id = self._trades_until(self.block) + 1
        return execute(self.stream("sizes"), self.contract, orders, self._book(orders, MOST_FILLS), first_id=first_id, arrivals=arrivals)

    def book(self, levels: int) -> Rows:
        """The book whenever one of its best ``levels`` changed, in exchange order; first as it stood when the block began."""
        book = self.order_book(levels)
        # One connection carries the book of any depth: a change arrives when it arrives.
        arrivals = self.arrivals("book", book.instants)
        changed = book.changed()
        return Book(book.instants[changed], book.ticks[changed], book.lots[changed]).rows(self.contract, arrivals[changed])

    def orders(self) -> Orders:
        """The block's orders; together they make the trades of the block."""
        count = self._trades_until(self.block + 1) - self._trades_until(self.block)
        return simulate_orders(self.stream("orders"), self.contract, self.span, count)

    def order_book(self, levels: int) -> Book:
        """The book at every instant at which any level may have changed; first as it stood when the block began."""
        return self._book(self.orders(), levels)

    def quotes(self) -> Instants:
        """When quotes were renewed without a trade, µs UTC."""
        random, market = self.stream("changes"), self.contract.market
        if self.contract.strike is not None:
            return quoting_instants(random, self.contract, self.span)
        return clustered_instants(random, self.span, round(market.updates * self.scale * BLOCK / DAY_MICROSECONDS))

    def arrivals(self, feed: str, instants: Instants) -> Instants:
        """When the recorder got what a feed of its own said at ``instants``, µs UTC."""
        return arrival_instants(self.stream(feed, "arrivals"), instants, self.contract.market.latency)

    def stream(self, *purpose: object) -> np.random.Generator:
        """Random numbers of this block for one purpose."""
        return stream(*self._seed, *purpose)

    def before(self) -> "Recording | None":
        """The block before; None where the contract was not listed throughout it."""
        earlier = replace(self, block=self.block - 1)
        return earlier if self.contract.trades_throughout(earlier.span) else None

    def with_the_trade_before(self) -> "Recording | None":
        """The last earlier block that has trades; None before the contract's first trade."""
        first, count = -(-self.contract.listed // BLOCK), self._trades_until(self.block)
        block = bisect_left(range(self.block), count, lo=min(first, self.block), key=self._trades_until) - 1
        return replace(self, block=block) if block >= first else None

    def _book(self, orders: Orders, levels: int) -> Book:
        instants, hit = self._changes(orders)
        return simulate_book(self.contract, instants, hit, levels=levels, seed=(*self._seed, "book"))

    def _changes(self, orders: Orders) -> tuple[Instants, npt.NDArray[np.int8]]:
        """When the book changes, and which side a trade had hit: the block's start, quotes of their own, after each order."""
        quotes = self.quotes()
        reactions = orders.instants + self.stream("reactions").integers(1, REACTION + 1, len(orders.instants)) * MILLISECOND
        inside = reactions < self.span.end
        instants = np.concatenate(([self.span.start], quotes, reactions[inside]))
        hit = np.concatenate((np.full(1 + len(quotes), -1, dtype=np.int8), orders.sides[inside]))
        # Of several changes in one millisecond one row remains, and it remembers a hit.
        by_time = np.lexsort((-hit, instants))
        distinct, first = np.unique(instants[by_time], return_index=True)
        return distinct, hit[by_time][first]

    def _trades_until(self, block: int) -> int:
        per_day = self.contract.market.trades * self.scale if self.contract.is_traded else 0.0
        return cumulative_count(per_day, block, uniform("count", self._name, block))

    @property
    def _name(self) -> str:
        return str(self.contract)

    @property
    def _seed(self) -> tuple[object, ...]:
        return (self._name, self.block, self.scale)


def recordings(contract: SimulatedContract, day: dt.date, scale: float) -> Iterator[Recording]:
    """The blocks whose rows can arrive on ``day``: the last one of the day before, then its own six, while listed."""
    for block in range(day_start(day) // BLOCK - 1, day_end(day) // BLOCK):
        recording = Recording(contract, block, scale)
        if contract.trades_throughout(recording.span):
            yield recording
