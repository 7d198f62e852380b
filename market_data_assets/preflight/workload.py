"""What the days to make take, table by table, and added up."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from market_data_assets.catalog import TABLES
from market_data_assets.compute.mft.registry import MFT_FEATURES, look_back_days
from market_data_assets.domain.datasets import Dataset, Grain
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.schemas import RAW
from market_data_assets.preflight.downloads import Addresses, downloads_of
from market_data_assets.preflight.growth import Growth, growth_of, logical_bytes
from market_data_assets.preflight.limits import Limit, bucket_limits, disk_limits, warehouse_limits
from market_data_assets.preflight.neighbours import Neighbours
from market_data_assets.preflight.operations import Operations, commit_of, day_besides, large_files
from market_data_assets.preflight.plan import TablePlan
from market_data_assets.preflight.stored import State, StoredRange
from market_data_assets.preflight.universe import Listed
from market_data_assets.preflight.work import LAKE, SOURCES, expected, files_of
from market_data_assets.storage.warehouse.base import WarehouseTable


@dataclass(frozen=True)
class Workload:
    """The days to make, and everything that is known of them.

    Attributes:
        kind: Of the warehouse: ``embedded`` or ``bigquery``.
        days: The whole range.
        listed: The instruments of each day of it.
    """

    addresses: Addresses
    kind: str
    days: Sequence[dt.date]
    to_make: Sequence[dt.date]
    listed: Mapping[dt.date, Listed]
    stored: StoredRange
    neighbours: Neighbours

    @cached_property
    def tables(self) -> Sequence[TablePlan]:
        """Those of the lake in the order of the tiers, then those of the warehouse."""
        lake = [self._of_lake(dataset) for dataset in LAKE]
        grown = {(table.tier, table.name): table.growth for table in lake}
        return [*lake, *(self._of_warehouse(table, grown[SOURCES[table].key]) for table in TABLES)]

    @property
    def raw_rows(self) -> int | None:
        """Rows of ticks of the days to make; None where they are not known of every instrument."""
        return None if self._ticks.unsized else self._ticks.rows

    @cached_property
    def operations(self) -> Operations:
        """Of the store."""
        total = large_files(self._ticks.bytes)
        for day in self.to_make:
            listed = self.listed[day]
            total += self._besides(day)
            for dataset in LAKE:
                state = self._state(dataset, day) if self.stored.is_to_make(dataset, day, listed) else State.COMPLETE
                total += commit_of(state, files_of(dataset, self._written(dataset, day)))
        return total

    def limits(self, seconds: float | None, free: int | None, *, on_bucket: bool) -> Sequence[Limit]:
        """The limits that this meets, exceeded or not.

        Args:
            seconds: What it all takes; None where that is not known.
            free: Bytes on the lake's disk; None where it is on none.
        """
        kept = [table for table in self.tables if table.tier != TABLES[0].tier or self.kind == "embedded"]
        needed = sum(table.growth.bytes for table in kept)
        found = [*disk_limits(needed, free), *(bucket_limits(self.operations.writes, seconds) if on_bucket else ())]
        if self.kind == "bigquery":
            largest = max(len(self.stored.loaded[table].union(self.to_make)) for table in TABLES)
            found += warehouse_limits(len(self.to_make), len(TABLES), largest, seconds)
        return found

    @cached_property
    def _ticks(self) -> Growth:
        """Of the instruments of the days to make that anything is fetched or computed of, stored already or not."""
        days = [self._worked_on(day) for day in self.to_make]
        return sum((growth_of(self.neighbours, dataset, days) for dataset in RAW), Growth())

    def _worked_on(self, day: dt.date) -> Sequence[Instrument]:
        tables = (dataset for dataset in LAKE if dataset.grain is not Grain.DAY)
        names = {each.instrument_id for dataset in tables for each in self._written(dataset, day)}
        return [each for each in self._instruments(day) if each.instrument_id in names]

    def _written(self, dataset: Dataset, day: dt.date) -> Sequence[Instrument]:
        return self._writes[dataset, day]

    @cached_property
    def _writes(self) -> Mapping[tuple[Dataset, dt.date], Sequence[Instrument]]:
        """The instruments that each partition of the days to make is written for."""
        return {(dataset, day): self.stored.to_write(dataset, day, self.listed[day]) for dataset in LAKE for day in self.to_make}

    def _of_lake(self, dataset: Dataset) -> TablePlan:
        written = {day: self._written(dataset, day) for day in self.to_make}
        return TablePlan(
            tier=dataset.tier,
            name=dataset.name,
            states=Counter(self._state(dataset, day) for day in self.days),
            to_make=sum(self.stored.is_to_make(dataset, day, self.listed[day]) for day in self.to_make),
            files=sum(files_of(dataset, of_day) for of_day in written.values() if of_day),
            growth=growth_of(self.neighbours, dataset, [of_day for of_day in written.values() if of_day]),
            downloads=downloads_of(self.addresses, self.neighbours, dataset, written),
        )

    def _of_warehouse(self, table: WarehouseTable, grown: Growth) -> TablePlan:
        states = Counter(self.stored.loaded_state(table, day) for day in self.days)
        size = logical_bytes(table, grown.rows) if self.kind == "bigquery" else grown.bytes
        days = [day for day in self.to_make if self._is_loaded(table, day)]
        return TablePlan(table.tier, table.name, states, len(days), 0, Growth(grown.rows, size, grown.unsized))

    def _is_loaded(self, table: WarehouseTable, day: dt.date) -> bool:
        is_missing = self.stored.loaded_state(table, day) is State.MISSING
        return is_missing or bool(self._written(SOURCES[table], day))

    def _state(self, dataset: Dataset, day: dt.date) -> State:
        return self.stored.state(dataset, day, self.listed[day])

    def _besides(self, day: dt.date) -> Operations:
        """What features of the day look back to: days that are stored, or are made before it."""
        before = [each for each in self._made_or_stored if each < day]
        days, files = 0, 0
        for timeframe, dataset in MFT_FEATURES.items():
            back = look_back_days(timeframe)
            days += back
            instruments = expected(dataset, self._instruments(day))
            files += len(instruments) * sum((day - each).days <= back for each in before)
        return day_besides(days, files)

    def _instruments(self, day: dt.date) -> Sequence[Instrument]:
        return self.listed[day].instruments

    @cached_property
    def _made_or_stored(self) -> Sequence[dt.date]:
        return sorted({*self.stored.started, *self.to_make})
