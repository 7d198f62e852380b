"""What the exchange did in one block of four hours, as the recorder saw it: trades and book rows of one contract."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market_data_assets.domain.days import DAY_MICROSECONDS, TimeRange, day_end, day_start
from market_data_assets.sources.simulated.arrivals import BLOCK, MILLISECOND, arrival_instants, clustered_instants, cumulative_count
from market_data_assets.sources.simulated.book import Book, simulate_book
from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.rows import Instants, Rows
from market_data_assets.sources.simulated.seeds import stream, uniform
from market_data_assets.sources.simulated.trades import MOST_FILLS, Orders, execute, simulate_orders

_REACTION = 20
"""Milliseconds until the book shows what a trade took, at most."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One contract during one block.

    Attributes:
        block: Number of the block since the epoch.
        scale: Multiplies the number of trades and of book changes.
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
        orders, first_id = self._orders()
        arrivals = arrival_instants(self._stream("trade arrivals"), orders.instants, self.contract.market.latency)
        book = self._book(orders, MOST_FILLS)
        return execute(self._stream("sizes"), self.contract, orders, book, first_id=first_id, arrivals=arrivals)

    def book(self, levels: int) -> Rows:
        """The book whenever one of its best ``levels`` changed, in exchange order; first as it stood when the block began."""
        orders, _ = self._orders()
        book = self._book(orders, levels)
        changed = book.changed()
        book = Book(book.instants[changed], book.ticks[changed], book.lots[changed])
        return book.rows(
            self.contract, arrival_instants(self._stream("book arrivals", levels), book.instants, self.contract.market.latency)
        )

    def _orders(self) -> tuple[Orders, int]:
        """The block's orders, and the id of its first trade."""
        before, after = self._trades_until(self.block), self._trades_until(self.block + 1)
        return simulate_orders(self._stream("orders"), self.contract, self.span, after - before), before + 1

    def _book(self, orders: Orders, levels: int) -> Book:
        instants, hit = self._changes(orders)
        return simulate_book(self.contract, instants, hit, levels=levels, seed=(*self._seed, "book"))

    def _changes(self, orders: Orders) -> tuple[Instants, npt.NDArray[np.int8]]:
        """When the book changes, and which side a trade had hit: the block's start, quotes of their own, after each order."""
        random = self._stream("changes")
        quotes = clustered_instants(random, self.span, round(self.contract.market.updates * self.scale * BLOCK / DAY_MICROSECONDS))
        reactions = orders.instants + random.integers(1, _REACTION + 1, len(orders.instants)) * MILLISECOND
        inside = reactions < self.span.end
        instants = np.concatenate(([self.span.start], quotes, reactions[inside]))
        hit = np.concatenate((np.full(1 + len(quotes), -1, dtype=np.int8), orders.sides[inside]))
        # Of several changes in one millisecond one row remains, and it remembers a hit.
        by_time = np.lexsort((-hit, instants))
        distinct, first = np.unique(instants[by_time], return_index=True)
        return distinct, hit[by_time][first]

    def _trades_until(self, block: int) -> int:
        return cumulative_count(self.contract.market.trades * self.scale, block, uniform("count", self._name, block))

    @property
    def _name(self) -> str:
        return str(self.contract)

    @property
    def _seed(self) -> tuple[object, ...]:
        return (self._name, self.block, self.scale)

    def _stream(self, *purpose: object) -> np.random.Generator:
        return stream(*self._seed, *purpose)


def recordings(contract: SimulatedContract, day: dt.date, scale: float) -> Iterator[Recording]:
    """The blocks whose rows can arrive on ``day``: the last one of the day before, then its own six, while listed."""
    for block in range(day_start(day) // BLOCK - 1, day_end(day) // BLOCK):
        recording = Recording(contract, block, scale)
        if contract.trades_throughout(recording.span):
            yield recording
