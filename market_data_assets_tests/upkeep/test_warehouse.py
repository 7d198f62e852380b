"""The warehouse against the manifests: days and rows that differ are found on both kinds of warehouse."""

import datetime as dt
from dataclasses import replace

import pyarrow as pa
import pytest

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets.storage.warehouse.opening import open_warehouse
from market_data_assets.upkeep.findings import Kind, Severity
from market_data_assets.upkeep.fsck import fsck
from market_data_assets.upkeep.scope import Scope
from market_data_assets.upkeep.stale import Cause, find_stale
from market_data_assets_tests.emulators.bigquery import emulated_warehouse
from market_data_assets_tests.storage.days import BTC, DAY, ETH, NEXT
from market_data_assets_tests.upkeep.lakes import CANDLES_1M, NOW, TABLE, embedded, load, write_candles

SCOPE = Scope((CANDLES_1M,))


@pytest.fixture(params=["embedded", "bigquery"])
def warehouse(request: pytest.FixtureRequest, tmp_path):
    if request.param == "embedded":
        return embedded(tmp_path)
    server, dataset = request.getfixturevalue("bigquery_server"), request.getfixturevalue("bigquery_dataset")
    warehouse = emulated_warehouse(server, dataset, [TABLE])
    warehouse.migrate()
    return warehouse


def check(lake, warehouse, scope: Scope = SCOPE):
    return fsck(lake, warehouse, scope, now=NOW).findings


def test_days_and_rows_that_differ_are_found_and_nothing_else(lake, warehouse):
    for day in (DAY, NEXT, NEXT + dt.timedelta(days=1)):
        write_candles(lake, day)
        load(lake, warehouse, day)
    assert check(lake, warehouse) == []
    write_candles(lake, DAY, minutes=3)
    write_candles(lake, NEXT, minutes=0)
    missing, unloaded = NEXT + dt.timedelta(days=1), NEXT + dt.timedelta(days=2)
    for listed in list(lake.store.list(f"processed_candles/by_date/day-{missing}/")):
        lake.store.delete(listed.name, if_generation=listed.generation)
    write_candles(lake, unloaded)
    found = [(each.kind, each.day, each.instrument) for each in check(lake, warehouse)]
    assert found == [
        (Kind.ROWS_DIFFER, DAY, str(BTC)),
        (Kind.ROWS_DIFFER, DAY, str(ETH)),
        (Kind.ROWS_DIFFER, NEXT, str(BTC)),
        (Kind.ROWS_DIFFER, NEXT, str(ETH)),
        (Kind.NOT_LOADED, unloaded, None),
        (Kind.ONLY_IN_WAREHOUSE, missing, None),
    ]
    first = check(lake, warehouse)[0]
    assert (first.expected, first.found) == ("3 rows, as the lake's manifest says", "2 rows")
    assert check(lake, warehouse, Scope((CANDLES_1M,), first=NEXT + dt.timedelta(days=5))) == []
    stale = find_stale(lake, warehouse, Scope((CANDLES_1M,), DAY, DAY)).days
    assert [(each.dataset, [reason.cause for reason in each.reasons]) for each in stale if each.dataset == str(TABLE)] == [
        (str(TABLE), [Cause.WAREHOUSE_DIFFERS] * 2)
    ]


def test_pending_migrations_are_found_and_the_missing_tables_are_not_asked(lake, tmp_path):
    warehouse = open_warehouse("embedded", [WarehouseTable.of(dataset) for dataset in CANDLES.values()], root=tmp_path)
    (found,) = check(lake, warehouse)
    assert (found.kind, found.remedy) == (Kind.MIGRATION_PENDING, "market-data migrate")
    assert "candles_1m: create the table; " in found.found


def test_day_without_rows_needs_no_load(lake, warehouse):
    write_candles(lake, DAY, minutes=0)
    assert check(lake, warehouse) == []
    warehouse.replace_day(TABLE, lake.committed_day(CANDLES_1M, DAY))
    assert check(lake, warehouse) == []


def test_stored_column_of_another_type_is_damage_and_the_table_is_still_counted(lake, tmp_path):
    warehouse = embedded(tmp_path)
    load(lake, warehouse)
    other = replace(TABLE, columns={**TABLE.columns, "trade_count": replace(TABLE.columns["trade_count"], type=pa.string())})
    [found] = check(lake, EmbeddedWarehouse(warehouse.root, [other]))
    assert (found.kind, found.severity) == (Kind.COLUMN_TYPE_DIFFERS, Severity.DAMAGE)
    assert "trade_count" in found.found
