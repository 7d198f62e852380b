"""What the options of an underlying add to the day's buckets."""

import datetime as dt

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.candles.components.options import OPTIONS
from market_data_assets.compute.candles.features.options import surface_name
from market_data_assets.compute.candles.feed_rows import check_rows, listed_buckets
from market_data_assets.compute.candles.feeds import Feeds
from market_data_assets.compute.candles.status import Span
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.options.chain import read_chain
from market_data_assets.compute.options.surface import surface_at
from market_data_assets.domain.datasets import Quarantined
from market_data_assets.domain.schemas import OPTIONS_CHAIN
from market_data_assets.domain.timeframes import FINEST
from market_data_assets.errors import QueryError


def collect_options(
    rows: npt.NDArray[np.void], starts: npt.NDArray[np.int64], feeds: Feeds, contract: Contract, day: dt.date
) -> tuple[tuple[Quarantined, ...], tuple[Span, ...]]:
    """Fills its own fields of the day's 15s rows in place; returns the rows set aside, and no spans.

    Quotes of options say nothing of the underlying's own feed, so they prove no bucket of it.

    Raises:
        SchemaDrift: columns missing, with nulls or of another type, or a venue whose units are not known.
        BadData: rows of another day.
        QueryError: options of another underlying.
    """
    if feeds.options_chain is None:
        return (), ()
    underlying = contract.instrument_id
    check_rows(feeds.options_chain, OPTIONS_CHAIN, (), contract, day)
    chain = read_chain(feeds.options_chain, underlying.venue)
    if chain.underlying is not None and chain.underlying != (underlying.base, underlying.quote):
        raise QueryError(f"options_chain of {underlying} on {day}: options of {'-'.join(map(str, chain.underlying))}")
    # A bucket's end is exclusive: the last instant inside it is 1 µs earlier.
    surface = surface_at(chain, starts + FINEST.microseconds - 1)
    values = surface.of_underlying()
    listed = listed_buckets(starts, FINEST.microseconds, contract, day)
    for part in OPTIONS:
        if part.public:
            rows[part.name] = np.where(listed, values[surface_name(part.name)], np.nan)
    rows["option_buckets"] = listed
    rows["available_at"] = np.maximum(rows["available_at"], np.where(listed, surface.arrivals, 0))
    return chain.quarantined, ()
