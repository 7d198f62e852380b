"""Book snapshots of a day: from the raw book, and coarser ones from finer ones."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.book_snapshots.book import listed_rows
from market_data_assets.compute.book_snapshots.buckets import NO_STATE, Buckets, Int64s
from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS, NO_DATA, QUOTED, STATE_FEATURES
from market_data_assets.compute.book_snapshots.scan import scan_day
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import TIMESTAMP, TableFrame
from market_data_assets.domain.timeframes import FINEST, MICROSECONDS, Timeframe
from market_data_assets.errors import QueryError

_STATE_COLUMNS = ("snapshot_at", *(feature.name for feature in STATE_FEATURES))


def from_book(book: pa.Table, contract: Contract, day: dt.date, timeframes: Sequence[Timeframe]) -> dict[Timeframe, TableFrame]:
    """The book snapshots of one instrument and UTC day.

    Rows outside the contract's listing, and rows whose levels are impossible, change nothing: they are in ``quarantined`` of every
    frame, with the reason ``outside_listing``, ``bad_level`` (a price or amount that is not finite and above 0, or only one of the
    two) or ``unordered_levels`` (not best first, or a level after a missing one).

    Args:
        book: Rows of the raw book data types, any number of levels; sorted by (timestamp, file order), else they are sorted.
        timeframes: The tables wanted; every one follows from the same 15s buckets.

    Returns:
        Per timeframe the columns of ``BOOK_SNAPSHOTS``: one row per bucket of the day in which the instrument was listed, or, for
        options, per bucket with an update.

    Raises:
        SchemaDrift: the table is not a raw book.
        BadData: rows of another day.
    """
    listed = listed_rows(book, contract, day)
    day_scan = scan_day(listed.book, listed.levels, contract, day)
    quarantined = (*listed.quarantined, *day_scan.quarantined)
    tables = _tables(day_scan.states, day_scan.buckets, str(contract.instrument_id), timeframes)
    return {timeframe: TableFrame(table, quarantined) for timeframe, table in zip(timeframes, tables, strict=True)}


def merge(snapshots: pa.Table, timeframe: Timeframe) -> pa.Table:
    """The coarser snapshots of ``timeframe``, equal to the last bit to those made from the raw book.

    Args:
        snapshots: Stored snapshots of one instrument and one finer timeframe, ascending, whole days.

    Raises:
        QueryError: several instruments, rows out of order, or a timeframe that is not a multiple of the stored one.
    """
    if not snapshots.num_rows:
        return BOOK_SNAPSHOTS[timeframe].schema.empty_table()
    instruments = [str(name) for name in pc.unique(snapshots["instrument_id"]).to_pylist()]
    if len(instruments) != 1:
        raise QueryError(f"merging book snapshots into {timeframe}: expected one instrument, found {len(instruments)}")
    buckets = _stored_buckets(snapshots)
    _require_finer(buckets, instruments[0], timeframe)
    states = snapshots.select(_STATE_COLUMNS).combine_chunks().to_batches()[0]
    return _tables(states, buckets, instruments[0], [timeframe])[0]


def _stored_buckets(snapshots: pa.Table) -> Buckets:
    def instants(name: str) -> Int64s:
        return snapshots[name].cast(pa.int64()).to_numpy()

    row = np.arange(snapshots.num_rows, dtype=np.int64)
    return Buckets(
        start=instants("timestamp"),
        end=instants("timestamp_close"),
        state=np.where(snapshots["snapshot_at"].is_valid().to_numpy(), row, NO_STATE),
        known_at=instants("available_at"),
        quoted=pc.equal(snapshots["bucket_status"], pa.scalar(QUOTED)).to_numpy(),
        updates=instants("book_updates"),
        crossed_us=instants("crossed_us"),
        locked_us=instants("locked_us"),
    )


def _require_finer(buckets: Buckets, instrument: str, timeframe: Timeframe) -> None:
    width = int(buckets.end[0] - buckets.start[0])
    if timeframe.microseconds % width:
        raise QueryError(f"book snapshots of {instrument}: buckets of {width / MICROSECONDS:g} s do not merge into {timeframe}")
    if not np.all(buckets.start[1:] > buckets.start[:-1]):
        raise QueryError(f"book snapshots of {instrument}: expected ascending timestamps to merge into {timeframe}")


def _tables(states: pa.RecordBatch, buckets: Buckets, instrument: str, timeframes: Sequence[Timeframe]) -> list[pa.Table]:
    """One table per timeframe, slices of one: Arrow's cost per column would otherwise be most of a small instrument's time."""
    folded = [buckets.fold(timeframe) for timeframe in timeframes]
    if not folded:
        return []
    joined = _table(states, Buckets.join(folded), instrument)
    stops = np.cumsum([len(part) for part in folded])
    return [joined.slice(stop - len(part), len(part)) for part, stop in zip(folded, stops, strict=True)]


def _table(states: pa.RecordBatch, buckets: Buckets, instrument: str) -> pa.Table:
    """The stored rows: each bucket shows the state of its number, and nothing where it has none."""
    shown = states.take(pa.array(buckets.state, type=pa.int64(), mask=buckets.state == NO_STATE))
    snapshot_at, *state = shown.columns
    columns = [
        pa.repeat(instrument, len(buckets)),
        _timestamps(buckets.start),
        _timestamps(buckets.end),
        _timestamps(np.maximum(buckets.end, buckets.known_at)),
        pc.if_else(pa.array(buckets.quoted), pa.scalar(QUOTED), pa.scalar(NO_DATA)),
        snapshot_at,
        pc.subtract(pa.array(buckets.end), snapshot_at.view(pa.int64())),
        *state,
        pa.array(buckets.crossed_us),
        pa.array(buckets.locked_us),
        pa.array(buckets.updates),
    ]
    return pa.Table.from_arrays(columns, schema=BOOK_SNAPSHOTS[FINEST].schema)


def _timestamps(instants: Int64s) -> "pa.Array[Any]":
    return pa.array(instants).view(TIMESTAMP)
