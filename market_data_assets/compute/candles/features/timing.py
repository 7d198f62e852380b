"""Times between trades, and between the exchange's clock and the arrival."""

import numpy as np

from market_data_assets.compute.candles import exact
from market_data_assets.compute.candles.features import totals
from market_data_assets.compute.features import Array, Components, Feature, Merge

_EMPTY = "no trades in the bucket"
_INTERVAL = "Δt_i = time of trade i − time of the trade before it in the day"


def _interval_mean(of: Components) -> Array:
    return totals.ratio(totals.number(of, "interval_sum"), totals.number(of, "changes"))


def _interval_std(of: Components) -> Array:
    count = totals.number(of, "changes")
    times = (totals.number(of, "interval_sum"), np.zeros(len(count)))
    moment = exact.co_moment(count, totals.pair(of, "interval_squares"), times, times)
    return totals.at_least(count, 2, totals.ratio(np.sqrt(np.maximum(moment, 0.0)), count))


def _delay_mean(of: Components) -> Array:
    return totals.ratio(totals.number(of, "delay_sum"), 1000.0 * totals.number(of, "trade_count"))


INTERVALS = (
    Feature(
        "intertrade_mean",
        f"mean of Δt_i; {_INTERVAL}",
        "µs",
        Merge.CARRIED,
        "T",
        "no trade of the bucket has a trade before it in the day",
        1,
        value=_interval_mean,
    ),
    Feature(
        "intertrade_std",
        f"population standard deviation of Δt_i; {_INTERVAL}",
        "µs",
        Merge.ALGEBRAIC,
        "T",
        "fewer than 2 trades of the bucket have a trade before them in the day",
        2,
        "Goh-Barabási 2008",
        value=_interval_std,
    ),
)

DELAYS = (
    Feature("delay_mean", "mean of local_timestamp − timestamp", "ms", Merge.ALGEBRAIC, "T", _EMPTY, 1, value=_delay_mean),
    Feature("delay_min", "smallest local_timestamp − timestamp; negative where the clocks disagree", "ms", Merge.ADDITIVE, "T", _EMPTY, 1),
    Feature("delay_max", "largest local_timestamp − timestamp", "ms", Merge.ADDITIVE, "T", _EMPTY, 1),
    Feature(
        "delay_median",
        "median of local_timestamp − timestamp, the mean of the middle two for an even number; from ticks for every timeframe",
        "ms",
        Merge.FROM_TICKS,
        "T",
        f"{_EMPTY}, or the candle was merged from finer candles",
        1,
    ),
)
