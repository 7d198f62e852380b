"""What derivative tickers and liquidations add to the day's buckets."""

import datetime as dt

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.candles.feed_rows import listed_buckets
from market_data_assets.compute.candles.feeds import Feeds
from market_data_assets.compute.candles.liquidations import day_liquidations, write_liquidations
from market_data_assets.compute.candles.status import Span
from market_data_assets.compute.candles.ticker import Buckets, day_ticker, write_ticker
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import Quarantined
from market_data_assets.domain.timeframes import FINEST

Int64s = npt.NDArray[np.int64]


def collect_derivatives(
    rows: npt.NDArray[np.void], starts: Int64s, feeds: Feeds, contract: Contract, day: dt.date
) -> tuple[tuple[Quarantined, ...], tuple[Span, ...]]:
    """Fills its own fields of the day's 15s rows in place; returns the rows set aside, and spans in which the recorder was connected.

    Raises:
        SchemaDrift: columns missing, with nulls or of another type.
        BadData: rows of another day.
    """
    listed = listed_buckets(starts, FINEST.microseconds, contract, day)
    quarantined, times = list[Quarantined](), list[Int64s]()
    if feeds.derivative_ticker is not None:
        ticker = day_ticker(feeds.derivative_ticker, contract, day)
        write_ticker(rows, Buckets(starts, starts + FINEST.microseconds, listed), ticker, contract.multiplier)
        quarantined += ticker.quarantined
        times.append(ticker.times)
    if feeds.liquidations is not None:
        liquidations, set_aside = day_liquidations(feeds.liquidations, contract, day)
        write_liquidations(rows, liquidations, listed, contract, day)
        quarantined += set_aside
        times.append(liquidations.ticks.times)
    return tuple(quarantined), tuple(_spans(times))


def _spans(times: list[Int64s]) -> list[Span]:
    """One instant per 15s bucket with a row: each row proves only its own moment."""
    if not times:
        return []
    buckets = np.unique(np.concatenate(times) // FINEST.microseconds) * FINEST.microseconds
    return [(int(start), int(start) + 1) for start in buckets]
