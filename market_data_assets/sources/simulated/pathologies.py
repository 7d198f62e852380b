"""Faults that can be planted in a simulated day. A new one is one record with ``plant``, whose docstring says what it touches."""

import datetime as dt
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar

import numpy as np

from market_data_assets.domain.days import day_end, day_start
from market_data_assets.errors import SettingsError
from market_data_assets.sources.simulated.arrivals import BLOCK
from market_data_assets.sources.simulated.planting import Planting, Span, Where
from market_data_assets.sources.simulated.rows import Column, Flags, Instants, Rows, concatenate

_LEVELS = ("ask_prices", "ask_amounts", "bid_prices", "bid_amounts")
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class _Fault:
    """A fault of whole files.

    Raises:
        SettingsError: the data type cannot have the fault.
    """

    data_types: ClassVar[str] = "*"

    where: Where

    def __post_init__(self) -> None:
        if not fnmatchcase(self.where.data_type, self.data_types):
            raise SettingsError(f"{type(self).__name__} in {self.where.data_type}: expected a data type like {self.data_types}")


@dataclass(frozen=True, slots=True)
class _SpanFault(_Fault):
    """A fault of the rows in a span."""

    span: Span


@dataclass(frozen=True, slots=True)
class _CountedFault(_Fault):
    """A fault of ``count`` rows, 1 or more; of all of them when there are fewer."""

    count: int

    def __post_init__(self) -> None:
        _Fault.__post_init__(self)
        if self.count < 1:
            raise SettingsError(f"{type(self).__name__} in {self.where.data_type}: a count of {self.count}, expected 1 or more")

    def choose(self, rows: Rows, random: np.random.Generator) -> Instants:
        """Positions of the faulty rows, ascending."""
        return np.sort(random.choice(len(rows), min(self.count, len(rows)), replace=False))


@dataclass(frozen=True, slots=True)
class Gap(_SpanFault):
    """No rows at all in a span."""

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows that are lost."""
        lost = self.span.covers(rows.timestamp, day)
        return Planting(rows.take(~lost), rows.take(lost))


@dataclass(frozen=True, slots=True)
class UnitFlip(_SpanFault):
    """Amounts a thousand times too large in a span, as when thousandths are taken for whole coins."""

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows whose amounts are wrong."""
        inside = self.span.covers(rows.timestamp, day)
        amounts = [name for name in rows.columns if name == "amount" or name.endswith("_amounts")]
        return _changed(rows, inside, {name: rows[name][inside] * 1_000 for name in amounts})


@dataclass(frozen=True, slots=True)
class StaleBook(_SpanFault):
    """The book stands still for a span while its clocks run on: the recorder repeats the first state of the span."""

    data_types: ClassVar[str] = "book_snapshot_*"

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the repetitions, not the state that they repeat."""
        inside = np.flatnonzero(self.span.covers(rows.timestamp, day))
        return _changed(rows, inside[1:], {name: rows[name][inside[:1]] for name in _LEVELS})


@dataclass(frozen=True, slots=True)
class Duplicates(_CountedFault):
    """Trades delivered a second time, a moment later."""

    data_types: ClassVar[str] = "trades"

    def plant(self, rows: Rows, day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the added copies."""
        return _added(rows, _repeated(rows.take(self.choose(rows, random)), day))


@dataclass(frozen=True, slots=True)
class ConflictingDuplicates(_CountedFault):
    """Trades delivered a second time with the same id and twice the amount."""

    data_types: ClassVar[str] = "trades"

    def plant(self, rows: Rows, day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the added copies."""
        again = _repeated(rows.take(self.choose(rows, random)), day)
        return _added(rows, again.replace(amount=again["amount"] * 2))


@dataclass(frozen=True, slots=True)
class Disorder(_CountedFault):
    """Rows that arrive seconds after their time, behind rows of a later exchange time."""

    seconds: float = 5.0

    def plant(self, rows: Rows, day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the rows that are late."""
        chosen = self.choose(rows, random)
        late = np.minimum(rows.local_timestamp[chosen] + int(self.seconds * _SECOND), day_end(day) - 1)
        return _changed(rows, chosen, {"local_timestamp": late})


@dataclass(frozen=True, slots=True)
class CrossedBook(_CountedFault):
    """Best bid and best ask exchanged, so that the bid is above the ask."""

    data_types: ClassVar[str] = "book_snapshot_*"

    def plant(self, rows: Rows, _day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the crossed rows."""
        chosen = self.choose(rows, random)
        asks, bids = rows["ask_prices"][chosen], rows["bid_prices"][chosen]
        asks[:, 0], bids[:, 0] = bids[:, 0], asks[:, 0].copy()
        return _changed(rows, chosen, {"ask_prices": asks, "bid_prices": bids})


@dataclass(frozen=True, slots=True)
class ImpossibleValues(_CountedFault):
    """Infinite, zero and negative amounts in turn, and NaN where NaN does not stand for a missing level."""

    def plant(self, rows: Rows, _day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the rows with such a value."""
        chosen = self.choose(rows, random)
        name = "amount" if "amount" in rows.columns else "ask_amounts"
        values = rows[name][chosen]
        best = values if values.ndim == 1 else values[:, 0]
        wrong = np.array([np.inf, 0.0, -1.0] + [np.nan] * (values.ndim == 1))
        best[:] = np.resize(wrong, len(chosen))
        return _changed(rows, chosen, {name: values})


@dataclass(frozen=True, slots=True)
class MillisecondTimestamps(_CountedFault):
    """Exchange times in milliseconds where microseconds are promised: they read as January 1970."""

    def plant(self, rows: Rows, _day: dt.date, random: np.random.Generator, /) -> Planting:
        """Touches the rows with such a time."""
        chosen = self.choose(rows, random)
        return _changed(rows, chosen, {"timestamp": rows.timestamp[chosen] // 1_000})


@dataclass(frozen=True, slots=True)
class MidnightSpill(_Fault):
    """The last seconds of the day before arrive after midnight, at the head of the file of ``where.day``."""

    seconds: float = 60.0

    def __post_init__(self) -> None:
        _Fault.__post_init__(self)
        if not 0 < self.seconds * _SECOND <= BLOCK:
            raise SettingsError(f"MidnightSpill of {self.seconds} seconds: expected above 0 and at most {BLOCK // _SECOND}")

    def delay(self, rows: Rows, midnight: int) -> Rows:
        """Hold back until ``midnight`` what happened in the last seconds before it."""
        held = rows.timestamp >= midnight - int(self.seconds * _SECOND)
        return rows.replace(local_timestamp=np.where(held, np.maximum(rows.local_timestamp, midnight), rows.local_timestamp))

    def plant(self, rows: Rows, day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows of the day before that lie in the file of ``day``."""
        midnight = day_start(day)
        return Planting(rows, rows.take((rows.timestamp >= midnight - int(self.seconds * _SECOND)) & (rows.timestamp < midnight)))


@dataclass(frozen=True, slots=True)
class EmptyDay(_Fault):
    """A file without a row."""

    def plant(self, rows: Rows, _day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows that are lost."""
        return Planting(rows.take(np.zeros(0, dtype=np.int64)), rows)


@dataclass(frozen=True, slots=True)
class MissingFile(_Fault):
    """The vendor lists the instrument, and denies having its file."""

    def plant(self, rows: Rows, _day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows that are lost."""
        return Planting(None, rows)


def _changed(rows: Rows, chosen: Flags | Instants, columns: dict[str, Column]) -> Planting:
    """``rows`` with other values in the chosen ones."""
    changed = {name: rows[name].copy() for name in columns}
    for name, values in columns.items():
        changed[name][chosen] = values
    result = rows.replace(**changed)
    return Planting(result, result.take(chosen))


def _added(rows: Rows, more: Rows) -> Planting:
    return Planting(concatenate((rows, more)), more)


def _repeated(rows: Rows, day: dt.date) -> Rows:
    """The same rows delivered a millisecond later, in the same file."""
    return rows.replace(local_timestamp=np.minimum(rows.local_timestamp + 1_000, day_end(day) - 1))
