"""What must be known of a day's book before the pass over it: possible rows, decimals, extremes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.book_snapshots.verdicts import ACCEPTED, Verdicts, side_verdict
from market_data_assets.compute.candles.book_kernel import LEVELS, Levels
from market_data_assets.compute.candles.scale import WHOLE_LIMIT, Facts
from market_data_assets.compute.candles.survey import decimals_of
from market_data_assets.compute.candles.ticks import read_only

Doubles = npt.NDArray[np.float64]
_NONE = Facts(0, 0, 1.0, 1.0, 1.0)


@njit(nogil=True, cache=True)
def judge(rows: Levels, verdicts: Verdicts) -> None:
    """Writes why each row is impossible, or ACCEPTED."""
    for row in range(len(rows.times)):
        verdict = side_verdict(rows.ask_prices, rows.ask_amounts, row, 1.0)
        if verdict == ACCEPTED:
            verdict = side_verdict(rows.bid_prices, rows.bid_amounts, row, -1.0)
        verdicts[row] = verdict


def survey(pieces: Sequence[Levels]) -> Facts:
    """Decimals of the best prices and of the best 5 amounts, and extremes of the best 5 levels, over all rows."""
    smallest, largest, amount = np.inf, 0.0, 0.0
    prices, amounts = 0, 0
    for rows in pieces:
        low, high, most = _extremes(rows)
        smallest, largest, amount = min(smallest, low), max(largest, high), max(amount, most)
        prices = _joined(prices, [side[:, 0] for side in (rows.ask_prices, rows.bid_prices)])
        amounts = _joined(amounts, [side[:, :LEVELS].reshape(-1) for side in (rows.ask_amounts, rows.bid_amounts)])
    if largest == 0.0:
        return _NONE
    return Facts(_fitting(prices, largest), _fitting(amounts, amount), smallest, largest, amount)


def _joined(decimals: int, values: Sequence[Doubles]) -> int:
    """Decimals of these values and of those before; -1 where some have none."""
    found = [decimals_of(read_only(np.ascontiguousarray(of))) for of in values] if decimals >= 0 else [-1]
    return -1 if min(found) < 0 else max(decimals, *found)


def _fitting(decimals: int, largest: float) -> int:
    """-1 where the largest value has too many digits for the decimals of another."""
    return decimals if decimals >= 0 and largest * 10.0**decimals < WHOLE_LIMIT else -1


@njit(nogil=True, cache=True)
def _extremes(rows: Levels) -> tuple[float, float, float]:
    """Smallest and largest price and largest amount of the best 5 levels; infinity, 0 and 0 where there is none."""
    smallest, largest, most_asked, most_bid = np.inf, 0.0, 0.0, 0.0
    for row in range(len(rows.times)):
        for level in range(LEVELS):
            # Comparisons with the NaN of a missing level are false.
            ask, bid = rows.ask_prices[row, level], rows.bid_prices[row, level]
            smallest = bid if bid < smallest else smallest
            largest = ask if ask > largest else largest
            most_asked = rows.ask_amounts[row, level] if rows.ask_amounts[row, level] > most_asked else most_asked
            most_bid = rows.bid_amounts[row, level] if rows.bid_amounts[row, level] > most_bid else most_bid
        ask, bid = rows.ask_prices[row, 0], rows.bid_prices[row, 0]
        smallest = ask if ask < smallest else smallest
        largest = bid if bid > largest else largest
    return smallest, largest, max(most_asked, most_bid)
