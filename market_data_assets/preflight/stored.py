"""A range of days as it is stored: the state of each partition, and which days lack anything."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from market_data_assets.assembly.up_to_date import has_other_code, has_other_columns
from market_data_assets.catalog import MFT, TABLES
from market_data_assets.domain.datasets import Dataset, Finality, Grain
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS, RAW
from market_data_assets.errors import UnsafeName
from market_data_assets.preflight.universe import Listed
from market_data_assets.preflight.work import LAKE, SOURCES, expected, expected_instruments
from market_data_assets.storage.layout import day_of_prefix, days_prefix
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable
from market_data_assets.upkeep.scope import Scope
from market_data_assets.upkeep.stale import Cause, Judge
from market_data_assets.upkeep.stored_days import StoredDays

_DAY = dt.timedelta(days=1)


class State(StrEnum):
    """How a partition stands; each is in exactly one state, the first that holds."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    """Instruments failed, or were never asked for, or the manifest cannot be read."""
    STALE = "stale"
    """It would be another one if it were made again, with the whole range."""
    PROVISIONAL = "provisional"
    """Late rows of the day may still come with the vendor's next day."""
    COMPLETE = "complete"


@dataclass(frozen=True)
class StoredRange:
    """What is stored of some days.

    Attributes:
        started: All days of the lake that have anything, also outside the range; ascending.
        judge: Of which stored days are out of date. Outside the range it only compares, since nothing would be made there.
        loaded: Days of each analytics table, also outside the range.
    """

    days: Sequence[dt.date]
    started: Sequence[dt.date]
    judge: Judge
    loaded: Mapping[WarehouseTable, frozenset[dt.date]]

    @classmethod
    def read(cls, store: Store, warehouse: Warehouse, days: Sequence[dt.date]) -> "StoredRange":
        """One read of each manifest, and one question to the warehouse for each of its tables.

        Raises:
            StorageFailed, Retryable: the store or the warehouse refused or stayed silent.
        """
        scope = Scope(first=days[0], last=days[-1])
        stored = StoredDays(store, scope.holds)
        beside = (days[0] - _DAY, days[-1] + _DAY)
        stored.read_ahead([*((dataset, day) for day in days for dataset in LAKE), *((dataset, day) for day in beside for dataset in RAW)])
        # BigQuery takes a second or more for each answer, however small.
        loaded = dict(zip(TABLES, for_each(lambda table: frozenset(warehouse.days(table)), TABLES), strict=True))
        return cls(days, _started_days(store), Judge(stored, scope.holds), loaded)

    @property
    def lake(self) -> StoredDays:
        """What the manifests say."""
        return self.judge.stored

    def state(self, dataset: Dataset, day: dt.date, listed: Listed) -> State:
        """How a partition of the lake stands, given the instruments of its day."""
        key = (dataset, day)
        found = self.lake.get(key)
        if found is None:
            return State.INCOMPLETE if self.lake.holds(key) else State.MISSING
        if found.failed or not found.instruments.issuperset(map(str, expected(dataset, listed.instruments))):
            return State.INCOMPLETE
        causes = {reason.cause for reason in self.judge.reasons(key)}
        if found.finality is Finality.PROVISIONAL and causes <= {Cause.PROVISIONAL, Cause.DOWNSTREAM}:
            return State.PROVISIONAL
        return State.STALE if causes else State.COMPLETE

    def to_write(self, dataset: Dataset, day: dt.date, listed: Listed) -> Sequence[Instrument]:
        """The instruments whose rows a run would fetch or compute, of a day without them at most; none where all stays as it is.

        Of a table of one file a day, all of them where that is made again.
        """
        found, fetched = self.lake.get((dataset, day)), self._fetched(day, listed)
        if dataset in RAW:
            return [each for each in expected_instruments(dataset, listed.instruments) if each.instrument_id in fetched[dataset]]
        state, affected = self.state(dataset, day, listed), frozenset[InstrumentId]().union(*fetched.values())
        if state in {State.MISSING, State.STALE} or found is None:
            return listed.instruments
        if dataset.grain is Grain.DAY or dataset in MFT:
            return listed.instruments if affected and dataset is not INSTRUMENTS else ()
        lacking = {each.instrument_id for each in listed.instruments if str(each.instrument_id) not in found.settled}
        return [each for each in listed.instruments if each.instrument_id in affected | lacking]

    def is_to_make(self, dataset: Dataset, day: dt.date, listed: Listed) -> bool:
        """Whether a run would commit a partition of the lake anew."""
        if self.state(dataset, day, listed) in {State.MISSING, State.INCOMPLETE} or self.judge.reasons((dataset, day)):
            return True
        return dataset is not INSTRUMENTS and any(self._fetched(day, listed).values())

    def _fetched(self, day: dt.date, listed: Listed) -> Mapping[Dataset, frozenset[InstrumentId]]:
        """The instruments of each raw data type that a run would ask the vendor for, and that are not known to be absent."""
        return {dataset: frozenset(self._incomplete(dataset, day, listed)) for dataset in RAW}

    def _incomplete(self, dataset: Dataset, day: dt.date, listed: Listed) -> Iterator[InstrumentId]:
        found = self.lake.get((dataset, day))
        usable = found is not None and not has_other_columns(dataset, found) and not has_other_code(dataset, found)
        for instrument in expected(dataset, listed.instruments):
            if found is None or not usable or str(instrument) not in found.settled:
                yield instrument

    def loaded_state(self, table: WarehouseTable, day: dt.date) -> State:
        """Whether a day of the warehouse is there. A day without rows is, where the lake's has none either."""
        source = self.lake.get((SOURCES[table], day))
        is_empty = source is not None and source.rows == 0
        return State.COMPLETE if day in self.loaded[table] or is_empty else State.MISSING

    def to_make(self, listed: Mapping[dt.date, Listed]) -> Sequence[dt.date]:
        """The days that lack anything, are stale, or would be final if they were made again; ascending."""
        return [day for day in self.days if self._is_to_make(day, listed[day])]

    def _is_to_make(self, day: dt.date, listed: Listed) -> bool:
        states = {self.state(dataset, day, listed) for dataset in LAKE} | {self.loaded_state(table, day) for table in TABLES}
        return not states <= {State.COMPLETE, State.PROVISIONAL} or any(self.judge.reasons((dataset, day)) for dataset in LAKE)


def _started_days(store: Store) -> Sequence[dt.date]:
    """The days whose first table, that of instruments, has a folder; ascending. One listing."""
    days = []
    for listed in store.list(days_prefix(INSTRUMENTS), folders=True):
        try:
            days.append(day_of_prefix(INSTRUMENTS, listed.name))
        except UnsafeName:
            continue  # not a day's folder, so not ours
    return sorted(days)
