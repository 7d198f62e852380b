"""How long one funding rate is for: what the market declares, and what the contract's own fundings say."""

import numpy as np

from market_data_assets.compute.mft.bars import Bars, Floats

INTERVAL = (
    "The interval is the latest funding_interval_hours of the last 24 h, at most what the market declares; where the venue stated no"
    " funding_timestamp in that time, what the market declares"
)
NO_INTERVAL = "the funding rate is not known; or no funding was seen in the last 24 h, or, without funding_timestamp, none is declared"
INPUTS = ("funding_rate", "funding_timestamp", "funding_interval_hours")


def interval_hours(bars: Bars) -> Floats:
    """The funding interval of every bar, NaN where it is not known: never guessed.

    A market declares the interval that it began with; single contracts were moved to shorter ones since (see
    ``domain.venues.Market``), so what is declared is taken for a contract only if it states no instants at all.
    """
    declared = np.nan if bars.funding_interval_hours is None else bars.funding_interval_hours
    measured = _latest_of_day(bars, "funding_interval_hours")
    stated = ~np.isnan(_latest_of_day(bars, "funding_timestamp"))
    return np.where(np.isnan(measured), np.where(stated, np.nan, declared), np.fmin(measured, declared))


def _latest_of_day(bars: Bars, column: str) -> Floats:
    """The column's latest value of the last 24 h, NaN where it has none."""
    values, place = bars[column], np.arange(len(bars))
    latest = np.maximum.accumulate(np.where(np.isnan(values), -1, place))
    recent = (latest >= 0) & (place - latest < bars.timeframe.buckets_per_day)
    return np.where(recent, values[latest], np.nan)
