"""Where a fault is planted, and what planting gives back."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

import numpy as np

from market_data_assets.domain.days import TimeRange, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import MarketDataError, SettingsError
from market_data_assets.sources.simulated.rows import Flags, Instants, Rows

Refusal = Callable[[str], MarketDataError | None]
"""Given the dataset, instrument and day in words, the error that this attempt to fetch the file ends with; None when it succeeds."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which files get a pathology.

    Attributes:
        instrument: Id, or a pattern of ids such as ``*:PERP:*``.
        data_type: Name of the raw dataset, or a pattern such as ``book_snapshot_*`` or ``*``.
        day: Vendor day of the file; None for every day.
    """

    instrument: str
    data_type: str = "trades"
    day: dt.date | None = None

    def matches(self, instrument: InstrumentId, data_type: str, day: dt.date) -> bool:
        """Whether this file is one of them."""
        return fnmatchcase(str(instrument), self.instrument) and fnmatchcase(data_type, self.data_type) and self.day in {None, day}


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds of the UTC day, ``[start, end)``, by exchange time.

    Raises:
        SettingsError: not an ascending range within one day.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 86_400:
            raise SettingsError(f"span {self.start} to {self.end}: expected seconds of a day, 0 <= start < end <= 86400")

    def on(self, day: dt.date) -> TimeRange:
        """The span of ``day`` in instants."""
        return TimeRange(day_start(day) + round(self.start * 1_000_000), day_start(day) + round(self.end * 1_000_000))

    def covers(self, instants: Instants, day: dt.date) -> Flags:
        """Whether each instant lies in the span on ``day``."""
        span = self.on(day)
        return np.asarray((instants >= span.start) & (instants < span.end))


@dataclass(frozen=True, slots=True)
class Planting:
    """A file with its fault.

    Attributes:
        rows: The file; None when it is never delivered, or never usable.
        touched: The rows that were changed or added, as they are delivered, or those that were taken away.
        refusal: Asked at every attempt to fetch the file, why it fails; None where it never does.
    """

    rows: Rows | None
    touched: Rows
    refusal: Refusal | None = None


class Pathology(Protocol):
    """A fault. The same one in the same file always touches the same rows."""

    @property
    def where(self) -> Where:
        """The files that have it."""
        ...

    def plant(self, rows: Rows, day: dt.date, random: np.random.Generator, /) -> Planting:
        """``rows``, the vendor's file of ``day``, with the fault. The order of the resulting rows does not matter."""
        ...
