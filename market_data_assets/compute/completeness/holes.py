"""Spans of a day in which a feed should have had rows and has none, found from ids, from cadence and from the other feeds.

A silence alone proves little, since markets are quiet at times. What is reported has one of these proofs:
- trades: the venue numbers them one by one, and numbers are missing;
- books: trades happened, delivered or proved by their numbers, and the book did not change although a trade always takes from it;
- tickers and option chains, which tick whether there is trade or not: a pause far beyond the feed's own pace;
- busy feeds (5,000 rows and more): a pause that is many hundred times their usual one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.completeness.record import Span
from market_data_assets.compute.numbering import is_numbered
from market_data_assets.domain.days import to_datetime

Int64s = npt.NDArray[np.int64]

_SECOND = 1_000_000
_SHORTEST_HOLE = _SECOND
_BUSY_ROWS = 5_000
_BUSY_FACTOR, _BUSY_LEAST = 400, 120 * _SECOND
_PACE_FACTOR, _PACE_LEAST = 30, 60 * _SECOND
_REACTION = _SECOND
_UNANSWERED_TRADES = 3
_UNANSWERED_LEAST = 10 * _SECOND
_MANY_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Feed:
    """The rows of one data type of one instrument and exchange day.

    Attributes:
        times: Exchange times, µs UTC, ascending.
        ids: Whole-number ids in the order of ``times``; None where the venue gives none.
        set_aside_ids: Ids of rows in quarantine: delivered, so not missing.
        is_empty: The vendor's own file of the day has no rows; rows that came late lie in the next one.
    """

    times: Int64s
    ids: Int64s | None = None
    set_aside_ids: frozenset[int] = frozenset()
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Hole:
    """Rows that are missing.

    Attributes:
        span: Between the rows around it, or to the edge of the listing; None for single rows.
        rows: How many are known to be missing; None where nobody can know.
    """

    reason: str
    evidence: str
    span: Span | None
    rows: int | None = None


Feeds = Mapping[str, Feed]


def find_holes(data_type: str, feeds: Feeds, listed: Span) -> Iterator[Hole]:
    """The holes in the feed of ``data_type``, ascending.

    Args:
        feeds: Every feed of the instrument that is stored, by data type; at least this one.
        listed: The part of the day in which the instrument was listed.
    """
    rule = _RULES.get(data_type)
    if rule is not None and listed[0] < listed[1]:
        yield from rule(feeds[data_type], feeds, listed)


def _trade_holes(trades: Feed, feeds: Feeds, listed: Span) -> Iterator[Hole]:
    if trades.is_empty:
        yield from _unexpectedly_empty(feeds, listed)
        return
    pauses = list(_long_pauses(trades.times, listed))
    if trades.ids is None or not is_numbered(np.unique(trades.ids)):
        yield from pauses
        return
    # Numbers prove what is missing between two trades; before the first and after the last one only the silence does.
    yield from _numbered_holes(trades)
    yield from (pause for pause in pauses if pause.span and (pause.span[0] == listed[0] or pause.span[1] == listed[1]))


def _numbered_holes(trades: Feed) -> Iterator[Hole]:
    if trades.ids is not None and is_numbered(np.unique(trades.ids)):
        yield from _missing_ids(trades.times, trades.ids, trades.set_aside_ids)


def _missing_ids(times: Int64s, ids: Int64s, set_aside: frozenset[int]) -> Iterator[Hole]:
    """Jumps in the numbers: each long one a span, the others together."""
    numbered, at_first = np.unique(ids, return_index=True)
    skipped = 0
    for at in np.flatnonzero(np.diff(numbered) > 1):
        before, after = int(numbered[at]), int(numbered[at + 1])
        missing = after - before - 1 - sum(before < each < after for each in set_aside)
        start, end = int(times[at_first[at]]), int(times[at_first[at + 1]])
        if missing <= 0:
            continue
        if end - start < _SHORTEST_HOLE:
            skipped += missing
        else:
            yield Hole("gap", f"trades {before + 1} to {after - 1} were never delivered", (start, end), missing)
    if skipped:
        yield Hole("skipped_ids", "numbers are missing between trades less than a second apart", None, skipped)


def _unexpectedly_empty(feeds: Feeds, listed: Span) -> Iterator[Hole]:
    """No trades all day, although the book moved as it does where there is trade."""
    for name, feed in feeds.items():
        if name.startswith("book_snapshot_") and len(feed.times) >= _MANY_ROWS:
            yield Hole("empty_file", f"no trades in a day in which {name} changed {len(feed.times)} times", listed)
            return


def _book_holes(book: Feed, feeds: Feeds, listed: Span) -> Iterator[Hole]:
    if book.is_empty:
        yield Hole("empty_file", "a listed instrument has a book, if an empty one", listed)
        return
    found = {pause.span: pause for pause in _long_pauses(book.times, listed)}
    trades = feeds.get("trades", Feed(np.empty(0, np.int64)))
    starts, ends = _pauses(book.times, listed)
    unanswered = np.searchsorted(trades.times, ends - _REACTION) - np.searchsorted(trades.times, starts, side="right")
    for hole in _numbered_holes(trades):
        if hole.span is None:
            continue
        # Where the trades are missing too, their numbers say that there were some.
        begin, end = hole.span
        overlaps = np.minimum(ends, end) - np.maximum(starts, begin)
        at = int(np.argmax(overlaps))
        if 2 * overlaps[at] > end - begin:
            unanswered[at] += hole.rows or 0
    for place in np.flatnonzero((unanswered >= _UNANSWERED_TRADES) & (ends - starts >= _UNANSWERED_LEAST)):
        span = (int(starts[place]), int(ends[place]))
        found[span] = Hole("gap", f"{unanswered[place]} trades changed nothing in the book", span)
    yield from (found[span] for span in sorted(found, key=lambda each: each or (0, 0)))


def _paced_holes(feed: Feed, _feeds: Feeds, listed: Span) -> Iterator[Hole]:
    if feed.is_empty:
        yield Hole("empty_file", "the feed of a listed instrument ticks without trade too", listed)
        return
    starts, ends = _pauses(feed.times, listed)
    pace = _pace(feed.times)
    for at in np.flatnonzero(ends - starts >= max(_PACE_LEAST, _PACE_FACTOR * pace)):
        yield _pause("gap", int(starts[at]), int(ends[at]), pace)


def _long_pauses(times: Int64s, listed: Span) -> Iterator[Hole]:
    """Pauses of a busy feed that are far longer than its usual ones."""
    if len(times) < _BUSY_ROWS:
        return
    starts, ends = _pauses(times, listed)
    pace = _pace(times)
    for at in np.flatnonzero(ends - starts >= max(_BUSY_LEAST, _BUSY_FACTOR * pace)):
        yield _pause("gap", int(starts[at]), int(ends[at]), pace)


def _pause(reason: str, start: int, end: int, pace: float) -> Hole:
    return Hole(
        reason, f"silent from {to_datetime(start):%H:%M:%S} for {(end - start) / _SECOND:.0f} s; usual {pace / _SECOND:.3g} s", (start, end)
    )


def _pauses(times: Int64s, listed: Span) -> tuple[Int64s, Int64s]:
    """The times between rows, and to both edges of the listing: where each starts and ends."""
    inside = times[(times >= listed[0]) & (times < listed[1])]
    return np.concatenate([[listed[0]], inside]), np.concatenate([inside, [listed[1]]])


def _pace(times: Int64s) -> float:
    """The median time between rows."""
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


_RULES: Mapping[str, Callable[[Feed, Feeds, Span], Iterator[Hole]]] = {
    "trades": _trade_holes,
    "book_snapshot_5": _book_holes,
    "book_snapshot_25": _book_holes,
    "derivative_ticker": _paced_holes,
    "options_chain": _paced_holes,
}
"""How each data type is judged. Liquidations are not: nobody can say that one was missed."""
