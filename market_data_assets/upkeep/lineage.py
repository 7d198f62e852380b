"""Which stored days a computed day is made from, as the assets read them."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.compute.mft.registry import MFT_FEATURES, look_back_days
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import parse_day
from market_data_assets.domain.schemas import (
    BOOK_SNAPSHOT_5,
    BOOK_SNAPSHOT_25,
    DERIVATIVE_TICKER,
    INSTRUMENTS,
    LIQUIDATIONS,
    OPTIONS_CHAIN,
    RAW,
    TRADES,
)
from market_data_assets.errors import QueryError

DatasetDay = tuple[Dataset, dt.date]
_DAY = dt.timedelta(days=1)
_BOOKS = (BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25)
_FEEDS = (TRADES, *_BOOKS, DERIVATIVE_TICKER, LIQUIDATIONS, OPTIONS_CHAIN)
_TICKS_OF: Mapping[Dataset, tuple[Dataset, ...]] = {
    **dict.fromkeys(CANDLES.values(), _FEEDS),
    **dict.fromkeys(BOOK_SNAPSHOTS.values(), _BOOKS),
    MISSING_REPORT: RAW,
}
_TIMEFRAMES = {dataset: timeframe for timeframe, dataset in MFT_FEATURES.items()}


def feeds_of(dataset: Dataset) -> tuple[Dataset, ...]:
    """The raw data types that a dataset is computed from; none where it is not computed from ticks.

    Of each of them that has the day itself, the days before and after are read, too: vendors cut days by arrival.
    """
    return _TICKS_OF.get(dataset, ())


def neighbours_of(day: dt.date) -> tuple[dt.date, dt.date, dt.date]:
    """The raw days that rows of an exchange day may lie in."""
    return day - _DAY, day, day + _DAY


def look_back_of(dataset: Dataset, day: dt.date) -> Iterator[DatasetDay]:
    """The days of candles that features of ``day`` are computed from, where they are stored; none for other datasets."""
    timeframe = _TIMEFRAMES.get(dataset)
    if timeframe is not None:
        for back in range(look_back_days(timeframe) + 1):
            yield CANDLES[timeframe], day - dt.timedelta(days=back)


def sources_of(dataset: Dataset, day: dt.date) -> Sequence[DatasetDay]:
    """What a computed day would be made from if all of it was stored; nothing for what a vendor delivers."""
    ticks = [(feed, each) for feed in feeds_of(dataset) for each in neighbours_of(day)]
    found = [*ticks, *look_back_of(dataset, day)]
    return [*found, (INSTRUMENTS, day)] if found else []


def is_raw(dataset: Dataset) -> bool:
    """Whether it is as a vendor delivered it."""
    return dataset in RAW


def parse_input(name: str, known: Mapping[str, Dataset]) -> DatasetDay | None:
    """The dataset and day that an input of a manifest names, such as ``raw_tick_data/trades/2024-08-08``; None for another name."""
    dataset, _, day = name.rpartition("/")
    try:
        return (known[dataset], parse_day(day)) if dataset in known else None
    except QueryError:
        return None
