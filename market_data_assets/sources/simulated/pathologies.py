"""Faults of rows that can be planted in a simulated day. Each record says what it touches, and what evidence it leaves."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from market_data_assets.domain.days import day_end, day_start
from market_data_assets.sources.simulated.arrivals import BLOCK
from market_data_assets.sources.simulated.faults import (
    CLOCKS,
    CountedFault,
    Fault,
    SpanFault,
    added,
    amounts_of,
    changed,
    repeated,
    without,
)
from market_data_assets.sources.simulated.planting import Planting
from market_data_assets.sources.simulated.rows import Rows

_SECOND = 1_000_000
_BOOKS = "book_snapshot_*"
_EXECUTIONS = ("trades", "liquidations")
_WRONG = {
    "amount": (np.inf, 0.0, -1.0, np.nan),
    "ask_amounts": (np.inf, 0.0, -1.0),
    "index_price": (np.inf, 0.0, -1.0),
    "strike_price": (np.inf, 0.0, -1.0, np.nan),
}
"""Values that no row can have, by the column that tells a data type apart. NaN only where it does not stand for nothing."""


@dataclass(frozen=True, slots=True)
class Gap(SpanFault):
    """No rows of the data type in a span.

    Evidence: trade ids that are missing between two trades; a ticker, or quotes of an option, silent for longer than
    they ever are; a book that does not change although trades hit it.
    """

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows that are lost."""
        return without(rows, self.span.covers(rows.timestamp, day))


@dataclass(frozen=True, slots=True)
class SilentFeed(SpanFault):
    """The recorder was out: no rows in a span, in all feeds of the instrument at once. ``where.data_type`` is ``*``.

    Evidence: as of a gap, in every data type over the same span; trade ids are missing.
    """

    data_types: ClassVar[tuple[str, ...]] = ("[*]",)

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows that are lost."""
        return without(rows, self.span.covers(rows.timestamp, day))


@dataclass(frozen=True, slots=True)
class UnitFlip(SpanFault):
    """Amounts and open interest a thousand times too large in a span, as when thousandths are taken for whole coins.

    Evidence: levels that jump by a factor of 1,000 at both ends of the span while prices do not move.
    """

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows whose amounts are wrong."""
        inside = self.span.covers(rows.timestamp, day)
        return changed(rows, inside, {name: rows.floats(name)[inside] * 1_000 for name in amounts_of(rows)})


@dataclass(frozen=True, slots=True)
class StaleBook(SpanFault):
    """A book, a ticker or a quote stands still for a span while its clocks run on: the recorder repeats its first state.

    Evidence: rows that equal the one before in all but their times, which no clean file has in its book; trades at prices
    that the book does not show.
    """

    data_types: ClassVar[tuple[str, ...]] = (_BOOKS, "derivative_ticker", "options_chain")

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the repetitions, not the state that they repeat."""
        inside = np.flatnonzero(self.span.covers(rows.timestamp, day))
        return changed(rows, inside[1:], {name: rows[name][inside[:1]] for name in rows.columns if name not in CLOCKS})


@dataclass(frozen=True, slots=True)
class Duplicates(CountedFault):
    """Rows delivered a second time, a moment later.

    Evidence: a trade id twice with the same price and amount; in other feeds a row that equals the one before, exchange
    time included.
    """

    def plant(self, rows: Rows, day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the added copies."""
        return added(rows, repeated(rows.take(self.choose(rows, random)), day))


@dataclass(frozen=True, slots=True)
class ConflictingDuplicates(CountedFault):
    """Trades or liquidations delivered a second time with the same id and twice the amount.

    Evidence: an id twice, with two amounts.
    """

    data_types: ClassVar[tuple[str, ...]] = _EXECUTIONS

    def plant(self, rows: Rows, day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the added copies."""
        again = repeated(rows.take(self.choose(rows, random)), day)
        return added(rows, again.replace(amount=again.floats("amount") * 2))


@dataclass(frozen=True, slots=True)
class Disorder(CountedFault):
    """Rows that arrive seconds after their time, behind rows of a later exchange time.

    Evidence: in order of arrival, exchange times that go back.
    """

    seconds: float = 5.0

    def plant(self, rows: Rows, day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the rows that are late."""
        chosen = self.choose(rows, random)
        late = np.minimum(rows.local_timestamp[chosen] + int(self.seconds * _SECOND), day_end(day) - 1)
        return changed(rows, chosen, {"local_timestamp": late})


@dataclass(frozen=True, slots=True)
class ImpossibleValues(CountedFault):
    """Infinite, zero and negative numbers in turn, and NaN where NaN does not stand for nothing.

    They are put in amounts, in the index price of a ticker, and in the strike of an option.
    Evidence: quarantined rows with a reason; above one row in a thousand the file is refused.
    """

    def plant(self, rows: Rows, _day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the rows with such a value."""
        chosen = self.choose(rows, random)
        name = next(name for name in _WRONG if name in rows.columns)
        values = rows.floats(name)[chosen]
        best = values if values.ndim == 1 else values[:, 0]
        best[:] = np.resize(np.array(_WRONG[name]), len(chosen))
        return changed(rows, chosen, {name: values})


@dataclass(frozen=True, slots=True)
class MillisecondTimestamps(CountedFault):
    """Exchange times in milliseconds where microseconds are promised: they read as January 1970.

    Evidence: rows quarantined as out of the day; a file of nothing else is refused, and the message names the unit.
    """

    def plant(self, rows: Rows, _day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the rows with such a time."""
        chosen = self.choose(rows, random)
        return changed(rows, chosen, {"timestamp": rows.timestamp[chosen] // 1_000})


@dataclass(frozen=True, slots=True)
class SecondTimestamps(CountedFault):
    """Exchange times in seconds where microseconds are promised. Evidence: as of milliseconds."""

    def plant(self, rows: Rows, _day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the rows with such a time."""
        chosen = self.choose(rows, random)
        return changed(rows, chosen, {"timestamp": rows.timestamp[chosen] // _SECOND})


@dataclass(frozen=True, slots=True)
class MidnightSpill(Fault):
    """The last seconds of the day before arrive after midnight, at the head of the file of ``where.day``.

    Evidence: rows of the day before in this file, and a day before that ends early without them, then is whole with them.
    """

    seconds: float = 60.0

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if not 0 < self.seconds * _SECOND <= BLOCK:
            raise self.refused(f"{self.seconds} seconds, expected above 0 and at most {BLOCK // _SECOND}")

    def delay(self, rows: Rows, midnight: int) -> Rows:
        """Hold back until ``midnight`` what happened in the last seconds before it."""
        held = rows.timestamp >= midnight - int(self.seconds * _SECOND)
        return rows.replace(local_timestamp=np.where(held, np.maximum(rows.local_timestamp, midnight), rows.local_timestamp))

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows of the day before that lie in the file of ``day``."""
        midnight = day_start(day)
        return Planting(rows, rows.take((rows.timestamp >= midnight - int(self.seconds * _SECOND)) & (rows.timestamp < midnight)))


@dataclass(frozen=True, slots=True)
class EmptyDay(Fault):
    """A file without a row.

    Evidence: nothing in the file of an instrument that is listed, and whose other feeds are alive.
    """

    def plant(self, rows: Rows, _day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows that are lost."""
        return without(rows, np.ones(len(rows), dtype=bool))


@dataclass(frozen=True, slots=True)
class Restatement(CountedFault):
    """The vendor publishes the file again, with other amounts in some rows: from ``revision`` of the source on.

    Evidence: another source version of the same file; until that revision nothing is planted.
    """

    revision: int = 2

    def __post_init__(self) -> None:
        CountedFault.__post_init__(self)
        if self.revision < 2:
            raise self.refused(f"revision {self.revision}, expected 2 or more: the first is what is restated")

    def plant(self, rows: Rows, _day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the rows whose amounts are restated: twice what they were."""
        chosen = self.choose(rows, random)
        return changed(rows, chosen, {name: rows.floats(name)[chosen] * 2 for name in amounts_of(rows)})
