"""Which datasets and days somebody asks about, and days put together as ranges."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from market_data_assets.catalog import DATASETS
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import parse_day
from market_data_assets.errors import QueryError

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scope:
    """Some datasets on some UTC days.

    Attributes:
        datasets: Those that were asked for; every one of the catalog by default.
        first, last: Both inclusive; None leaves that end open.
    """

    datasets: tuple[Dataset, ...] = DATASETS
    first: dt.date | None = None
    last: dt.date | None = None

    @classmethod
    def parse(cls, first: str | None, last: str | None, datasets: Sequence[str]) -> "Scope":
        """The scope that text describes. With a first day alone, the scope is open at its end.

        Args:
            datasets: Names such as ``candles_1m`` or ``raw_tick_data/trades``, or tiers such as ``raw_tick_data``; none means all.

        Raises:
            QueryError: not a day, the days the wrong way round, or an unknown name.
        """
        start, end = None if first is None else parse_day(first), None if last is None else parse_day(last)
        if start is not None and end is not None and end < start:
            raise QueryError(f"--to {end} lies before --from {start}")
        chosen = [dataset for name in datasets for dataset in _datasets_of(name)]
        return cls(tuple(dict.fromkeys(chosen)) if datasets else DATASETS, start, end)

    @property
    def is_everything(self) -> bool:
        """Whether every dataset was asked for."""
        return len(self.datasets) == len(DATASETS)

    def holds(self, day: dt.date) -> bool:
        """Whether the day is one of those asked about."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def touches(self, first: dt.date, last: dt.date) -> bool:
        """Whether any day of a range, both inclusive, is one of those asked about."""
        return (self.first is None or self.first <= last) and (self.last is None or first <= self.last)


def _datasets_of(name: str) -> Sequence[Dataset]:
    found = [dataset for dataset in DATASETS if name in {str(dataset), dataset.name, dataset.tier}]
    if not found:
        known = [*(dataset.name for dataset in DATASETS), *dict.fromkeys(dataset.tier for dataset in DATASETS)]
        raise QueryError.unknown("dataset", name, get_close_matches(name, known))
    return found


def ranges_of(days: Iterable[dt.date]) -> Sequence[tuple[dt.date, dt.date]]:
    """Days, in any order, as ranges of neighbours, first and last inclusive, ascending."""
    ranges: list[tuple[dt.date, dt.date]] = []
    for day in sorted(set(days)):
        if ranges and ranges[-1][1] + _DAY == day:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def run_command(first: dt.date, last: dt.date) -> str:
    """The command that makes every tier of the days, both inclusive, again."""
    return f"market-data run --from {first}" + ("" if last == first else f" --to {last}")
