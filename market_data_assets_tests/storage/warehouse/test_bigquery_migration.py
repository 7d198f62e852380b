"""Migrations of BigQuery against an exact server: what is made, what is refused, and several at once."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from market_data_assets.catalog import PROCESSED
from market_data_assets.domain.datasets import Column
from market_data_assets.errors import AuthError, SchemaDrift, SettingsError
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets.storage.warehouse.opening import open_warehouse
from market_data_assets_tests.emulators.proxy_faults import lost_answer, refused
from market_data_assets_tests.storage.warehouse.exact_bigquery import running_exactly
from market_data_assets_tests.storage.warehouse.tables import TABLE

KEY = ("analytics", "candles_24h")
VIEW = ("analytics", "candles_1d")


@pytest.fixture
def bench():
    with running_exactly() as bench:
        yield bench


def with_column(name, type_=None):
    return dataclasses.replace(TABLE, columns={**TABLE.columns, name: Column(type_ or pa.float64(), "quote per base", name)})


def names(bench):
    return [field["name"] for field in bench.server.tables[KEY]["schema"]["fields"]]


def test_table_has_explicit_columns_with_descriptions_partitions_clusters_and_a_required_filter(bench):
    bench.warehouse([TABLE]).migrate()
    made = bench.server.tables[KEY]
    assert made["timePartitioning"] == {"type": "DAY", "field": "timestamp"}
    assert made["clustering"] == {"fields": ["instrument_id"]}
    assert made["requirePartitionFilter"] is True
    assert made["description"] == "Candles."
    assert made["schema"]["fields"][2] == {
        "name": "close",
        "type": "FLOAT",
        "mode": "NULLABLE",
        "description": "last price [quote per base]",
    }
    assert made["schema"]["fields"][0]["mode"] == "REQUIRED"
    assert "FROM `exact-project.analytics.candles_24h`" in bench.server.tables[VIEW]["view"]["query"]


def test_every_table_of_the_platform_has_columns_that_bigquery_holds_exactly(bench):
    tables = [WarehouseTable.of(dataset) for dataset in PROCESSED]
    assert len(bench.warehouse(tables).migrate()) == 16
    for table in tables:
        fields = bench.server.tables[("analytics", table.name)]["schema"]["fields"]
        assert [field["name"] for field in fields] == list(table.columns)
        assert all(field["description"] and len(field["description"]) <= 1024 for field in fields)
    assert bench.warehouse(tables).pending() == []


@pytest.mark.parametrize("type_", [pa.uint64(), pa.timestamp("ns", tz="UTC"), pa.list_(pa.float64())])
def test_type_that_bigquery_cannot_hold_exactly_is_refused(bench, type_):
    with pytest.raises(SchemaDrift, match=r"column odd is .*, which BigQuery cannot hold exactly"):
        bench.warehouse([with_column("odd", type_)]).migrate()


def test_new_columns_come_last_and_are_optional_and_none_is_ever_removed(bench):
    bench.warehouse([TABLE]).migrate()
    assert bench.warehouse([with_column("vwap")]).migrate() == ["candles_24h: add column vwap (FLOAT)", "candles_1d: update the view"]
    assert bench.warehouse([TABLE]).pending() == []
    bench.warehouse([with_column("mean")]).migrate()
    assert names(bench) == [*TABLE.columns, "vwap", "mean"]
    assert all("mode" not in field or field["mode"] == "NULLABLE" for field in bench.server.tables[KEY]["schema"]["fields"][2:])
    assert "`vwap`, `mean`" in bench.server.tables[VIEW]["view"]["query"]


def test_migrations_at_once_all_succeed_and_lose_no_column(bench):
    tables = [with_column(f"feature_{number}") for number in range(6)]
    for chosen in ([TABLE] * 6, tables):
        with ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(bench.warehouse([table]).migrate) for table in chosen]:
                done.result()
    assert sorted(names(bench)) == sorted([*TABLE.columns, *(f"feature_{number}" for number in range(6))])
    assert all(bench.warehouse([table]).pending() == [] for table in tables)


@pytest.mark.parametrize("fault", [lost_answer, refused(503)])
@pytest.mark.parametrize(("method", "path"), [("POST", "datasets$"), ("POST", "tables$"), ("PATCH", "candles_24h"), ("GET", "tables")])
def test_migration_survives_a_lost_answer_and_a_busy_server(bench, fault, method, path):
    bench.proxy.rules.add(fault, method=method, path=path, nth=[1])
    bench.warehouse([TABLE]).migrate()
    bench.warehouse([with_column("vwap")]).migrate()
    assert bench.warehouse([with_column("vwap")]).pending() == []


def test_table_that_someone_else_made_otherwise_is_refused(bench):
    bench.warehouse([TABLE]).migrate()
    del bench.server.tables[KEY]["timePartitioning"]
    with pytest.raises(SchemaDrift, match="not partitioned by the day of timestamp"):
        bench.warehouse([TABLE]).pending()


def test_filter_that_someone_switched_off_and_a_changed_description_come_back(bench):
    bench.warehouse([TABLE]).migrate()
    bench.server.tables[KEY].update(requirePartitionFilter=False, description="mine")
    assert bench.warehouse([TABLE]).migrate() == ["candles_24h: update the description", "candles_24h: require a partition filter"]
    assert bench.server.tables[KEY]["requirePartitionFilter"] is True


def test_dry_migration_changes_nothing(bench):
    assert bench.warehouse([TABLE]).pending() == [
        "analytics: create the dataset",
        "candles_24h: create the table",
        "candles_1d: create the view",
    ]
    assert bench.server.tables == {}


def test_missing_permission_names_what_was_tried(bench):
    bench.proxy.rules.add(refused(403, reason="accessDenied"), method="POST")
    with pytest.raises(AuthError, match="creating the BigQuery dataset analytics"):
        bench.warehouse([TABLE]).migrate()


def test_bigquery_without_a_project_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="needs a project"):
        open_warehouse("bigquery", [TABLE], root=tmp_path)
