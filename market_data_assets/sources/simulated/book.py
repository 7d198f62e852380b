"""The order book at the instants at which it changes: any number of levels around the fair price."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from market_data_assets.sources.simulated.contracts import SimulatedContract
from market_data_assets.sources.simulated.grid import decimals
from market_data_assets.sources.simulated.prices import fair_price
from market_data_assets.sources.simulated.rows import Instants, Rows
from market_data_assets.sources.simulated.seeds import stream

Integers = npt.NDArray[np.int64]

ASK, BID = 0, 1
_SPREAD_CHANGES = 0.2
_LEVEL_CHANGES = 0.2
_AMOUNT_SPREAD = 1.0
_DEPTH_GROWTH = 0.15


@dataclass(frozen=True, slots=True)
class Book:
    """The book after each change.

    Attributes:
        instants: Exchange times of the changes, µs UTC, strictly ascending.
        ticks: Prices in ticks, (changes, 2, levels), asks before bids, best level first; 0 where the level is missing.
        lots: Resting amounts in lots, same shape; 0 where the level is missing, else 1 or more.
    """

    instants: Instants
    ticks: Integers
    lots: Integers

    def prevailing(self, instants: Instants) -> Integers:
        """Position of the last change strictly before each instant."""
        return np.searchsorted(self.instants, instants, side="left") - 1

    def standing(self, instants: Instants) -> Integers:
        """Position of the last change at or before each instant."""
        return np.searchsorted(self.instants, instants, side="right") - 1

    def changed(self) -> npt.NDArray[np.bool_]:
        """Whether each row differs from the one before it; the first does."""
        differs = (np.diff(self.ticks, axis=0) != 0) | (np.diff(self.lots, axis=0) != 0)
        return np.concatenate(([True], differs.any(axis=(1, 2))))

    def rows(self, contract: SimulatedContract, arrivals: Instants) -> Rows:
        """The book in the raw layout, NaN where a level is missing."""
        missing = self.ticks == 0
        prices = np.where(missing, np.nan, decimals(self.ticks, contract.market.tick))
        amounts = np.where(missing, np.nan, decimals(self.lots, contract.market.lot))
        return Rows(
            {
                "timestamp": self.instants,
                "local_timestamp": arrivals,
                "ask_prices": prices[:, ASK],
                "ask_amounts": amounts[:, ASK],
                "bid_prices": prices[:, BID],
                "bid_amounts": amounts[:, BID],
            }
        )


def simulate_book(
    contract: SimulatedContract, instants: Instants, hit: npt.NDArray[np.int8], *, levels: int, seed: Sequence[object]
) -> Book:
    """The book at ``instants``, each level drawn from its own stream: a deeper book has the same upper levels.

    Args:
        instants: Strictly ascending times of one UTC day, µs.
        hit: The side, ASK or BID, whose best level a trade consumed just before each instant; -1 for none.
        seed: What the random streams belong to.
    """
    count = len(instants)
    ticks, lots = np.empty((count, 2, levels), dtype=np.int64), np.empty((count, 2, levels), dtype=np.int64)
    ticks[:, :, 0] = _best(contract, instants, seed)
    for level in range(levels):
        random = stream(*seed, "level", level)
        redrawn = random.random((count, 2)) < _LEVEL_CHANGES / (1 + level / 4)
        if level == 0:
            redrawn |= hit[:, None] == np.array([ASK, BID])
        lots[:, :, level] = _held(redrawn, partial(_resting_lots, random, contract, level))
        if level > 0:
            gap = _held(redrawn, partial(_geometric, random, contract.market.gap))
            ticks[:, ASK, level] = ticks[:, ASK, level - 1] + gap[:, ASK]
            ticks[:, BID, level] = ticks[:, BID, level - 1] - gap[:, BID]
    missing = ticks <= 0
    ticks[missing], lots[missing] = 0, 0
    return Book(instants, ticks, lots)


def _best(contract: SimulatedContract, instants: Instants, seed: Sequence[object]) -> Integers:
    """Best ask and bid in ticks, (changes, 2): at least a tick apart; a bid of 0 is none."""
    market, random = contract.market, stream(*seed, "spread")
    spread = _held(random.random((len(instants), 1)) < _SPREAD_CHANGES, partial(_geometric, random, market.spread))[:, 0]
    middle = fair_price(contract, instants) / float(market.tick)
    # Whoever trades an option finds a bid of at least a tick; one that is only quoted may have none.
    lowest = 1 if contract.is_traded else 0
    bid = np.maximum(np.floor(middle - (spread - 1) / 2).astype(np.int64), lowest)
    return np.stack((bid + spread, bid), axis=1)


def _resting_lots(random: np.random.Generator, contract: SimulatedContract, level: int, count: int) -> Integers:
    median = contract.market.level_lots * (1 + _DEPTH_GROWTH * level)
    return _never_twice(np.maximum((median * np.exp(_AMOUNT_SPREAD * random.standard_normal(count))).astype(np.int64), 1))


def _never_twice(lots: Integers) -> Integers:
    """Amounts of which none equals the one before: what a trade took, and any other change, is always to be seen."""
    same = np.flatnonzero(lots[1:] == lots[:-1]) + 1
    while len(same):
        lots[same] += 1
        same = np.flatnonzero(lots[1:] == lots[:-1]) + 1
    return lots


def _geometric(random: np.random.Generator, mean: float, count: int) -> Integers:
    return random.geometric(1 / mean, count)


def _held(redrawn: npt.NDArray[np.bool_], draw: Callable[[int], Integers]) -> Integers:
    """Values with the shape of ``redrawn``: a new one where it is true and in the first row, else the one above.

    Args:
        draw: Makes as many new values as it is asked for.
    """
    by_column = redrawn.T.copy()
    by_column[:, :1] = True
    latest = np.cumsum(by_column.ravel()) - 1
    return np.asarray(draw(int(latest[-1]) + 1)[latest].reshape(by_column.shape).T)
