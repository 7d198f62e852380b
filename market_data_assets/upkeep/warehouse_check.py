"""Comparing the warehouse with the lake by counts: every instrument has as many rows in the one as the manifests of the other say."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from market_data_assets.catalog import PROCESSED
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange, day_end, day_start
from market_data_assets.errors import CorruptPartition, SchemaDrift, UnsupportedFormat
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable
from market_data_assets.upkeep.findings import Finding, Kind
from market_data_assets.upkeep.remedies import MIGRATE
from market_data_assets.upkeep.scope import Scope, run_command

Counts = Mapping[dt.date, Mapping[str, int]]
"""Rows by instrument, by day."""
_TIER = "market_data_analytics"
_NEW_TABLE = "migrations only add: rename the table, market-data migrate, then load its days again"
_ADDED_BY_HAND = "the lake is the truth: restore its day, or delete the day from the table by hand"


def loaded_tables(scope: Scope) -> Sequence[Dataset]:
    """The datasets of the scope that are loaded into the warehouse."""
    return [dataset for dataset in scope.datasets if dataset in PROCESSED]


@dataclass(frozen=True, slots=True)
class Migrations:
    """What a migration would change.

    Attributes:
        missing: Names of the tables that do not exist yet.
    """

    findings: Sequence[Finding]
    missing: frozenset[str]


def check_schema(warehouse: Warehouse) -> Migrations:
    """Which tables are not as their records say."""
    expected = "tables as their records say"
    try:
        changes = warehouse.pending()
    except SchemaDrift as error:
        return Migrations([Finding(Kind.COLUMN_TYPE_DIFFERS, _TIER, None, "", expected, str(error), _NEW_TABLE)], frozenset())
    # One finding, since one command does away with all of them.
    findings = [Finding(Kind.MIGRATION_PENDING, _TIER, None, "", expected, "; ".join(changes), MIGRATE)] if changes else []
    return Migrations(findings, frozenset(change.split(":")[0] for change in changes if change.endswith(": create the table")))


def check_table(lake: LakeReader, warehouse: Warehouse, dataset: Dataset, scope: Scope) -> Sequence[Finding]:
    """The days of one table that differ from the stored ones, from one query over all of them.

    Days whose manifest cannot be read are left out: the manifest is a finding of its own.

    Raises:
        StorageFailed: the table does not exist, or the warehouse refused.
    """
    table = WarehouseTable.of(dataset)
    loaded = {day for day in warehouse.days(table) if scope.holds(day)}
    stored = _stored_counts(lake, dataset, [day for day in lake.days(dataset) if scope.holds(day)])
    days = sorted({*loaded, *(day for day, rows in stored.items() if rows is not None)})
    if not days:
        return []
    counted = warehouse.counts(table, TimeRange(day_start(days[0]), day_end(days[-1])))
    findings: list[Finding] = []
    for day in days:
        if day not in stored and not counted.get(day):
            continue  # loaded without rows, or emptied since
        if day not in stored:
            findings.append(_only_in_warehouse(table, day, counted.get(day, {})))
        elif (said := stored[day]) is not None and said != (found := {name: rows for name, rows in counted.get(day, {}).items() if rows}):
            findings += [_not_loaded(table, day, said)] if day not in loaded and not found else _differing(table, day, said, found)
    return findings


def _stored_counts(lake: LakeReader, dataset: Dataset, days: Sequence[dt.date]) -> Mapping[dt.date, Mapping[str, int] | None]:
    """What the manifests say; None where one cannot be read."""

    def of_day(day: dt.date) -> Mapping[str, int] | None:
        try:
            # Not through the lake, which would keep every manifest in memory.
            manifest = Partition(lake.store, partition_prefix(dataset, day)).current().manifest
        except (CorruptPartition, UnsupportedFormat):
            return None
        files = () if manifest is None else manifest.content.files
        return {str(entry.instrument_id): entry.rows for entry in files if entry.rows}

    return dict(zip(days, for_each(of_day, days), strict=True))


def _only_in_warehouse(table: WarehouseTable, day: dt.date, rows: Mapping[str, int]) -> Finding:
    found = f"{sum(rows.values()):,} rows of {len(rows)} instrument(s)"
    return Finding(Kind.ONLY_IN_WAREHOUSE, str(table), day, str(table), "no rows: the lake has no such day", found, _ADDED_BY_HAND)


def _not_loaded(table: WarehouseTable, day: dt.date, said: Mapping[str, int]) -> Finding:
    expected = f"{sum(said.values()):,} rows of {len(said)} instrument(s)"
    return Finding(Kind.NOT_LOADED, str(table), day, str(table), expected, "the day was never loaded", run_command(day, day))


def _differing(table: WarehouseTable, day: dt.date, said: Mapping[str, int], found: Mapping[str, int]) -> Iterator[Finding]:
    for name in sorted({*said, *found}):
        if said.get(name, 0) != found.get(name, 0):
            expected, rows = f"{said.get(name, 0):,} rows, as the lake's manifest says", f"{found.get(name, 0):,} rows"
            yield Finding(Kind.ROWS_DIFFER, str(table), day, str(table), expected, rows, run_command(day, day), name)
