"""Walking the whole lake and the warehouse, and finishing or removing what is safe to finish or remove. Damage is only reported."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

from market_data_assets.domain.datasets import Dataset
from market_data_assets.errors import CorruptPartition, UnsupportedFormat
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.publish import publish
from market_data_assets.storage.warehouse.base import Warehouse
from market_data_assets.upkeep.findings import Finding, Kind, Severity, worst_first
from market_data_assets.upkeep.leftovers import find_leftovers, sweep_probes
from market_data_assets.upkeep.partition_check import check_place
from market_data_assets.upkeep.places import Shelf, find_shelves, open_shelf
from market_data_assets.upkeep.remedies import BY_HAND
from market_data_assets.upkeep.scope import Scope
from market_data_assets.upkeep.scratch import find_scratch, sweep_scratch
from market_data_assets.upkeep.warehouse_check import check_schema, check_table, loaded_tables

_SHELVES_AT_ONCE = 8
"""Times the operations at a time within each, that is as many as a store is asked for elsewhere."""
_TABLES_AT_ONCE = 4

Progress = Callable[[str, int, int], None]
"""Told what is being looked at, how much of it is done, and how much there is. Called from several threads."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a check does beside looking.

    Attributes:
        deep: Read and decode every file.
        repair: Publish what was committed and not published.
        sweep: Delete staged files, probes and scratch folders older than 48 hours.
        scratch: The folder in which scratch folders lie; the system's temporary folder by default.
    """

    deep: bool = False
    repair: bool = False
    sweep: bool = False
    scratch: Path | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found and did.

    Attributes:
        findings: What remains, worst first.
        partitions: How many were looked at.
        repaired: The prefixes of those that were published.
        swept: How many objects and folders were deleted.
    """

    findings: Sequence[Finding]
    partitions: int
    repaired: Sequence[str] = ()
    swept: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing but notes remains."""
        return all(each.severity is Severity.NOTE for each in self.findings)


def fsck(
    lake: Lake,
    warehouse: Warehouse | None,
    scope: Scope,
    *,
    now: dt.datetime,
    options: Options = Options(),
    progress: Progress = lambda _what, _done, _all: None,
) -> Report:
    """Everything of ``scope`` that is not as its manifest says.

    Args:
        warehouse: None leaves it out.
        now: The current time, aware.

    Raises:
        StorageFailed, Retryable: the store or the warehouse refused or stayed silent; then nothing is known.
    """
    walked = _walk(lake, scope, options, progress)
    swept = _sweep(lake, now, options) if options.sweep else 0
    leftovers = find_leftovers(lake.store, scope, now)
    if options.repair and leftovers.unfinished:
        walked.repaired += [prefix for prefix in leftovers.unfinished if _repair(Partition(lake.store, prefix))]
        leftovers = find_leftovers(lake.store, scope, now)
    scratch = find_scratch(now, options.scratch) if scope.is_everything else ()
    loaded = () if warehouse is None else _check_warehouse(lake, warehouse, scope, progress)
    return Report(worst_first([*walked.findings, *leftovers.findings, *scratch, *loaded]), walked.partitions, walked.repaired, swept)


@dataclass(slots=True)
class _Walked:
    findings: list[Finding] = field(default_factory=list)
    partitions: int = 0
    repaired: list[str] = field(default_factory=list)


def _walk(lake: Lake, scope: Scope, options: Options, progress: Progress) -> _Walked:
    shelves = find_shelves(lake.store, scope)
    total, done = _Walked(), count(1)

    def look(shelf: Shelf) -> _Walked:
        walked = _look(lake, shelf, scope, options)
        progress("lake", next(done), len(shelves))
        return walked

    for each in for_each(look, shelves, _SHELVES_AT_ONCE):
        total.findings += each.findings
        total.partitions += each.partitions
        total.repaired += each.repaired
    return total


def _look(lake: Lake, shelf: Shelf, scope: Scope, options: Options) -> _Walked:
    found = open_shelf(lake.store, shelf, scope)
    walked = _Walked(partitions=len(found.places))
    for stray in found.strays:
        what = "an object in a folder that no dataset has"
        url = lake.store.url(stray.name)
        walked.findings.append(Finding(Kind.UNNAMED_OBJECT, "", shelf.day, url, "only partitions of known datasets", what, BY_HAND))
    for place in found.places:
        findings = check_place(place, deep=options.deep)
        if options.repair and any(each.kind is Kind.NOT_PUBLISHED for each in findings) and _repair(place.partition):
            walked.repaired.append(place.partition.prefix)
            findings = check_place(place.listed_again(), deep=options.deep)
        walked.findings += findings
    return walked


def _repair(partition: Partition) -> bool:
    """Publish what is committed; False where the manifest cannot be read any more."""
    try:
        current = partition.current()
    except (CorruptPartition, UnsupportedFormat):
        return False
    if current.manifest is None:
        return False
    publish(partition, current.manifest, current.generation)
    return True


def _sweep(lake: Lake, now: dt.datetime, options: Options) -> int:
    return lake.sweep(now).deleted + sweep_probes(lake.store, now) + sweep_scratch(now, options.scratch)


def _check_warehouse(lake: Lake, warehouse: Warehouse, scope: Scope, progress: Progress) -> Sequence[Finding]:
    datasets = loaded_tables(scope)
    if not datasets:
        return []
    migrations, done = check_schema(warehouse), count(1)

    def look(dataset: Dataset) -> Sequence[Finding]:
        findings = check_table(lake, warehouse, dataset, scope) if dataset.name not in migrations.missing else ()
        progress("warehouse", next(done), len(datasets))
        return findings

    return [*migrations.findings, *chain.from_iterable(for_each(look, datasets, _TABLES_AT_ONCE))]
