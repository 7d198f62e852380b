"""A plan for a deployment on BigQuery: load jobs, limits and bytes, from an emulator that is only asked."""

import datetime as dt
from pathlib import Path

from market_data_assets.domain.universe import Universe
from market_data_assets.preflight.backfill import Deployed, plan_backfill
from market_data_assets.preflight.queries import plan_query
from market_data_assets.preflight.stored import State
from market_data_assets.preflight.universe import Vendor
from market_data_assets.preflight.verdict import verdict
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets_tests.client.lakes import BTC, DAY, buckets, lake_at, write_buckets, write_instruments
from market_data_assets_tests.emulators.bigquery import BigQueryServer, emulated_warehouse
from market_data_assets_tests.preflight.test_command import CANDLES_1M


def test_a_backfill_counts_its_load_jobs_against_the_limits(tmp_path: Path, bigquery_server: BigQueryServer, bigquery_dataset: str) -> None:
    lake, universe = lake_at(tmp_path / "lake"), Universe((), (str(BTC),))
    loaded = WarehouseTable.of(CANDLES_1M)
    # The others stay without a table: the migration of all of them is tested elsewhere, and takes its time.
    warehouse = emulated_warehouse(bigquery_server, bigquery_dataset, [loaded])
    warehouse.migrate()
    write_instruments(lake, DAY, {str(BTC): "binance-futures"})
    write_buckets(lake, CANDLES_1M, DAY, {BTC: buckets(CANDLES_1M, BTC, ["2024-08-08T12:00"])})
    warehouse.replace_day(loaded, lake.committed_day(CANDLES_1M, DAY))

    deployed = Deployed(lake, warehouse, Vendor(SimulatedSource(universe), universe), "gs://lake", "bigquery")
    plan = plan_backfill(deployed, [DAY, DAY + dt.timedelta(days=1)], Universe())

    tables = {table.name: table for table in plan.tables if table.tier == loaded.tier}
    assert tables["candles_1m"].states == {State.COMPLETE: 1, State.MISSING: 1}
    assert tables["candles_5m"].states == {State.MISSING: 2}
    assert plan.loads == 28
    assert {limit.what: limit.needed for limit in plan.limits}["partitions of a table"] == 2
    assert "28 free load jobs, no limit is exceeded" in verdict(plan)
    assert plan.monthly_dollars > 0
    query = "SELECT close FROM candles_1m WHERE timestamp >= '2024-08-08' AND timestamp < '2024-08-09'"
    assert plan_query(warehouse, query, 10**9).dollars > 0
