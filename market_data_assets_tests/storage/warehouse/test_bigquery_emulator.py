"""What only a server with real SQL, files and partitions shows of the BigQuery warehouse."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market_data_assets.domain.days import TimeRange, day_start
from market_data_assets.errors import BadData, QueryError, Retryable
from market_data_assets.storage.google_clients import bigquery_client, bigquery_read_client
from market_data_assets.storage.warehouse.bigquery import BigQueryWarehouse
from market_data_assets_tests.emulators.bigquery import PROJECT, emulated_warehouse
from market_data_assets_tests.emulators.proxy_faults import lost_answer, lost_request, refused
from market_data_assets_tests.storage.warehouse.exact_bigquery import QUICK
from market_data_assets_tests.storage.warehouse.tables import BTC, DAY, ETH, NEXT_DAY, TABLE, committed, day_of_rows

WHOLE = TimeRange.parse("2024-08-01", "2024-08-31")


@pytest.fixture
def warehouse(bigquery_server, bigquery_dataset):
    warehouse = emulated_warehouse(bigquery_server, bigquery_dataset, [TABLE])
    warehouse.migrate()
    return warehouse


def put(bucket, gcs_server, name, table):
    file = gcs_server.folder / urlsplit(bucket).netloc / name
    pq.write_table(table, file)
    return f"{bucket}/{name}"


def test_files_of_a_bucket_are_loaded_without_their_hidden_columns(warehouse, bucket, gcs_server):
    frames = day_of_rows({BTC: [1, 2], ETH: [3]})
    urls = [put(bucket, gcs_server, f"{number}.parquet", frames[each].read()) for number, each in enumerate(frames)]
    assert "_sum" in frames[BTC].read().column_names
    loaded = warehouse.replace_day(TABLE, committed({BTC: [1, 2], ETH: [3]}, urls=urls))
    assert (loaded.rows, loaded.instruments) == (3, 2)
    assert warehouse.read(TABLE, [BTC, ETH], WHOLE) == pa.concat_tables([frames[each].read() for each in frames]).select(
        TABLE.schema.names
    ).cast(TABLE.schema)


def test_file_with_rows_of_another_day_is_bad_data_and_the_old_day_stays(warehouse, bucket, gcs_server):
    warehouse.replace_day(TABLE, committed({BTC: [4]}))
    url = put(bucket, gcs_server, "x.parquet", day_of_rows({BTC: [1]}, NEXT_DAY)[BTC].read())
    with pytest.raises(BadData, match="different partitions"):
        warehouse.replace_day(TABLE, committed({BTC: [1]}, version=2, urls=[url]))
    assert warehouse.read(TABLE, [BTC], WHOLE)["close"].to_pylist() == [4]


def test_query_without_a_partition_filter_is_refused_in_bigquerys_words(warehouse):
    with pytest.raises(QueryError, match=r"without a filter over column\(s\) 'timestamp'"):
        warehouse.query("SELECT close FROM candles_24h")


def test_days_are_whole_after_random_faults_of_requests(bigquery_server, bigquery_dataset, bigquery_proxy):
    tables = [TABLE, dataclasses.replace(TABLE, name="candles_4h", views=())]
    client = bigquery_client(PROJECT, endpoint=bigquery_proxy.url)
    reader = bigquery_read_client(bigquery_server.storage)
    warehouse = BigQueryWarehouse(tables, bigquery_dataset, lambda: client, lambda: reader, 10**9, patience=QUICK)
    warehouse.migrate()
    for fault in (lost_answer, lost_request, refused(503), refused(403, reason="rateLimitExceeded")):
        bigquery_proxy.rules.add(fault, path="/(upload|jobs|queries|tables)", chance=0.04)
    days = [DAY.fromordinal(DAY.toordinal() + number) for number in range(6)]
    loads = [(table, committed({BTC: [number, number + 1], ETH: [0]}, day)) for number, day in enumerate(days) for table in tables]

    def load(pair):
        while True:
            try:
                return warehouse.replace_day(*pair)
            except Retryable:
                continue  # as a run that is started again

    with ThreadPoolExecutor(3) as pool:
        assert [loaded.rows for loaded in pool.map(load, loads)] == [3] * len(loads)
    bigquery_proxy.rules.clear()
    for table in tables:
        expected = [day_start(day) + minute * 60_000_000 for number, day in enumerate(days) for minute in (number, number + 1)]
        stored = warehouse.read(table, [BTC], WHOLE)
        assert stored["timestamp"].cast(pa.int64()).to_pylist() == expected
        assert warehouse.read(table, [ETH], WHOLE).num_rows == len(days)
