"""The compiled pass: the last quote of every contract at each instant, and what each expiry is then."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from market_data_assets.compute.candles.compiling import inner
from market_data_assets.compute.options.chain import Layout, Quotes
from market_data_assets.compute.options.positions import gamma_exposure, gamma_of, known_sum, max_pain, weighted_strike
from market_data_assets.compute.options.smile import at_delta, at_the_money, out_of_the_money
from market_data_assets.compute.options.variance import model_free_total_variance

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

MAX_AGE = 60_000_000
"""A quote counts for so many µs."""
_YEAR = 365.0 * 86_400e6
_DELTA = 0.25

EXPIRY = np.dtype(
    [
        (name, np.float64)
        for name in (
            "forward",
            "years",
            "atm_iv",
            "iv_25c",
            "iv_25p",
            "total_variance",
            "call_open_interest",
            "put_open_interest",
            "open_interest_weighted_strike",
            "max_pain",
            "gamma_exposure",
        )
    ]
    + [(name, np.int64) for name in ("n_strikes", "contracts", "stale")]
)
"""One expiry at one instant. ``contracts`` counts those seen so far, ``stale`` those of them whose last quote is too old."""

# Rows of the matrices of what each contract's last quote says.
_VOLATILITY, _CONTRACT_DELTA, _GAMMA, _INTEREST, _MID, _FORWARD = range(6)
_UNSEEN, _STALE, _FRESH = range(3)
_NEVER = np.iinfo(np.int64).max


class Memory(NamedTuple):
    """What the pass knows at one instant.

    Attributes:
        rows: Last row of each contract so far.
        due: When each contract has something new: its next row, or its last one too old.
        arrivals: Arrival of each contract's last row; 0 where it does not count.
        state: What the last rows say, by strike: shape (6, 2, strikes); NaN where they do not count.
        fresh: Unseen, stale or fresh, shape (2, strikes).
        times: Times of the last rows, of the same shape.
        scratch: Four rows of strikes.
    """

    rows: Int64s
    due: Int64s
    arrivals: Int64s
    state: Doubles
    fresh: Int64s
    times: Int64s
    scratch: Doubles


def memory_of(layout: Layout) -> Memory:
    """Nothing seen yet."""
    contracts, strikes = len(layout.sides), len(layout.strikes)
    return Memory(
        rows=layout.first_rows[:-1] - 1,
        due=np.full(contracts, -_NEVER),
        arrivals=np.zeros(contracts, np.int64),
        state=np.full((6, 2, strikes), np.nan),
        fresh=np.full((2, strikes), _UNSEEN),
        times=np.zeros((2, strikes), np.int64),
        scratch=np.empty((4, strikes)),
    )


@njit(nogil=True, cache=True)
def sample(  # noqa: PLR0917 - compiled functions take no keywords
    quotes: Quotes, layout: Layout, memory: Memory, instants: Int64s, inverse: bool, expiries: npt.NDArray[np.void], arrivals: Int64s
) -> None:
    """Fills the expiries that have not expired at each instant.

    Args:
        memory: From :func:`memory_of`; changed.
        instants: Ascending, µs UTC. A quote of the instant itself counts.
        inverse: Premiums are in base.
        expiries: Result, dtype EXPIRY, of shape (instants, expiries of the layout); those expired are left as they are.
        arrivals: Result: the latest arrival of a quote that counts at each instant; left as it is where none does.
    """
    for i in range(len(instants)):
        for contract in range(len(memory.rows)):
            # Most contracts have nothing new at most instants: this comparison is all they cost.
            if memory.due[contract] <= instants[i]:
                _advance(quotes, layout, memory, contract, instants[i])
            arrivals[i] = max(arrivals[i], memory.arrivals[contract])
        for expiry in range(len(layout.expirations)):
            if layout.expirations[expiry] > instants[i]:
                described = expiries[i, expiry]
                described.years = (layout.expirations[expiry] - instants[i]) / _YEAR
                _describe(described, layout, memory, expiry, inverse)


@inner
def _advance(quotes: Quotes, layout: Layout, memory: Memory, contract: int, instant: int) -> None:
    """Moves a contract to its last row at or before the instant, and keeps what it says if it is not too old."""
    row, end = memory.rows[contract], layout.first_rows[contract + 1]
    while row + 1 < end and quotes.times[row + 1] <= instant:
        row += 1
    memory.rows[contract] = row
    memory.due[contract] = quotes.times[row + 1] if row + 1 < end else _NEVER
    if row < layout.first_rows[contract]:
        return
    side, place = layout.sides[contract], layout.places[contract]
    memory.times[side, place] = quotes.times[row]
    stale_from = quotes.times[row] + MAX_AGE + 1
    if instant >= stale_from:
        memory.fresh[side, place], memory.arrivals[contract] = _STALE, 0
        for part in range(6):
            memory.state[part, side, place] = np.nan
        return
    memory.due[contract] = min(memory.due[contract], stale_from)
    memory.fresh[side, place], memory.arrivals[contract] = _FRESH, quotes.arrivals[row]
    memory.state[_VOLATILITY, side, place] = quotes.volatilities[row]
    memory.state[_CONTRACT_DELTA, side, place] = quotes.deltas[row]
    memory.state[_GAMMA, side, place] = quotes.gammas[row]
    memory.state[_INTEREST, side, place] = quotes.open_interests[row]
    memory.state[_MID, side, place] = quotes.mids[row]
    memory.state[_FORWARD, side, place] = quotes.forwards[row]


@inner
def _describe(row: Any, layout: Layout, memory: Memory, expiry: int, inverse: bool) -> None:
    """What one expiry is, from the last quotes of its strikes."""
    first, end = layout.first_places[expiry], layout.first_places[expiry + 1]
    grid, of = layout.strikes[first:end], memory.state[:, :, first:end]
    for side in range(2):
        for place in range(first, end):
            row.contracts += memory.fresh[side, place] != _UNSEEN
            row.stale += memory.fresh[side, place] == _STALE
    call_ivs, put_ivs = of[_VOLATILITY, 0], of[_VOLATILITY, 1]
    calls, puts = of[_INTEREST, 0], of[_INTEREST, 1]
    row.call_open_interest, row.put_open_interest = known_sum(calls), known_sum(puts)
    row.open_interest_weighted_strike = weighted_strike(grid, calls, puts)
    row.max_pain = max_pain(grid, calls, puts)
    forward = _latest(of[_FORWARD], memory.times[:, first:end])
    if math.isnan(forward):
        return
    row.forward = forward
    row.iv_25c = at_delta(grid, of[_CONTRACT_DELTA, 0], call_ivs, _DELTA, forward)
    row.iv_25p = at_delta(grid, of[_CONTRACT_DELTA, 1], put_ivs, -_DELTA, forward)
    scratch = memory.scratch[:, first:end]
    row.n_strikes = out_of_the_money(call_ivs, put_ivs, grid, forward, scratch[0])
    row.atm_iv = at_the_money(grid, scratch[0], forward)
    row.gamma_exposure = gamma_exposure(gamma_of(of[_GAMMA, 0], calls), gamma_of(of[_GAMMA, 1], puts), forward)
    unit = forward if inverse else 1.0
    # A strike that has not been quoted yet is not there: as a strike without a mid it would end the strip before its time.
    seen = 0
    for place in range(end - first):
        if memory.fresh[0, first + place] != _UNSEEN or memory.fresh[1, first + place] != _UNSEEN:
            scratch[1, seen], scratch[2, seen] = of[_MID, 0, place] * unit, of[_MID, 1, place] * unit
            scratch[3, seen] = grid[place]
            seen += 1
    row.total_variance = model_free_total_variance(scratch[3, :seen], scratch[1, :seen], scratch[2, :seen], forward, scratch[0, :seen])


@inner
def _latest(forwards: Doubles, times: Int64s) -> float:
    """The forward of the latest quote that has one, of quotes at the same time the highest strike's put; NaN where none has."""
    latest, at = np.nan, -1
    for place in range(forwards.shape[1]):
        for side in range(2):
            if not math.isnan(forwards[side, place]) and times[side, place] >= at:
                latest, at = forwards[side, place], times[side, place]
    return latest
