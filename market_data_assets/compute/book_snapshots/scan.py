"""One day of book rows, scanned once: the distinct states that buckets end with, the 15s buckets, and what was set aside."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.compute.book_snapshots import kernel, state_features
from market_data_assets.compute.book_snapshots.book import LEVEL_COLUMNS, BookChunk, chunks
from market_data_assets.compute.book_snapshots.buckets import NO_STATE, Buckets
from market_data_assets.compute.book_snapshots.registry import STATE_FEATURES
from market_data_assets.compute.book_snapshots.verdicts import Verdicts, impossible
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.features import Array
from market_data_assets.compute.staleness import MAX_AGE
from market_data_assets.domain.datasets import TIMESTAMP, Quarantined
from market_data_assets.domain.days import day_start
from market_data_assets.domain.timeframes import FINEST

_LONG_AGO = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class DayScan:
    """What one pass over a day's book yields.

    Attributes:
        states: ``snapshot_at`` and every state feature, one row per book that some 15s bucket ends with, in order of time.
        buckets: The 15s buckets that the day's table has.
    """

    states: pa.RecordBatch
    buckets: Buckets
    quarantined: tuple[Quarantined, ...]


def _totals(origin: int) -> kernel.Totals:
    count = FINEST.buckets_per_day
    return kernel.Totals(
        origin=origin,
        width=FINEST.microseconds,
        last_row=np.full(count, NO_STATE, dtype=np.int64),
        last_arrival=np.full(count, _LONG_AGO, dtype=np.int64),
        latest_arrival=np.full(count, _LONG_AGO, dtype=np.int64),
        updates=np.zeros(count, dtype=np.int64),
        crossed_us=np.zeros(count, dtype=np.int64),
        locked_us=np.zeros(count, dtype=np.int64),
    )


def scan_day(book: pa.Table, levels: int, contract: Contract, day: dt.date) -> DayScan:
    """Scan the rows of ``day``, all within the listing and ascending by time."""
    listed_start, listed_end = contract.listed_within(day)
    totals = _totals(day_start(day))
    verdicts = np.zeros(book.num_rows, dtype=np.uint8)
    rows = list(chunks(book, levels))
    _run(rows, totals, verdicts, listed_end)
    states = _states(rows, totals.last_row[totals.last_row != NO_STATE], contract, levels)
    buckets = _buckets(totals, states["snapshot_at"].cast(pa.int64()).to_numpy(), (listed_start, listed_end))
    if not contract.has_full_grid:
        buckets = buckets.keep(buckets.updates > 0)
    return DayScan(states, buckets, tuple(impossible(book, verdicts)))


def _run(rows: Iterable[BookChunk], totals: kernel.Totals, verdicts: Verdicts, listed_end: int) -> None:
    book = kernel.Standing(kernel.OPEN, totals.origin)
    for chunk in rows:
        written = verdicts[chunk.first_row : chunk.first_row + len(chunk)]
        book = kernel.scan(kernel.Rows(chunk.first_row, chunk.times, chunk.arrivals, **chunk.levels, verdicts=written), book, totals)
    kernel.charge(book, listed_end, totals)


def _buckets(totals: kernel.Totals, state_times: npt.NDArray[np.int64], listed: tuple[int, int]) -> Buckets:
    """The listed buckets, each with the state it ends with: its own last row, or the one that it opened with."""
    updated = totals.last_row != NO_STATE
    state = np.cumsum(updated) - 1
    arrival = np.concatenate([totals.last_arrival[updated], [_LONG_AGO]])
    opened_with = np.concatenate([[NO_STATE], state[:-1]])
    start = totals.origin + np.arange(len(state)) * totals.width
    said_at = np.append(state_times, _LONG_AGO)[state]
    day = Buckets(
        start=start,
        end=start + totals.width,
        state=state,
        known_at=np.maximum(totals.latest_arrival, arrival[opened_with]),
        quoted=start + totals.width - MAX_AGE <= said_at,
        updates=totals.updates,
        crossed_us=totals.crossed_us,
        locked_us=totals.locked_us,
    )
    first, stop = (listed[0] - totals.origin) // totals.width, -((totals.origin - listed[1]) // totals.width)
    return day.keep(slice(first, stop if listed[0] < listed[1] else first))


def _states(rows: list[BookChunk], numbers: npt.NDArray[np.int64], contract: Contract, levels: int) -> pa.RecordBatch:
    """``snapshot_at`` and the state features of the rows with these ascending numbers."""
    picked = [(chunk, _within(chunk, numbers)) for chunk in rows]
    times = np.concatenate([np.empty(0, dtype=np.int64), *(chunk.times[at] for chunk, at in picked)])
    found = {name: np.hstack([np.empty((levels, 0)), *(chunk.levels[name][at].T for chunk, at in picked)]) for name in LEVEL_COLUMNS}
    with np.errstate(divide="ignore", invalid="ignore"):
        book = state_features.components(found, inverse=contract.inverse, multiplier=contract.multiplier)
        columns = {feature.name: _nullable(feature.value(book)) for feature in STATE_FEATURES if feature.value is not None}
    return pa.RecordBatch.from_pydict({"snapshot_at": pa.array(times).cast(TIMESTAMP), **columns})


def _within(chunk: BookChunk, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    first, stop = np.searchsorted(numbers, [chunk.first_row, chunk.first_row + len(chunk)])
    return numbers[first:stop] - chunk.first_row


def _nullable(values: Array) -> "pa.Array[Any]":
    return pa.array(values, mask=np.isnan(values) if values.dtype.kind == "f" else None)
