"""What the kinds of pathologies have in common: files, spans of rows, counted rows."""

import datetime as dt
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar

import numpy as np

from market_data_assets.domain.days import day_end
from market_data_assets.errors import SettingsError
from market_data_assets.sources.simulated.planting import Planting, Span, Where
from market_data_assets.sources.simulated.rows import Column, Flags, Instants, Rows, concatenate

CLOCKS = ("timestamp", "local_timestamp")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of whole files.

    Attributes:
        data_types: Patterns of the data types that can have it.

    Raises:
        SettingsError: the data type cannot have the fault.
    """

    data_types: ClassVar[tuple[str, ...]] = ("*",)

    where: Where

    def __post_init__(self) -> None:
        if not any(fnmatchcase(self.where.data_type, pattern) for pattern in self.data_types):
            raise self.refused(f"expected a data type like {' or '.join(self.data_types)}")

    def refused(self, expected: str) -> SettingsError:
        """The error of a fault that cannot be planted."""
        return SettingsError(f"{type(self).__name__} in {self.where.data_type}: {expected}")


@dataclass(frozen=True, slots=True)
class SpanFault(Fault):
    """A fault of the rows in a span."""

    span: Span


@dataclass(frozen=True, slots=True)
class CountedFault(Fault):
    """A fault of ``count`` rows, 1 or more; of all of them when there are fewer."""

    count: int

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if self.count < 1:
            raise self.refused(f"a count of {self.count}, expected 1 or more")

    def choose(self, rows: Rows, random: np.random.Generator) -> Instants:
        """Positions of the faulty rows, ascending."""
        return np.sort(random.choice(len(rows), min(self.count, len(rows)), replace=False))


def amounts_of(rows: Rows) -> list[str]:
    """The columns that count something: amounts of trades, of book levels and of best quotes, and open interest."""
    return [name for name in rows.columns if name in {"amount", "open_interest"} or name.endswith(("_amount", "_amounts"))]


def changed(rows: Rows, chosen: Flags | Instants, columns: dict[str, Column]) -> Planting:
    """``rows`` with other values in the chosen ones."""
    copies = {name: rows[name].copy() for name in columns}
    for name, values in columns.items():
        copies[name][chosen] = values
    result = rows.replace(**copies)
    return Planting(result, result.take(chosen))


def added(rows: Rows, more: Rows) -> Planting:
    """``rows`` and some more."""
    return Planting(concatenate((rows, more)), more)


def without(rows: Rows, lost: Flags) -> Planting:
    """``rows`` but some."""
    return Planting(rows.take(~lost), rows.take(lost))


def repeated(rows: Rows, day: dt.date) -> Rows:
    """The same rows delivered a millisecond later, in the same file."""
    return rows.replace(local_timestamp=np.minimum(rows.local_timestamp + 1_000, day_end(day) - 1))
