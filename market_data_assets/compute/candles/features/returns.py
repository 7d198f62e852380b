"""Realised measures from the returns between trades and between seconds.

r_i = ln(p_i / p_(i−1)) for each trade that has a trade before it in the UTC day; it belongs to the bucket of trade i.
"""

import math

import numpy as np
import pyarrow as pa

from market_data_assets.compute.candles import exact
from market_data_assets.compute.candles.features import totals
from market_data_assets.compute.features import Array, Components, Feature, Merge

_NO_RETURN = "no trade of the bucket has a trade before it in the day"
_NO_PAIR = "no trade of the bucket has two trades before it in the day"


def _variance(of: Components) -> totals.Doubles:
    squares = totals.sum_of(of, "up_squares", "down_squares")[0]
    return totals.at_least(totals.number(of, "changes"), 1, squares)


def _up(of: Components) -> Array:
    return totals.at_least(totals.number(of, "changes"), 1, totals.number(of, "up_squares"))


def _down(of: Components) -> Array:
    return totals.at_least(totals.number(of, "changes"), 1, totals.number(of, "down_squares"))


def _variance_of_seconds(of: Components) -> Array:
    return totals.at_least(totals.number(of, "seconds"), 1, totals.number(of, "second_squares"))


def _bipower(of: Components) -> totals.Doubles:
    return totals.at_least(totals.number(of, "change_pairs"), 1, 0.5 * math.pi * totals.number(of, "bipower"))


def _jump(of: Components) -> Array:
    return np.maximum(totals.number(of, "rv_tick") - totals.number(of, "bipower_variation"), 0.0)


def _quarticity(of: Components) -> Array:
    count = totals.number(of, "changes")
    return totals.at_least(count, 1, count / 3.0 * totals.number(of, "quartic"))


def _efficiency(of: Components) -> Array:
    moved = np.abs(np.log(totals.number(of, "close") / totals.number(of, "price_from")))
    return np.minimum(totals.ratio(moved, totals.number(of, "path")), 1.0)


def _roll_spread(of: Components) -> Array:
    """Prices are made ticks again, so that sums of changes are as exact as the sum of their products."""
    count, ticks = totals.number(of, "change_pairs"), totals.power_of_ten(of, "price")
    none = np.zeros(len(count))
    later = (totals.number(of, "close") - totals.number(of, "pair_from")) * ticks
    earlier = (totals.number(of, "pair_last") - totals.number(of, "pair_from_earlier")) * ticks
    moment = exact.co_moment(count, totals.pair(of, "change_products"), (later, none), (earlier, none))
    covered = (moment < 0) & (count >= 2)
    spread = 2.0 * np.sqrt(np.where(covered, -moment, np.nan)) / (np.maximum(count, 1.0) * ticks)
    return np.asarray(spread)


_MERGED = "; merges to the last bit while the bucket's Σ is below 2^{bits}, beyond that with an error of 2^-104 before rounding"
_SQUARES = _MERGED.format(bits=0)
_LAST_BIT = 2.0**-52

FEATURES = (
    Feature(
        "rv_tick",
        "Σ r_i²" + _SQUARES,
        "log²",
        Merge.CARRIED,
        "T",
        _NO_RETURN,
        1,
        "Andersen et al. 2003",
        value=_variance,
        tolerance=_LAST_BIT,
    ),
    Feature(
        "rv_1s",
        "Σ r_j² over seconds j with trades, r_j = ln(last price of j / last price of the second with trades before it in the day; the"
        " day's first second starts from the day's first price). Seconds without trades add nothing: the change belongs to the second"
        " that ends it" + _SQUARES,
        "log²",
        Merge.CARRIED,
        "T",
        "no trades in the bucket",
        1,
        "Andersen et al. 2003",
        value=_variance_of_seconds,
        tolerance=_LAST_BIT,
    ),
    Feature(
        "bipower_variation",
        "(π / 2) Σ |r_i| |r_(i−1)|" + _SQUARES,
        "log²",
        Merge.CARRIED,
        "T",
        _NO_PAIR,
        1,
        "Barndorff-Nielsen & Shephard 2004",
        value=_bipower,
        tolerance=_LAST_BIT,
    ),
    Feature(
        "jump_variation",
        "max(rv_tick − bipower_variation, 0)",
        "log²",
        Merge.ALGEBRAIC,
        "T",
        _NO_PAIR,
        1,
        "Barndorff-Nielsen & Shephard 2004",
        value=_jump,
        tolerance=1e-9,
    ),
    Feature(
        "rs_up",
        "Σ r_i² of r_i > 0" + _SQUARES,
        "log²",
        Merge.CARRIED,
        "T",
        _NO_RETURN,
        1,
        "Barndorff-Nielsen, Kinnebrock & Shephard 2010",
        value=_up,
        tolerance=_LAST_BIT,
    ),
    Feature(
        "rs_down",
        "Σ r_i² of r_i < 0" + _SQUARES,
        "log²",
        Merge.CARRIED,
        "T",
        _NO_RETURN,
        1,
        "Barndorff-Nielsen, Kinnebrock & Shephard 2010",
        value=_down,
        tolerance=_LAST_BIT,
    ),
    Feature(
        "realized_quarticity",
        "(n / 3) Σ r_i⁴, n = number of r_i, those of 0 included" + _MERGED.format(bits=-36),
        "log⁴",
        Merge.ALGEBRAIC,
        "T",
        _NO_RETURN,
        1,
        "Barndorff-Nielsen & Shephard 2002",
        value=_quarticity,
        tolerance=_LAST_BIT,
    ),
)

SPREAD = (
    Feature(
        "roll_spread",
        "2 √(−cov(Δp_i, Δp_(i−1))), population covariance with means, over the trades i of the bucket that have two trades before them"
        " in the day; changes of 0 included",
        "quote",
        Merge.ALGEBRAIC,
        "T",
        "fewer than 2 such trades, or a covariance of 0 or more",
        2,
        "Roll 1984",
        value=_roll_spread,
    ),
)

MOVES = (
    Feature("up_ticks", "trades above the price of the trade before", "1", Merge.CARRIED, "T", type=pa.int64()),
    Feature("down_ticks", "trades below the price of the trade before", "1", Merge.CARRIED, "T", type=pa.int64()),
    Feature(
        "efficiency",
        "|Σ r_i| / Σ |r_i|" + _MERGED.format(bits=10),
        "[0, 1]",
        Merge.ALGEBRAIC,
        "T",
        "the price did not change",
        1,
        "Kaufman 1995",
        value=_efficiency,
        tolerance=_LAST_BIT,
    ),
)
