"""Raw books: crossed, locked, impossible, or standing still while trades go on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from market_data_assets.compute.quality.columns import Doubles, Flags, Int64s, first_time, instants, levels
from market_data_assets.compute.quality.findings import Finding
from market_data_assets.compute.quality.values import runs
from market_data_assets.domain.days import to_datetime

WARNING_SHARE, WRONG_SHARE = 0.001, 0.05
"""Shares of crossed, and of locked, rows above which a book warns, and above which it is wrong."""
_LIST_COLUMNS = ("ask_prices", "ask_amounts", "bid_prices", "bid_amounts")
_AMOUNT_LEVELS = 5
_UNANSWERED_TRADES = 3


@dataclass(frozen=True, slots=True)
class BookRows:
    """What the checks need of a raw book, one value per row.

    Attributes:
        times, arrivals: µs UTC.
        asks, bids: Best prices; NaN where a side is empty.
        amounts: Geometric mean of the amounts of the best five levels of both sides; NaN where there are none.
        repeated: All levels equal those of the row before.
        impossible: A price or an amount is infinite, zero or negative.
    """

    times: Int64s
    arrivals: Int64s
    asks: Doubles
    bids: Doubles
    amounts: Doubles
    repeated: Flags
    impossible: Flags


def book_rows(batches: Iterable[pa.RecordBatch]) -> BookRows:
    """The summary of a raw book that is read a batch at a time, so that a deep book is never in memory as a whole."""
    parts, before = list[BookRows](), None
    for batch in batches:
        if len(batch):
            part, before = _summary(batch, before)
            parts.append(part)
    if not parts:
        none, never = np.empty(0), np.empty(0, np.int64)
        return BookRows(never, never, none, none, none, none.astype(bool), none.astype(bool))
    return BookRows(*(np.concatenate([getattr(part, name) for part in parts]) for name in BookRows.__slots__))


def judge_levels(instrument: str, book: BookRows) -> Iterator[Finding]:
    """Rows with a price or an amount that cannot be: infinite, zero or negative. They are wrong."""
    if book.impossible.any():
        first = first_time(book.times, book.impossible)
        yield Finding(instrument, "impossible_levels", int(book.impossible.sum()), len(book.times), True, first)


def judge_quotes(instrument: str, times: Int64s, asks: Doubles, bids: Doubles) -> Iterator[Finding]:
    """Rows with the best bid above the best ask (crossed) or equal to it (locked), where they are more than one in a thousand.

    Features leave such rows out, so they warn; above one in twenty the book is wrong.
    """
    for problem, flags in (("crossed", bids > asks), ("locked", bids == asks)):
        count = int(flags.sum())
        if count > WARNING_SHARE * len(times):
            wrong = count > WRONG_SHARE * len(times)
            yield Finding(instrument, problem, count, len(times), wrong, first_time(times, flags), f"{count / len(times):.2%} of the rows")


def judge_staleness(instrument: str, book: BookRows, trades: Int64s) -> Iterator[Finding]:
    """Spans in which the book repeats itself under new times although three trades or more happened: a trade always takes from it.

    Without trades a book may well repeat itself. They warn.

    Args:
        trades: Exchange times of the instrument's trades, ascending, µs UTC.
    """
    later = np.diff(book.times, prepend=book.times[:1]) > 0
    found, spans = 0, list[tuple[int, int]]()
    for start, end in runs(book.repeated):
        span = (int(book.times[start]), int(book.times[end - 1]))
        unanswered = np.searchsorted(trades, span[1]) - np.searchsorted(trades, span[0], side="right")
        if unanswered >= _UNANSWERED_TRADES and later[start:end].any():
            found += end - start
            spans.append(span)
    if spans:
        yield Finding(instrument, "stale", found, len(book.times), False, spans[0][0], _listed(spans))


def _listed(spans: Sequence[tuple[int, int]]) -> str:
    shown = ", ".join(f"{to_datetime(start):%H:%M:%S} to {to_datetime(end):%H:%M:%S}" for start, end in spans[:3])
    return f"{len(spans)} span(s): {shown}"


def _summary(batch: pa.RecordBatch, before: dict[str, Doubles] | None) -> tuple[BookRows, dict[str, Doubles]]:
    """The summary of a batch, and its last row for the next one."""
    sides = {name: levels(batch, name) for name in _LIST_COLUMNS}
    repeated = np.ones(len(batch), dtype=bool)
    impossible = np.zeros(len(batch), dtype=bool)
    for name, values in sides.items():
        previous = np.vstack([np.full_like(values[:1], np.inf) if before is None else before[name], values[:-1]])
        repeated &= ((values == previous) | (np.isnan(values) & np.isnan(previous))).all(axis=1)
        impossible |= (np.isinf(values) | (values <= 0)).any(axis=1)
    best = np.hstack([sides[name][:, :_AMOUNT_LEVELS] for name in ("ask_amounts", "bid_amounts")])
    table = pa.Table.from_batches([batch])
    part = BookRows(
        times=instants(table),
        arrivals=instants(table, "local_timestamp"),
        asks=sides["ask_prices"][:, 0].copy(),
        bids=sides["bid_prices"][:, 0].copy(),
        amounts=_geometric_mean(best),
        repeated=repeated,
        impossible=impossible,
    )
    return part, {name: values[-1:].copy() for name, values in sides.items()}


def _geometric_mean(amounts: Doubles) -> Doubles:
    known = amounts > 0
    logs = np.log(amounts, out=np.zeros_like(amounts), where=known)
    count = known.sum(axis=1)
    means: Doubles = np.exp(np.divide(logs.sum(axis=1), count, out=np.full(len(amounts), np.nan), where=count > 0))
    return means
