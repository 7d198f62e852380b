"""What one book state says, computed for many states at once.

Every function takes the components that :func:`components` prepares and returns one value per state, NaN for null. Components of
levels have the shape (levels, states), best level first. A book whose best bid is below its best ask is *open*; crossed, locked,
one-sided and empty books have no mid, and nothing that is measured from the mid.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.features import Array, Components

Floats = npt.NDArray[np.float64]
Value = Callable[[Components], Array]
BASIS_POINTS = 1e4
SIDES = ("ask", "bid")


def components(levels: Mapping[str, Floats], *, inverse: bool, multiplier: float) -> Components:
    """What the features are made of.

    Args:
        levels: ``ask_prices``, ``ask_amounts``, ``bid_prices``, ``bid_amounts`` of shape (levels, states), NaN where missing.
        inverse: One unit of amount is ``multiplier`` quote; otherwise base.

    Returns:
        ``levels``, and beside them ``mid`` (states,), and for each side ``_quote`` (0 where the level is missing), ``_cumulative``
        (quote of the level and all better ones) and ``_distance`` (bps from the mid, at least 0; NaN where the level is missing or
        there is no mid).
    """
    best_ask, best_bid = levels["ask_prices"][0], levels["bid_prices"][0]
    middle = np.where(best_bid < best_ask, (best_ask + best_bid) / 2, np.nan)
    made: dict[str, Array] = {**levels, "mid": middle}
    for side in SIDES:
        prices, sizes = levels[f"{side}_prices"], levels[f"{side}_amounts"] * multiplier
        made[f"{side}_quote"] = _or_zero(sizes if inverse else sizes * prices)
        made[f"{side}_cumulative"] = np.cumsum(made[f"{side}_quote"], axis=0)
        made[f"{side}_distance"] = np.abs(prices - middle) / middle * BASIS_POINTS
    return made


def level(column: str, number: int) -> Value:
    """One level (1 is the best) of ``ask_prices`` or its like; NaN beyond the levels that the source gives."""

    def value(book: Components) -> Array:
        levels = book[column]
        return levels[number - 1] if number <= len(levels) else _nothing(book)

    return value


def mid(book: Components) -> Array:
    """Midpoint of best bid and ask."""
    return book["mid"]


def spread(book: Components) -> Array:
    """Best ask minus best bid of an open book."""
    return np.where(np.isnan(book["mid"]), np.nan, book["ask_prices"][0] - book["bid_prices"][0])


def spread_bps(book: Components) -> Array:
    """The spread in basis points of the mid."""
    return np.asarray(spread(book) / book["mid"] * BASIS_POINTS)


def microprice(book: Components) -> Array:
    """Best prices weighted by the amount on the other side."""
    ask_amount, bid_amount = book["ask_amounts"][0], book["bid_amounts"][0]
    weighted = book["ask_prices"][0] * bid_amount + book["bid_prices"][0] * ask_amount
    return np.where(np.isnan(book["mid"]), np.nan, weighted / (ask_amount + bid_amount))


def imbalance(count: int) -> Value:
    """(bid amount − ask amount) / (bid amount + ask amount) of the best ``count`` levels of both sides."""

    def value(book: Components) -> Array:
        if len(book["ask_prices"]) < count:
            return _nothing(book)
        bid, ask = (_or_zero(book[f"{side}_amounts"][:count]).sum(axis=0) for side in ("bid", "ask"))
        return np.where((bid > 0) & (ask > 0), (bid - ask) / (bid + ask), np.nan)

    return value


def depth(side: str, count: int) -> Value:
    """Quote value of the best ``count`` levels of one side; 0 for an empty side."""

    def value(book: Components) -> Array:
        quote = book[f"{side}_quote"]
        return quote[:count].sum(axis=0) if count <= len(quote) else _nothing(book)

    return value


def depth_within(side: str, basis_points: float) -> Value:
    """Quote value of the levels of one side at most ``basis_points`` away from the mid."""

    def value(book: Components) -> Array:
        near = np.where(book[f"{side}_distance"] <= basis_points, book[f"{side}_quote"], 0.0).sum(axis=0)
        return np.where(np.isnan(book["mid"]), np.nan, near)

    return value


def slope(side: str, count: int) -> Value:
    """Least-squares slope, with intercept, of cumulative quote value on the distance from the mid over the best ``count`` levels."""

    def value(book: Components) -> Array:
        distance = book[f"{side}_distance"][:count]
        observations = (~np.isnan(distance)).sum(axis=0)
        mean = _or_zero(distance).sum(axis=0) / observations
        deviation = _or_zero(distance - mean)
        fitted = (deviation * book[f"{side}_cumulative"][:count]).sum(axis=0) / (deviation * deviation).sum(axis=0)
        return np.where(observations >= 2, fitted, np.nan)

    return value


def sweep_cost(side: str, notional: float) -> Value:
    """How far from the mid, in bps and against the taker, ``notional`` quote trades when it eats the levels of ``side``."""
    against = 1.0 if side == "ask" else -1.0

    def value(book: Components) -> Array:
        quote, cumulative = book[f"{side}_quote"], book[f"{side}_cumulative"]
        eaten = np.minimum(np.maximum(notional - (cumulative - quote), 0.0), quote)
        base = _or_zero(eaten / book[f"{side}_prices"]).sum(axis=0)
        cost = against * (notional / base / book["mid"] - 1.0) * BASIS_POINTS
        return np.where(cumulative[-1] >= notional, cost, np.nan)

    return value


def level_count(book: Components) -> Array:
    """How many levels a side of the source's rows can hold."""
    return np.full(len(book["mid"]), len(book["ask_prices"]), dtype=np.int64)


def _or_zero(values: Floats) -> Floats:
    return np.where(np.isnan(values), 0.0, values)


def _nothing(book: Components) -> Floats:
    return np.full(len(book["mid"]), np.nan)
