"""Faults of the two sides of a market: crossed, locked and empty books, and the quotes of options likewise."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from market_data_assets.sources.simulated.faults import CountedFault, SpanFault, changed
from market_data_assets.sources.simulated.planting import Planting
from market_data_assets.sources.simulated.rows import Column, Floats, Instants, Rows

_QUOTED = ("book_snapshot_*", "options_chain")


@dataclass(frozen=True, slots=True)
class CrossedBook(CountedFault):
    """Best bid and best ask exchanged, so that the bid is above the ask.

    Evidence: best bid > best ask.
    """

    data_types: ClassVar[tuple[str, ...]] = _QUOTED

    def plant(self, rows: Rows, _day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the crossed rows."""
        chosen = self.choose(rows, random)
        ask, bid = _best(rows, "ask", chosen), _best(rows, "bid", chosen)
        return changed(rows, chosen, {**_with_best(rows, "ask", chosen, bid), **_with_best(rows, "bid", chosen, ask)})


@dataclass(frozen=True, slots=True)
class LockedBook(CountedFault):
    """The best bid raised to the best ask.

    Evidence: best bid = best ask.
    """

    data_types: ClassVar[tuple[str, ...]] = _QUOTED

    def plant(self, rows: Rows, _day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the locked rows."""
        chosen = self.choose(rows, random)
        return changed(rows, chosen, _with_best(rows, "bid", chosen, _best(rows, "ask", chosen)))


@dataclass(frozen=True, slots=True)
class EmptyBook(SpanFault):
    """The venue halts for a span: both sides of the book are empty, and what would have traded waits for the reopening.

    Evidence: rows without any level, or quotes without prices; in the feed of trades (where it is planted too) no row in
    the span, then a burst at its end, and no id missing. The derivative ticker runs on.
    """

    data_types: ClassVar[tuple[str, ...]] = ("*",)

    def __post_init__(self) -> None:
        SpanFault.__post_init__(self)
        if self.span.end == 86_400:
            raise self.refused("a halt until midnight, expected one that ends within the day")

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the emptied rows; of trades and liquidations those that waited; nothing of the ticker."""
        inside = self.span.covers(rows.timestamp, day)
        if "side" in rows.columns:
            reopening = self.span.on(day).end
            arrivals = np.maximum(rows.local_timestamp[inside], reopening)
            return changed(rows, inside, {"timestamp": np.full(int(inside.sum()), reopening), "local_timestamp": arrivals})
        quotes = [name for name in rows.columns if name.startswith(("ask_", "bid_"))]
        if not quotes:
            return Planting(rows, rows.take(np.zeros(len(rows), dtype=bool)))
        return changed(rows, inside, {name: np.array([np.nan]) for name in quotes})


def _best(rows: Rows, side: str, chosen: Instants) -> Floats:
    """Best prices of a side in the chosen rows, of a book or of an option's quotes."""
    if f"{side}_price" in rows.columns:
        return rows.floats(f"{side}_price")[chosen]
    return np.asarray(rows.floats(f"{side}_prices")[chosen, 0])


def _with_best(rows: Rows, side: str, chosen: Instants, prices: Floats) -> dict[str, Column]:
    """The price column of a side, in the chosen rows, with other best prices."""
    if f"{side}_price" in rows.columns:
        return {f"{side}_price": prices}
    levels = rows.floats(f"{side}_prices")[chosen]
    levels[:, 0] = prices
    return {f"{side}_prices": levels}
