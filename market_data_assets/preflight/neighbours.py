"""Sizes of instrument-days that are not stored, from those of days nearby."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from market_data_assets.domain.datasets import Dataset
from market_data_assets.upkeep.lineage import DatasetDay
from market_data_assets.upkeep.stored_days import Size

NEIGHBOURS = 14
"""Most stored days that sizes and times are taken from."""


def nearest(days: Sequence[dt.date], first: dt.date, last: dt.date) -> Sequence[dt.date]:
    """At most :data:`NEIGHBOURS` of ``days``: those within the range or closest to it, later ones first among equals."""

    def distance(day: dt.date) -> int:
        return max((first - day).days, (day - last).days, 0)

    return sorted(sorted(days, reverse=True)[:], key=distance)[:NEIGHBOURS]


@dataclass(frozen=True)
class Neighbours:
    """Median sizes of the stored days nearby.

    Attributes:
        days: How many days they are of.
    """

    days: int
    _own: Mapping[tuple[Dataset, str | None], Size]
    _alike: Mapping[tuple[Dataset, str], Size]

    @classmethod
    def of(cls, stored: Mapping[DatasetDay, Mapping[str | None, Size]]) -> "Neighbours":
        """From what each instrument takes on stored days."""
        own: dict[tuple[Dataset, str | None], list[Size]] = defaultdict(list)
        for (dataset, _), sizes in stored.items():
            for instrument, size in sizes.items():
                own[dataset, instrument].append(size)
        medians = {key: _median(each) for key, each in own.items()}
        alike: dict[tuple[Dataset, str], list[Size]] = defaultdict(list)
        for (dataset, instrument), size in medians.items():
            if instrument is not None:
                alike[dataset, _kind(instrument)].append(size)
        return cls(len({day for _, day in stored}), medians, {key: _median(each) for key, each in alike.items()})

    def size(self, dataset: Dataset, instrument: str | None) -> Size | None:
        """Of an instrument (None: of the whole day's table); of others of its venue and type where it is new; None if none is known."""
        found = self._own.get((dataset, instrument))
        return found if found is not None or instrument is None else self._alike.get((dataset, _kind(instrument)))


def _kind(instrument: str) -> str:
    return instrument.rpartition(":")[0]


def _median(sizes: Sequence[Size]) -> Size:
    return Size(round(median(size.rows for size in sizes)), round(median(size.bytes for size in sizes)))
