"""Orders that take liquidity, and the trades that they make against the book."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market_data_assets.domain.days import TimeRange
from market_data_assets.sources.simulated.arrivals import clustered_instants
from market_data_assets.sources.simulated.book import Book, Integers
from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.grid import decimals
from market_data_assets.sources.simulated.prices import fair_price
from market_data_assets.sources.simulated.rows import Floats, Instants, Rows

MOST_FILLS = 5
"""A large order takes at most this many levels, one trade each."""

_FILLS = np.cumsum((0.76, 0.13, 0.06, 0.03))
_SIZE_SPREAD = 1.4
_ROUND_SIZES = 0.35
_FORESIGHT = 1_000_000
_PRESSURE = 0.9


@dataclass(frozen=True, slots=True)
class Orders:
    """Market orders in the order of their execution.

    Attributes:
        instants: Exchange times, µs UTC, ascending, whole milliseconds.
        sides: The level of the book each takes from: ASK (0) for a buy, BID (1) for a sell.
        fills: How many levels each takes from, and so how many trades it makes.
    """

    instants: Instants
    sides: npt.NDArray[np.int8]
    fills: Integers


def simulate_orders(random: np.random.Generator, contract: SimulatedContract, span: TimeRange, trades: int) -> Orders:
    """Orders in ``span`` that make exactly ``trades`` trades; they lean towards where the price will be a second later."""
    if not trades:
        return Orders(np.empty(0, np.int64), np.empty(0, np.int8), np.empty(0, np.int64))
    fills = _fills(random, trades)
    instants = clustered_instants(random, span, len(fills))
    now = fair_price(contract, instants)
    move = np.log(fair_price(contract, np.minimum(instants + _FORESIGHT, span.end)) / now)
    scale = float(np.sqrt(np.square(move).sum() / max(len(move), 1))) or 1.0
    buys = random.random(len(fills)) < 1 / (1 + np.exp(-_PRESSURE * np.clip(move / scale, -8, 8)))
    return Orders(instants, np.where(buys, 0, 1).astype(np.int8), fills)


def execute(
    random: np.random.Generator, contract: SimulatedContract, orders: Orders, book: Book, *, first_id: int, arrivals: Instants
) -> Rows:
    """The trades of ``orders``: at the best level that stood just before, then at the next ones, emptying all but the last.

    Args:
        first_id: Id of the first trade; the others follow it without a gap.
        arrivals: When the recorder got each order's trades, µs UTC.
    """
    order = np.repeat(np.arange(len(orders.fills)), orders.fills)
    level = np.arange(len(order)) - np.repeat(np.cumsum(orders.fills) - orders.fills, orders.fills)
    row, side = book.prevailing(orders.instants)[order], orders.sides[order]
    # A cheap option has fewer bids than levels; what is left of the order trades at the last of them.
    level = np.minimum(level, (book.ticks[row, side] > 0).sum(axis=1) - 1)
    resting = book.lots[row, side, level]
    is_last = np.concatenate((order[1:] != order[:-1], np.ones(min(len(order), 1), dtype=bool)))
    lots = np.where(is_last, np.minimum(resting, _order_lots(random, contract, len(order))), resting)
    return Rows(
        {
            "timestamp": orders.instants[order],
            "local_timestamp": arrivals[order],
            "id": first_id + np.arange(len(order), dtype=np.int64),
            "side": side,
            "price": decimals(book.ticks[row, side, level], contract.market.tick),
            "amount": decimals(lots, contract.market.lot),
        }
    )


def _fills(random: np.random.Generator, trades: int) -> Integers:
    """Fills of successive orders that add up to ``trades``."""
    fills = 1 + np.searchsorted(_FILLS, random.random(trades), side="right")
    total = np.cumsum(fills)
    orders = int(np.searchsorted(total, trades)) + 1 if trades else 0
    fills = fills[:orders]
    if orders:
        fills[-1] -= int(total[orders - 1]) - trades
    return fills


def _order_lots(random: np.random.Generator, contract: SimulatedContract, count: int) -> Integers:
    """Sizes with a heavy tail; people prefer round ones, so a share of them keeps only its first digit."""
    sizes: Floats = np.maximum(contract.market.trade_lots * np.exp(_SIZE_SPREAD * random.standard_normal(count)), 1)
    first_digit = 10 ** np.floor(np.log10(sizes))
    rounded = np.where(random.random(count) < _ROUND_SIZES, np.floor(sizes / first_digit) * first_digit, sizes)
    return np.asarray(rounded.astype(np.int64))
