"""Which stored days are out of date, and why: what they were made from has changed since, or the code has.

Nothing is computed: what a manifest says of its inputs is compared with what is stored now, along the whole chain from raw
ticks to the tables of the warehouse.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from market_data_assets.assembly.up_to_date import has_other_code, has_other_columns
from market_data_assets.domain.datasets import Dataset, Finality
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable
from market_data_assets.upkeep.findings import Kind
from market_data_assets.upkeep.lineage import DatasetDay, is_raw, sources_of
from market_data_assets.upkeep.scope import Scope
from market_data_assets.upkeep.stored_days import StoredDay, StoredDays
from market_data_assets.upkeep.warehouse_check import check_schema, check_table, loaded_tables

_DAY = dt.timedelta(days=1)
_NAMED = 3


class Cause(StrEnum):
    """Why a day is out of date, the nearest cause first."""

    FAILED = "failed_instruments"
    SCHEMA_CHANGED = "columns_changed"
    CODE_CHANGED = "code_changed"
    INPUT_CHANGED = "input_changed"
    INPUT_APPEARED = "input_appeared"
    INPUT_GONE = "input_gone"
    PROVISIONAL = "still_provisional"
    WAREHOUSE_DIFFERS = "warehouse_differs"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause, with what it is about."""

    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True)
class StaleDay:
    """A stored day that would be another one if it were made again.

    Attributes:
        dataset: A dataset of the lake, or a table of the warehouse.
    """

    dataset: str
    day: dt.date
    reasons: Sequence[Reason]

    def as_json(self) -> Mapping[str, object]:
        """Its fields as JSON takes them."""
        reasons = [{"cause": str(each.cause), "detail": each.detail} for each in self.reasons]
        return {"dataset": self.dataset, "day": self.day.isoformat(), "reasons": reasons}


@dataclass(frozen=True, slots=True)
class Staleness:
    """What is out of date.

    Attributes:
        looked_at: How many stored days of the lake were judged.
        unnoted: How many of them do not say which version of the code made them, and could not be judged by that.
        unreadable: How many could not be judged, because a manifest cannot be read; the check of the lake names them.
    """

    days: Sequence[StaleDay]
    looked_at: int
    unnoted: int
    unreadable: int


def find_stale(lake: LakeReader, warehouse: Warehouse | None, scope: Scope) -> Staleness:
    """The days of the scope that are out of date, upstream datasets first, days ascending.

    Args:
        warehouse: None leaves its tables out.

    Raises:
        StorageFailed, Retryable: the store or the warehouse refused or stayed silent.
    """
    judge = Judge(StoredDays(lake.store))
    days = [(dataset, day) for dataset in scope.datasets for day in lake.days(dataset) if scope.holds(day)]
    judge.stored.read_ahead(days)
    stale = [StaleDay(str(dataset), day, reasons) for dataset, day in days if (reasons := judge.reasons((dataset, day)))]
    if warehouse is not None:
        stale += _stale_tables(lake, warehouse, scope, judge.reasons)
    noted = [judge.stored.get(each) for each in days]
    unnoted = sum(found is not None and not found.code_version for found in noted)
    return Staleness(stale, len(days), unnoted, len(judge.stored.unreadable))


class Judge:
    """Says why stored days are out of date, and remembers every answer: the days of features look back at hundreds of the same days.

    Args:
        follows: Whether a day is downstream of inputs of that day which are out of date themselves. Whether inputs have changed,
            appeared or gone since is told of every day.
    """

    def __init__(self, stored: StoredDays, follows: Callable[[dt.date], bool] = lambda _: True) -> None:
        self.stored, self._follows = stored, follows
        self._known: dict[DatasetDay, Sequence[Reason]] = {}

    def reasons(self, key: DatasetDay) -> Sequence[Reason]:
        """Why a stored day is out of date; nothing where it is not, or is not stored."""
        if key not in self._known:
            found = self.stored.get(key)
            self._known[key] = [] if found is None else list(self._reasons(key, found))
        return self._known[key]

    def _reasons(self, key: DatasetDay, found: StoredDay) -> Iterator[Reason]:
        yield from _own_reasons(key[0], found)
        followed = [each for each in found.inputs if self._follows(each[1])]
        self.stored.read_ahead([*found.inputs, *sources_of(*key)])
        yield from _named(Cause.INPUT_CHANGED, [each for each in found.inputs if self._is_changed(each, found.inputs[each])])
        yield from _named(Cause.INPUT_GONE, [each for each in found.inputs if not self.stored.holds(each)])
        provisional = list(self._provisional(key, found))
        yield from provisional
        # The day after is what a provisional day waits for: said once.
        awaited = key[1] + _DAY if provisional else None
        appeared = [each for each in self._expected(key) if each not in found.inputs and each[1] != awaited]
        yield from _named(Cause.INPUT_APPEARED, appeared)
        self.stored.read_ahead(each for before in followed if before not in self._known for each in sources_of(*before))
        yield from _named(Cause.DOWNSTREAM, [each for each in followed if self.reasons(each)])

    def _is_changed(self, key: DatasetDay, digest: str) -> bool:
        now = self.stored.get(key)
        return now is not None and now.content_hash != digest

    def _expected(self, key: DatasetDay) -> Iterator[DatasetDay]:
        """What the day would be computed from now."""
        day = key[1]
        for feed, each in sources_of(*key):
            # Of a feed that lacks the day itself, the days around it are not read.
            if self.stored.holds((feed, each)) and (not is_raw(feed) or self.stored.holds((feed, day))):
                yield feed, each

    def _provisional(self, key: DatasetDay, found: StoredDay) -> Iterator[Reason]:
        """Whether the day could be final by now: the next raw day of every feed is there with every instrument."""
        feeds = [dataset for dataset, day in found.inputs if day == key[1] and is_raw(dataset)]
        if found.finality is Finality.FINAL or not feeds:
            return
        own = [self.stored.get((feed, key[1])) for feed in feeds]
        following = [self.stored.get((feed, key[1] + _DAY)) for feed in feeds]
        if all(each is not None and each.finality is Finality.FINAL for each in own) and all(
            each is not None and not each.failed for each in following
        ):
            yield Reason(Cause.PROVISIONAL, f"{key[1] + _DAY} is stored in full since")


def _own_reasons(dataset: Dataset, found: StoredDay) -> Iterator[Reason]:
    if found.failed:
        shown = ", ".join(found.failed[:_NAMED])
        more = f" and {len(found.failed) - _NAMED} more" if len(found.failed) > _NAMED else ""
        yield Reason(Cause.FAILED, f"{shown}{more}")
    if has_other_columns(dataset, found):
        yield Reason(Cause.SCHEMA_CHANGED, "stored with other columns than its record has now")
    if has_other_code(dataset, found):
        yield Reason(Cause.CODE_CHANGED, f"stored by version {found.code_version!r}, now {dataset.code_version!r}")


def _named(cause: Cause, inputs: Sequence[DatasetDay]) -> Iterator[Reason]:
    if inputs:
        shown = ", ".join(f"{dataset} {day}" for dataset, day in sorted(inputs, key=lambda each: (each[1], str(each[0])))[:_NAMED])
        yield Reason(cause, shown + (f" and {len(inputs) - _NAMED} more" if len(inputs) > _NAMED else ""))


def _stale_tables(
    lake: LakeReader, warehouse: Warehouse, scope: Scope, reasons: Callable[[DatasetDay], Sequence[Reason]]
) -> Iterator[StaleDay]:
    missing = check_schema(warehouse).missing
    for dataset in loaded_tables(scope):
        differing: dict[dt.date, list[str]] = {}
        for finding in () if dataset.name in missing else check_table(lake, warehouse, dataset, scope):
            if finding.day is not None and finding.kind is not Kind.ONLY_IN_WAREHOUSE:
                about = f"{finding.instrument}: " if finding.instrument else ""
                differing.setdefault(finding.day, []).append(f"{about}{finding.found}, expected {finding.expected}")
        table = WarehouseTable.of(dataset)
        stored = [day for day in lake.days(dataset) if scope.holds(day)]
        for day in stored:
            found = [Reason(Cause.WAREHOUSE_DIFFERS, each) for each in differing.get(day, [])[:_NAMED]]
            found += [Reason(Cause.DOWNSTREAM, f"{dataset} {day}")] if reasons((dataset, day)) else []
            if found:
                yield StaleDay(str(table), day, found)
