"""Which instruments a day that is not stored would have: as stored, as the vendor says, or as on the nearest stored day."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import CorruptPartition, PartitionMissing, Retryable, UnsupportedFormat
from market_data_assets.sources.base import Source
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.parallel import for_each

_FIELDS = list(Instrument.__slots__)


class Origin(StrEnum):
    """Where it is known from which instruments a day has."""

    STORED = "by the day's own table"
    VENDOR = "by the vendor's metadata"
    NEIGHBOUR = "as on the nearest day that is known"


@dataclass(frozen=True, slots=True)
class Listed:
    """The instruments of a day that are wanted, each with the data types that are wanted of it."""

    instruments: Sequence[Instrument]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Vendor:
    """What may be asked of the vendor.

    Attributes:
        source: Its instruments of a day, from its metadata.
        universe: What of it the deployment wants at all.
        asked_once: Its instruments are asked for one day only, since an answer takes many requests.
        only_free_days: It delivers the first day of each month only, for want of a key.
    """

    source: Source
    universe: Universe
    asked_once: bool = False
    only_free_days: bool = False


def listed_by_day(
    lake: LakeReader, vendor: Vendor, days: Sequence[dt.date], stored: Iterable[dt.date], selected: Universe
) -> Mapping[dt.date, Listed]:
    """The instruments of each day that the deployment wants and that are selected.

    Those that are stored, and those that the vendor lists besides: the deployment may have wanted fewer when the day was made.

    Args:
        stored: Days whose table of instruments may be stored, also outside ``days``.
        selected: By pattern and data type; its venues play no part.

    Raises:
        Retryable: the vendor's metadata cannot be reached, and no day nearby is stored that could stand in.
        AuthError, SettingsError, Unusable: as of the vendor's metadata.
    """
    known = _Known(lake, vendor, sorted(stored), selected)
    within = [day for day in days if day in set(known.stored)]
    tables = dict(zip(within, for_each(known.read, within), strict=True))
    return {day: known.of(day, tables.get(day)) for day in days}


class _Known:
    """Looks for the instruments of days; asks the vendor until it cannot be reached, or once where that takes many requests."""

    def __init__(self, lake: LakeReader, vendor: Vendor, stored: Sequence[dt.date], selected: Universe) -> None:
        self._lake, self._vendor, self._selected = lake, vendor, selected
        self._is_silent = vendor.asked_once
        self._kept: Listed | None = None
        self.stored = stored

    def read(self, day: dt.date) -> Sequence[Instrument] | None:
        """The stored instruments of a day; None where there are none that can be read, which makes it a day to make."""
        try:
            rows = self._lake.read_table(INSTRUMENTS, day, _FIELDS).to_pylist()
        except (PartitionMissing, CorruptPartition, UnsupportedFormat):
            return None
        return self._chosen(map(Instrument.from_row, rows))

    def of(self, day: dt.date, stored: Sequence[Instrument] | None) -> Listed:
        """The instruments of a day, given those that are stored of it."""
        try:
            asked = None if self._is_silent else self._ask(day)
        except Retryable:
            # A plan is asked for also while the vendor is down: what is stored says nearly as much.
            self._is_silent, asked = True, None
        if stored is None:
            return self._elsewhere(day) if asked is None else Listed(asked, Origin.VENDOR)
        names = {each.instrument_id for each in stored}
        more = [each for each in asked or () if each.instrument_id not in names]
        return Listed([*stored, *more], Origin.VENDOR if more else Origin.STORED)

    def _elsewhere(self, day: dt.date) -> Listed:
        """The instruments of the nearest stored day; without one those that the vendor lists of this day, for all days."""
        if self._kept is None:
            nearest = (self.read(other) for other in sorted(self.stored, key=lambda each: abs((each - day).days)))
            found = next((each for each in nearest if each is not None), None)
            self._kept = Listed(self._ask(day) if found is None else found, Origin.NEIGHBOUR)
        return self._kept

    def _ask(self, day: dt.date) -> Sequence[Instrument]:
        return self._chosen(self._vendor.source.instruments(day).instruments)

    def _chosen(self, instruments: Iterable[Instrument]) -> Sequence[Instrument]:
        wanted, selected = self._vendor.universe, self._selected
        markets = {market.exchange for market in wanted.markets()}
        found = []
        for each in instruments:
            # A stored day may have more than the deployment wants by now.
            is_of_market = not wanted.venues or each.tardis_exchange in markets
            data_types = selected.choose(wanted.choose(each.data_types))
            if data_types and is_of_market and wanted.includes(each.instrument_id) and selected.includes(each.instrument_id):
                found.append(replace(each, data_types=data_types))
        return found
