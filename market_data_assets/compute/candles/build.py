"""Ticks of one instrument-day → candles of any timeframes, and coarser candles from stored finer ones."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.compute.candles.book import collect_book
from market_data_assets.compute.candles.buckets import collect_buckets, day_scale, in_threads
from market_data_assets.compute.candles.derivatives import collect_derivatives
from market_data_assets.compute.candles.feeds import Feeds
from market_data_assets.compute.candles.folding import fold
from market_data_assets.compute.candles.medians import write_medians
from market_data_assets.compute.candles.options import collect_options
from market_data_assets.compute.candles.pauses import quiet_buckets
from market_data_assets.compute.candles.status import Evidence, Span, proved_at, statuses, touched
from market_data_assets.compute.candles.tables import rows_of, table_of
from market_data_assets.compute.candles.ticks import Ticks
from market_data_assets.compute.candles.trades import DayTrades, day_trades
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import Quarantined, TableFrame
from market_data_assets.domain.timeframes import FINEST, Timeframe
from market_data_assets.errors import QueryError

Int64s = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]


def from_ticks(feeds: Feeds, contract: Contract, day: dt.date, timeframes: Sequence[Timeframe]) -> dict[Timeframe, TableFrame]:
    """Candles of one instrument and UTC day, one row per bucket: every bucket of the day, options only those with trades.

    Args:
        feeds: Ticks of the day in exchange time. A feed that the instrument does not have leaves its columns null.
        timeframes: Multiples of the finest one.

    Returns:
        A frame per timeframe. What was set aside of any feed is in its ``quarantined``: rows outside the listing, trades
        that repeat an id with other values, impossible books.

    Raises:
        SchemaDrift: columns missing, with nulls or of another type.
        BadData: impossible prices, amounts or sides of trades, or rows of another day.
    """
    known = day_trades(feeds.trades, contract, day)
    levels = _levels(timeframes)
    finest, starts, quarantined = _finest(known, feeds, contract, day)
    rows = {FINEST: (finest, starts)}
    for finer, coarser in pairwise(levels):
        rows[coarser] = fold(*rows[finer], coarser.microseconds)
    medians = _medians(known.ticks, [rows[timeframe][0] for timeframe in timeframes])
    tables = _tables(contract, [(timeframe, *rows[timeframe]) for timeframe in timeframes], medians)
    return {timeframe: TableFrame(table, quarantined) for timeframe, table in zip(timeframes, tables, strict=True)}


def merge(candles: pa.Table, timeframe: Timeframe) -> pa.Table:
    """Candles of ``timeframe`` from stored finer candles of one instrument, hidden columns included.

    Equal to :func:`from_ticks` in every column but ``delay_median``, which is null.

    Args:
        candles: Ascending rows of one finer timeframe; whole days, or whole buckets of ``timeframe``.

    Raises:
        QueryError: candles that are not finer, or of several instruments.
        SchemaDrift: columns missing.
    """
    rows, starts = rows_of(candles)
    instruments = [str(instrument) for instrument in candles["instrument_id"].unique().to_pylist()]
    if len(instruments) > 1:
        raise QueryError(f"merging candles of {len(instruments)} instruments: expected one")
    lengths = np.asarray(candles["timestamp_close"].cast(pa.int64()).to_numpy()) - starts
    if len(lengths) and ((lengths != lengths[0]).any() or timeframe.microseconds % int(lengths[0])):
        raise QueryError(f"candles of {instruments[0]}: expected one timeframe that divides {timeframe}")
    if (np.diff(starts) <= 0).any():
        raise QueryError(f"candles of {instruments[0]}: expected ascending timestamps")
    folded, coarse = fold(rows, starts, timeframe.microseconds)
    none = np.full(len(folded), np.nan)
    return table_of(instruments[0] if instruments else "", [folded], coarse, coarse + timeframe.microseconds, none)


def _finest(known: DayTrades, feeds: Feeds, contract: Contract, day: dt.date) -> tuple[Rows, Int64s, tuple[Quarantined, ...]]:
    """The finest buckets from all feeds, their starts, and what was set aside."""
    scale = day_scale(known, contract)
    rows, starts = collect_buckets(known, scale, day, FINEST)
    book = collect_book(rows, feeds.book, (known, scale), contract, day)
    set_aside, spans = [*known.quarantined, *book.quarantined], list[Span]()
    for collect in (collect_derivatives, collect_options):
        quarantined, observed = collect(rows, starts, feeds, contract, day)
        set_aside += quarantined
        spans += observed
    evidence = Evidence(
        quiet=quiet_buckets(known, rows["trade_count"]),
        connected=book.connected | touched(starts, FINEST.microseconds, spans),
        halted=book.halted,
        halt_proved_at=book.halt_proved_at,
    )
    # A bucket's values use state that any earlier row of the day may have changed, so it waits for all of them. Its status
    # may need one later row too, but says nothing of the next bucket.
    rows["available_at"] = np.maximum(np.maximum.accumulate(rows["available_at"]), proved_at(evidence))
    rows["bucket_status"] = statuses(starts, FINEST.microseconds, rows["trade_count"], contract.listed_within(day), evidence)
    if contract.has_full_grid:
        return rows, starts, tuple(set_aside)
    traded = rows["trade_count"] > 0
    return rows[traded], starts[traded], tuple(set_aside)


def _levels(timeframes: Sequence[Timeframe]) -> list[Timeframe]:
    """The finest timeframe and those asked for, each a multiple of the one before."""
    levels = sorted({FINEST, *timeframes})
    for finer, coarser in pairwise(levels):
        if coarser.seconds % finer.seconds:
            raise QueryError(f"timeframe {coarser} is not a multiple of {finer}")
    return levels


def _medians(ticks: Ticks, levels: Sequence[Rows]) -> list[npt.NDArray[np.float64]]:
    """The median delay of each bucket in ms, per timeframe."""
    delays = ticks.arrivals - ticks.times

    def medians(rows: Rows) -> npt.NDArray[np.float64]:
        bounds = np.concatenate([[0], np.cumsum(rows["trade_count"])]).astype(np.int64)
        lowest, highest = (np.rint(np.nan_to_num(rows[name]) * 1000.0).astype(np.int64) for name in ("delay_min", "delay_max"))
        results = np.empty(len(rows))
        write_medians(delays, bounds, lowest, highest, results)
        return results / 1000.0

    # The coarsest take longest, since their trades do not fit in a cache: they go first.
    return in_threads(medians, levels[::-1], len(delays))[::-1]


def _tables(
    contract: Contract, parts: Sequence[tuple[Timeframe, Rows, Int64s]], medians: Sequence[npt.NDArray[np.float64]]
) -> list[pa.Table]:
    """One table per timeframe: slices of one, since a few thousand rows cost no more than one."""
    if not parts:
        return []
    starts = np.concatenate([starts for _, _, starts in parts])
    ends = np.concatenate([starts + timeframe.microseconds for timeframe, _, starts in parts])
    whole = table_of(str(contract.instrument_id), [rows for _, rows, _ in parts], starts, ends, np.concatenate(medians))
    offsets = np.cumsum([0] + [len(rows) for _, rows, _ in parts])
    return [whole.slice(int(start), int(stop - start)) for start, stop in pairwise(offsets)]
