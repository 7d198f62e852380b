"""The book's part of the buckets: one pass over its rows, beside the trades that it prevailed before."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.compute.book_snapshots.book import BookChunk, chunks, listed_rows
from market_data_assets.compute.book_snapshots.verdicts import Verdicts, impossible
from market_data_assets.compute.candles import book_kernel as kernel
from market_data_assets.compute.candles import exact
from market_data_assets.compute.candles.book_survey import judge, survey
from market_data_assets.compute.candles.components.book import FEED
from market_data_assets.compute.candles.scale import Facts, Scale, scale_of, unit_for
from market_data_assets.compute.candles.trades import DayTrades
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import Quarantined
from market_data_assets.domain.days import day_start
from market_data_assets.domain.timeframes import FINEST
from market_data_assets.errors import SchemaDrift

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.void]
_INTEGRALS = (
    *("spread_time", "spread_bps_time", "price_sum_time", "micro_deviation_time"),
    *("obi_1_time", "obi_5_time", "depth_bid_time", "depth_ask_time"),
)
"""In the order of the kernel."""
_LONG_AGO = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class BookEvidence:
    """What the book says of the buckets beside its columns.

    Attributes:
        connected: Buckets with a row: the recorder was connected.
        halted: Buckets that an empty book spans as a whole and whose feed was alive: a row of the day lies in or after them.
        halt_proved_at: When the rows of the first such bucket with rows had arrived, µs UTC.
    """

    quarantined: tuple[Quarantined, ...]
    connected: Bools
    halted: Bools
    halt_proved_at: Int64s


def collect_book(rows: Rows, book: pa.Table | None, trades: tuple[DayTrades, Scale], contract: Contract, day: dt.date) -> BookEvidence:
    """Fills the book's fields of the day's finest buckets in place.

    Args:
        rows: Every bucket of the day, dtype ROW, with the trades' fields filled.
        book: Rows of a raw book; None where the instrument has no book data, and then nothing is filled.
        trades: The day's trades and their scale.

    Raises:
        SchemaDrift: the table is not a raw book of at least 5 levels.
        BadData: rows of another day.
    """
    if book is None:
        none = np.zeros(len(rows), np.bool_)
        return BookEvidence((), none, none, np.zeros(len(rows), np.int64))
    listed = listed_rows(book, contract, day)
    if listed.levels < kernel.LEVELS:
        raise SchemaDrift(f"book of {contract.instrument_id} on {day}: {listed.levels} levels, expected at least {kernel.LEVELS}")
    verdicts = _verdicts(listed.book, listed.levels)
    quarantined = (*listed.quarantined, *impossible(listed.book, verdicts))
    possible = listed.book.filter(pa.array(verdicts == 0)) if verdicts.any() else listed.book
    pieces = [chunk for chunk in chunks(possible, listed.levels) if len(chunk)]
    scale = _scale(pieces, trades, contract)
    span, starts = contract.listed_within(day), day_start(day) + np.arange(len(rows)) * FINEST.microseconds
    totals = _run(pieces, trades[0], scale, day, span[1])
    rows[FEED], rows["book_price_decimals"], rows["book_base_decimals"] = listed.levels, scale.book.price_decimals, scale.book.base_decimals
    _fill(rows, totals, scale.book)
    rows["available_at"] = np.maximum(rows["available_at"], totals.latest_arrivals)
    lengths = np.minimum(starts + FINEST.microseconds, span[1]) - np.maximum(starts, span[0])
    emptied = (lengths > 0) & (totals.times[:, kernel.EMPTY] == lengths)
    # The bucket itself where it has rows, otherwise the next one that has; past the last one there is none.
    updated = np.flatnonzero(totals.updates)
    alive_in = np.searchsorted(updated, np.arange(len(rows)))
    arrivals = np.append(totals.latest_arrivals[updated], _LONG_AGO)
    return BookEvidence(quarantined, totals.updates > 0, emptied & (alive_in < len(updated)), arrivals[alive_in])


def _verdicts(book: pa.Table, levels: int) -> Verdicts:
    verdicts = np.zeros(book.num_rows, np.uint8)
    for chunk in chunks(book, levels):
        judge(_levels(chunk), verdicts[chunk.first_row : chunk.first_row + len(chunk)])
    return verdicts


def _levels(chunk: BookChunk) -> kernel.Levels:
    return kernel.Levels(chunk.times, chunk.arrivals, **chunk.levels)


def _scale(pieces: Sequence[BookChunk], trades: tuple[DayTrades, Scale], contract: Contract) -> kernel.BookScale:
    known, of_trades = trades
    seen = survey([_levels(chunk) for chunk in pieces])
    # Ticks that divide the trades' prices too: then the distance of a trade from the mid is a whole number.
    decimals = -1 if seen.price_decimals < 0 or not of_trades.price_whole else max(seen.price_decimals, of_trades.price_decimals)
    facts = Facts(decimals, seen.amount_decimals, seen.smallest_price, seen.largest_price, seen.largest_amount)
    book = scale_of(facts, multiplier=contract.multiplier, inverse=contract.inverse)
    price = seen.largest_price * book.price_factor
    depth = kernel.LEVELS * seen.largest_amount * contract.multiplier * (1.0 if contract.inverse else seen.largest_price)
    bounds = (price, 2e4, 2.0 * price, 1e4, 1.0, 1.0, depth, depth)
    coarse = [math.ldexp(1.0, math.frexp(bound)[1] - kernel.COARSE_BITS) for bound in bounds]
    units = np.array([(unit, math.ldexp(unit, -kernel.COARSE_BITS)) for unit in coarse])
    largest = known.amount.largest * of_trades.amount_factor * of_trades.multiplier
    if contract.inverse and len(known.ticks.times):
        largest /= 10.0**of_trades.quote_decimals * known.price.smallest
    # 1024 bps: dearer trades are added exactly too, up to 2^24 of them.
    quote_values = (10.0**book.quote_decimals, 10.0**of_trades.quote_decimals)
    return kernel.BookScale(book, of_trades, contract.multiplier, *quote_values, units, unit_for(1024.0 * largest))


def _run(pieces: Sequence[BookChunk], trades: DayTrades, scale: kernel.BookScale, day: dt.date, listed_end: int) -> kernel.Totals:
    totals, standing = _totals(day_start(day)), _nothing()
    for number, chunk in enumerate(pieces):
        until = listed_end if number == len(pieces) - 1 else int(chunk.times[-1])
        kernel.collect_book(_levels(chunk), standing, trades.ticks, scale, totals, until)
    return totals


def _totals(origin: int) -> kernel.Totals:
    count = FINEST.buckets_per_day
    return kernel.Totals(
        origin=origin,
        width=FINEST.microseconds,
        times=np.zeros((count, len(kernel.KINDS)), np.int64),
        integrals=np.zeros((count, kernel.INTEGRALS, 2)),
        lasts=np.full((count, 4), np.nan),
        flows=np.zeros((count, kernel.LEVELS, 2)),
        costs=np.zeros((count, 2, 2)),
        updates=np.zeros(count, np.int64),
        latest_arrivals=np.full(count, _LONG_AGO, np.int64),
    )


def _nothing() -> kernel.Standing:
    levels = (kernel.LEVELS, 2)
    return kernel.Standing(
        np.array([kernel.NOTHING, 0, 0], np.int64),
        np.zeros(kernel.INTEGRALS),
        np.zeros((kernel.INTEGRALS, 2)),
        np.zeros(4),
        np.zeros(levels),
        np.zeros(levels),
    )


def _fill(rows: Rows, totals: kernel.Totals, scale: Scale) -> None:
    """The kernel's totals as the components of the buckets."""
    rows["spread_last"] = totals.lasts[:, 0] / 10.0**scale.price_decimals
    rows["mid_last"] = totals.lasts[:, 1] / (2.0 * 10.0**scale.price_decimals)
    rows["obi_1_last"], rows["obi_5_last"] = totals.lasts[:, 2], totals.lasts[:, 3]
    empty, one_sided, locked, crossed, opened = totals.times.T
    rows["open_us"], rows["two_sided_us"], rows["crossed_us"] = opened, opened + crossed + locked, crossed
    rows["standing_us"] = empty + one_sided + locked + crossed + opened
    rows["book_updates"] = totals.updates
    none = np.zeros(len(rows))
    for number, name in enumerate(_INTEGRALS):
        rows[name], rows[f"{name}_low"] = exact.add(totals.integrals[:, number, 0], none, totals.integrals[:, number, 1], none)
    for level in range(kernel.LEVELS):
        rows[f"ofi_{level + 1}"], rows[f"ofi_{level + 1}_low"] = totals.flows[:, level].T
    for number, name in enumerate(("effective_cost", "effective_base")):
        rows[name], rows[f"{name}_low"] = totals.costs[:, number].T
