"""One day of the real graph, on a laptop's defaults and in a bucket with BigQuery: the same rows in every table."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from market_data_assets.catalog import DATASETS, PROCESSED
from market_data_assets.deployment import open_lake, open_warehouse
from market_data_assets.domain.datasets import Grain
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.settings import Settings
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets_tests.defs.runs import DAY, make, settings_at
from market_data_assets_tests.emulators.bigquery import PROJECT, BigQueryServer

UNIVERSE = "BINANCE:PERP:BTC-USD,DERIBIT:OPTION:BTC-USD-42000-240816-CALL"
Rows = Mapping[str, pa.Table]


def on_a_laptop(folder: Path) -> Settings:
    return settings_at(folder, instruments=UNIVERSE)


def in_google_cloud(folder: Path, bucket: str, server: BigQueryServer, dataset: str) -> Settings:
    return settings_at(
        folder,
        instruments=UNIVERSE,
        root=bucket,
        warehouse="bigquery",
        bigquery_project=PROJECT,
        bigquery_dataset=dataset,
        bigquery_endpoint=server.url,
        bigquery_storage_endpoint=server.storage,
        read_cache=str(folder / "read"),
    )


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Every table of the day, from a run on the defaults."""
    return rows_of_a_run(on_a_laptop(tmp_path_factory.mktemp("laptop")))


@pytest.fixture(params=["laptop", "google cloud"])
def rows(request: pytest.FixtureRequest, laptop: Rows, tmp_path: Path) -> Rows:
    """Every table of the day, from a run on either."""
    if request.param == "laptop":
        return laptop
    bucket, server, dataset = (request.getfixturevalue(name) for name in ("bucket", "bigquery_server", "bigquery_dataset"))
    return rows_of_a_run(in_google_cloud(tmp_path, bucket, server, dataset))


def rows_of_a_run(settings: Settings) -> Rows:
    open_warehouse(settings).migrate()
    make(settings)
    return stored_rows(settings)


def stored_rows(settings: Settings) -> Rows:
    """Every table of the lake and of the warehouse by name."""
    lake, warehouse = open_lake(settings), open_warehouse(settings)
    found = {f"lake {dataset}": lake_rows(lake, dataset) for dataset in DATASETS if lake.days(dataset)}
    for dataset in PROCESSED:
        table = WarehouseTable.of(dataset)
        instruments = [InstrumentId.parse(name) for name in sorted(warehouse.instruments(table, DAY))]
        found[f"warehouse {table}"] = warehouse.read(table, instruments, TimeRange.of_day(DAY))
    return found


def lake_rows(lake: Lake, dataset) -> pa.Table:
    if dataset.grain is Grain.DAY:
        return lake.read_table(dataset, DAY)
    # Without dictionaries, whose codes are no part of what is stored.
    columns = [name for name in dataset.columns if name != "computed_at"]
    parts = [lake.read(dataset, DAY, instrument, columns) for instrument in lake.instruments(dataset, DAY)]
    return pa.concat_tables(parts).unify_dictionaries() if parts else dataset.schema.empty_table()


def test_day_holds_the_same_rows_wherever_it_is_stored(rows: Rows, laptop: Rows) -> None:
    assert set(rows) == set(laptop)
    assert [name for name, table in rows.items() if not table.equals(laptop[name])] == []
    assert sum(table.num_rows for table in rows.values()) > 10_000
    for dataset in PROCESSED:
        table = rows[f"warehouse {WarehouseTable.of(dataset)}"]
        assert table.num_rows > 0
        assert table.equals(rows[f"lake {dataset}"].select(table.column_names).cast(table.schema))
