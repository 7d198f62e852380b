"""Faults of whole files: they are missing, late, or not what was promised, and fetching them fails as it does with a vendor."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import ClassVar

import numpy as np

from market_data_assets import errors
from market_data_assets.sources.simulated.faults import Fault
from market_data_assets.sources.simulated.planting import Planting
from market_data_assets.sources.simulated.rows import Rows


@dataclass(frozen=True, slots=True)
class MissingFile(Fault):
    """The vendor lists the instrument, and denies having its file.

    Evidence: the instrument's definition names the data type; fetching it raises ``NotListed``.
    """

    def plant(self, rows: Rows, _day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches the rows that are lost."""
        return Planting(None, rows, lambda what: errors.NotListed(f"{what}: no such file; a missing file is planted there"))


@dataclass(frozen=True, slots=True)
class SchemaDrift(Fault):
    """The file's columns are not those that its data type promises.

    Evidence: fetching it raises the error of the same name.
    """

    def plant(self, rows: Rows, _day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches all rows: they are lost with the file."""
        return Planting(None, rows, lambda what: errors.SchemaDrift(f"{what}: columns missing: ['timestamp']; a drift is planted there"))


@dataclass(frozen=True, slots=True)
class DamagedFile(Fault):
    """The file is cut, however often it is fetched.

    Evidence: fetching it raises the error of the same name.
    """

    def plant(self, rows: Rows, _day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches all rows: they are lost with the file."""
        return Planting(None, rows, lambda what: errors.DamagedFile(f"{what}: the file ends within a row; damage is planted there"))


@dataclass(frozen=True, slots=True)
class _InVain(Fault):
    """A file that can be had only after it was asked for ``times`` times in vain, in this process.

    Every source that holds this very object counts on the same counter, which is not part of its value.
    """

    failure: ClassVar[type[errors.MarketDataError]]
    answer: ClassVar[str]

    times: int
    _asked: Counter[str] = field(default_factory=Counter, init=False, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if self.times < 1:
            raise self.refused(f"{self.times} times, expected 1 or more")

    def plant(self, rows: Rows, _day: dt.date, _random: np.random.Generator, /) -> Planting:
        """Touches no row: in the end the file is there as it should be."""
        return Planting(rows, rows.take(np.zeros(len(rows), dtype=bool)), self._refuse)

    def _refuse(self, what: str) -> errors.MarketDataError | None:
        with self._lock:
            self._asked[what] += 1
            is_in_vain = self._asked[what] <= self.times
        return self.failure(f"{what}: {self.answer}; planted {self.times} times") if is_in_vain else None


@dataclass(frozen=True, slots=True)
class Failing(_InVain):
    """The vendor fails ``times`` times, then delivers.

    Evidence: fetching raises ``Retryable``, and nothing says that the file does not exist.
    """

    failure: ClassVar[type[errors.MarketDataError]] = errors.Retryable
    answer: ClassVar[str] = "connection reset"


@dataclass(frozen=True, slots=True)
class LateFile(_InVain):
    """The vendor has not published the file yet, ``times`` times; then it is there.

    Evidence: fetching raises ``NotAvailableYet``.
    """

    failure: ClassVar[type[errors.MarketDataError]] = errors.NotAvailableYet
    answer: ClassVar[str] = "not published yet"
