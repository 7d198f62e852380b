"""The derivative ticker of a day → what was known of the contract at the end of each 15s bucket."""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.compute.candles.feed_rows import instants, numbers, rows_while_listed
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.staleness import MAX_AGE
from market_data_assets.domain.datasets import Quarantined
from market_data_assets.domain.schemas import DERIVATIVE_TICKER

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_MINUTE = 60e6
_HOUR = 3_600e6
_PRICES = ("index_price", "mark_price")
_RATES = ("funding_rate", "predicted_funding_rate")
_COLUMNS = (*_PRICES, *_RATES, "open_interest", "funding_timestamp")


@dataclass(frozen=True, slots=True)
class DayTicker:
    """Rows of one instrument-day, ascending in time.

    Attributes:
        times: Exchange times, µs UTC.
        arrivals: Arrival times, µs UTC.
        values: Each field by row; NaN where the venue did not say.
        quarantined: Rows set aside: ``outside_listing``, ``impossible_value``.
    """

    times: Int64s
    arrivals: Int64s
    values: dict[str, Doubles]
    quarantined: tuple[Quarantined, ...]

    def known(self, name: str) -> "State":
        """The rows that say something of a field."""
        rows = np.flatnonzero(~np.isnan(self.values[name]))
        return State(self.times[rows], self.values[name][rows])


class Buckets(NamedTuple):
    """The buckets of one day.

    Attributes:
        starts: µs UTC, ascending.
        ends: Exclusive, µs UTC.
        listed: In which of them the contract was listed; in others nothing holds.
    """

    starts: Int64s
    ends: Int64s
    listed: Bools


@dataclass(frozen=True, slots=True)
class State:
    """What was said of one field: when, and what."""

    times: Int64s
    values: Doubles

    def at_end(self, buckets: Buckets) -> tuple[Int64s, Bools]:
        """The last entry before the end of each bucket, −1 where there is none, and whether it still holds."""
        last = np.searchsorted(self.times, buckets.ends, side="left") - 1
        if not len(self.times):
            return last, np.zeros(len(last), np.bool_)
        return last, np.asarray(buckets.listed & (last >= 0) & (buckets.ends - self.times[last] <= MAX_AGE))


def day_ticker(rows: pa.Table, contract: Contract, day: dt.date) -> DayTicker:
    """The day's rows in order of time, those of one time as delivered, and the rows set aside.

    Raises:
        SchemaDrift: columns missing or of another type.
        BadData: rows of another day.
    """
    feed = rows_while_listed(rows, DERIVATIVE_TICKER, _COLUMNS, contract, day)
    feed = feed.without(_impossible(feed.table), "impossible_value")
    times = instants(feed.table["timestamp"])
    order = np.argsort(times, kind="stable")
    values = {name: numbers(feed.table[name])[order] for name in _COLUMNS}
    return DayTicker(times[order], instants(feed.table["local_timestamp"])[order], values, feed.quarantined)


def _impossible(rows: pa.Table) -> Bools:
    bad = np.zeros(len(rows), np.bool_)
    with np.errstate(invalid="ignore"):
        for name in _PRICES:
            bad |= (numbers(rows[name]) <= 0) | np.isinf(numbers(rows[name]))
        for name in _RATES:
            bad |= np.isinf(numbers(rows[name]))
        interest = numbers(rows["open_interest"])
        bad |= (interest < 0) | np.isinf(interest)
    return bad


def write_ticker(rows: npt.NDArray[np.void], buckets: Buckets, ticker: DayTicker, multiplier: float) -> None:
    """Fills the fields of the ticker in the day's buckets; ``available_at`` then covers the rows in each.

    Args:
        rows: One per bucket, dtype ROW.
        multiplier: Base, or quote of an inverse contract, in one unit of amount.
    """
    rows["ticker_buckets"] = buckets.listed
    np.maximum.at(rows["available_at"], np.searchsorted(buckets.ends, ticker.times, side="right"), ticker.arrivals)
    for name in (*_PRICES, *_RATES):
        _write(rows, name, ticker.known(name), buckets)
    funding = ticker.known("funding_timestamp")
    _write(rows, "funding_at", funding, buckets)
    _write_interval(rows, funding, buckets)
    _write_interest(rows, ticker.known("open_interest"), buckets, multiplier)


def _write(rows: npt.NDArray[np.void], name: str, state: State, buckets: Buckets) -> None:
    last, valid = state.at_end(buckets)
    rows[name][valid] = state.values[last[valid]]


def _write_interest(rows: npt.NDArray[np.void], interest: State, buckets: Buckets, multiplier: float) -> None:
    last, valid = interest.at_end(buckets)
    # The day's first row has nothing before it: it changes nothing.
    before = np.maximum(np.searchsorted(interest.times, buckets.starts, side="left") - 1, 0)
    rows["open_interest"][valid] = interest.values[last[valid]] * multiplier
    rows["open_interest_from"][valid] = interest.values[before[valid]] * multiplier


def _write_interval(rows: npt.NDArray[np.void], funding: State, buckets: Buckets) -> None:
    """How far the next funding moved when it last did; not known where that was between rows far apart, or backwards."""
    # In whole minutes: a venue that computes the time of the next funding may be some milliseconds off.
    minutes = np.rint(funding.values / _MINUTE)
    moves = np.flatnonzero(np.diff(minutes)) + 1
    if not len(moves):
        return
    hours = (minutes[moves] - minutes[moves - 1]) * _MINUTE / _HOUR
    hours[(hours < 0) | (funding.times[moves] - funding.times[moves - 1] > MAX_AGE)] = np.nan
    last, valid = funding.at_end(buckets)
    move = np.searchsorted(moves, last, side="right") - 1
    valid &= move >= 0
    rows["funding_interval_hours"][valid] = hours[move[valid]]
