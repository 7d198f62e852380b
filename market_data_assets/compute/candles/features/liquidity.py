"""Price impact, from seconds with trades.

A second j runs from a whole UTC second to the next. y_j = its last price less the last price of the second with trades
before it in the day (the day's first second starts from the day's first price); x_j = base bought less base sold in it.
Seconds without trades are left out, so their change of price belongs to the second that ends them.
"""

import numpy as np

from market_data_assets.compute.candles import exact
from market_data_assets.compute.candles.features import totals
from market_data_assets.compute.features import Array, Components, Feature, Merge

_SAME_FLOW = 1e-12
"""Flows whose variance is below this part of their mean square are equal but for rounding (inverse contracts)."""


def _kyle_lambda(of: Components) -> Array:
    count, ticks = totals.number(of, "seconds"), totals.power_of_ten(of, "price")
    none = np.zeros(len(count))
    flow = totals.difference(of, "buy_base", "sell_base")
    moved = (totals.number(of, "close") - totals.number(of, "price_from")) * ticks
    squares = totals.pair(of, "second_flow_squares")
    covariance = exact.co_moment(count, totals.pair(of, "second_flow_changes"), flow, (moved, none))
    variance = exact.co_moment(count, squares, flow, flow)
    varied = np.where(variance > _SAME_FLOW * count * squares[0], variance, 0.0)
    slope = totals.ratio(covariance, varied) * totals.power_of_ten(of, "base") / ticks
    return totals.at_least(count, 3, slope)


def _amihud(of: Components) -> Array:
    return totals.ratio(totals.number(of, "illiquidity"), totals.number(of, "seconds"))


FEATURES = (
    Feature(
        "kyle_lambda",
        "Cov(y_j, x_j) / Var(x_j) over seconds j with trades; y_j = change of last price since the second with trades before in the day"
        " (the day's first second: since the day's first price), x_j = base bought − base sold; trades without a side add nothing to x_j",
        "quote/base",
        Merge.ALGEBRAIC,
        "T",
        "fewer than 3 seconds with trades, or all x_j equal",
        3,
        "Kyle 1985",
        value=_kyle_lambda,
    ),
    Feature(
        "amihud",
        "mean over seconds j with trades of 1e6 |r_j| / V_j, r_j as in rv_1s, V_j = quote traded in j; merges to the last bit while the"
        " bucket's Σ is below 2^10, beyond that with an error of 2^-104 before rounding",
        "1e6/quote",
        Merge.ALGEBRAIC,
        "T",
        "no trades in the bucket",
        1,
        "Amihud 2002",
        value=_amihud,
        tolerance=2.0**-52,
    ),
)
