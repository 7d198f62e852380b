"""A range of days as it is stored: the state of each partition, and which days lack anything."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import RAW
from market_data_assets.preflight.stored import Found, Place, State, StoredDay, hashes_of, read_stored, started_days, state_of
from market_data_assets.preflight.universe import Listed
from market_data_assets.preflight.work import LAKE, SOURCES, TABLES, expected
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable

_DAY = dt.timedelta(days=1)
_TO_MAKE = frozenset({State.MISSING, State.INCOMPLETE, State.STALE})


@dataclass(frozen=True)
class StoredRange:
    """What is stored of some days.

    Attributes:
        started: All days of the lake that have anything, also outside the range; ascending.
        found: The partitions of the range, and the ticks of the day before and the day after it.
        loaded: Days of each analytics table, also outside the range.
    """

    days: Sequence[dt.date]
    started: Sequence[dt.date]
    found: Mapping[Place, Found]
    loaded: Mapping[WarehouseTable, frozenset[dt.date]]

    @classmethod
    def read(cls, store: Store, warehouse: Warehouse, days: Sequence[dt.date]) -> "StoredRange":
        """One read of each manifest, and one question to the warehouse for each of its tables.

        Raises:
            StorageFailed, Retryable: the store or the warehouse refused or stayed silent.
        """
        beside = (days[0] - _DAY, days[-1] + _DAY)
        places = [*((dataset, day) for day in days for dataset in LAKE), *((dataset, day) for day in beside for dataset in RAW)]
        # BigQuery takes a second or more for each answer, however small.
        loaded = dict(zip(TABLES, for_each(lambda table: frozenset(warehouse.days(table)), TABLES), strict=True))
        return cls(days, started_days(store), read_stored(store, places), loaded)

    def state(self, dataset: Dataset, day: dt.date, listed: Listed) -> State:
        """How a partition of the lake stands, given the instruments of its day."""
        names = (str(instrument) for instrument in expected(dataset, listed.instruments))
        return state_of((dataset, day), self.found, self._hashes, names)

    def loaded_state(self, table: WarehouseTable, day: dt.date) -> State:
        """Whether a day of the warehouse is there. A day without rows is, where the lake's has none either."""
        source = self.found.get((SOURCES[table], day))
        is_empty = isinstance(source, StoredDay) and source.rows == 0
        return State.COMPLETE if day in self.loaded[table] or is_empty else State.MISSING

    def to_make(self, listed: Mapping[dt.date, Listed]) -> Sequence[dt.date]:
        """The days that lack anything, are stale, or would be final if they were made again; ascending."""
        return [day for day in self.days if self._is_to_make(day, listed[day])]

    def _is_to_make(self, day: dt.date, listed: Listed) -> bool:
        states = {self.state(dataset, day, listed) for dataset in LAKE}
        states |= {self.loaded_state(table, day) for table in TABLES}
        return not states.isdisjoint(_TO_MAKE) or (State.PROVISIONAL in states and self._has_following(day))

    def _has_following(self, day: dt.date) -> bool:
        """Whether the ticks of the next vendor day, which hold the last rows of this one, are stored by now."""
        following = [self.found.get((dataset, day + _DAY)) for dataset in RAW if self.found.get((dataset, day)) is not None]
        return bool(following) and all(isinstance(each, StoredDay) and not each.failed for each in following)

    @cached_property
    def _hashes(self) -> Mapping[str, str]:
        return hashes_of(self.found)
