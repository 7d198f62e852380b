"""MarketData on a bucket and on BigQuery, against the emulators."""

from dataclasses import replace

import pandas as pd
import polars as pl
import pytest

from market_data_assets import AuthError, MarketData, QueryError, Settings, StorageFailed
from market_data_assets.client.costs import Price, Rates
from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets.storage.warehouse.opening import open_warehouse
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, buckets, write_buckets
from market_data_assets_tests.emulators.bigquery import PROJECT
from market_data_assets_tests.emulators.fixtures import new_bucket
from market_data_assets_tests.emulators.proxy_faults import refused

HOUR = Timeframe.parse("1h")
STORED = (CANDLES[HOUR], BOOK_SNAPSHOTS[HOUR])
DATASET = "client_reads"
SPAN = ("2024-08-08", "2024-08-10")
DEAR_REQUESTS = replace(Rates(), request=Price(1.0, 1, "operation", "a test"))


@pytest.fixture(scope="module")
def settings(gcs_server, bigquery_server, tmp_path_factory):
    """Candles and books of two instruments on two days, in a bucket and in BigQuery."""
    endpoints = {"endpoint": bigquery_server.url, "storage_endpoint": bigquery_server.storage}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", gcs_server.url)
        root = f"gs://{new_bucket(gcs_server.url)}/lake"
        cache = tmp_path_factory.mktemp("cache")
        yield Settings(root=root, warehouse="bigquery", read_cache=cache, bigquery={"project": PROJECT, "dataset": DATASET, **endpoints})


@pytest.fixture(scope="module")
def loaded(settings, bigquery_server, tmp_path_factory):
    lake = Lake(open_store(settings.root_url), workers=1)
    tables = [WarehouseTable.of(dataset) for dataset in STORED]
    endpoints = {"endpoint": bigquery_server.url, "storage_endpoint": bigquery_server.storage}
    warehouse = open_warehouse("bigquery", tables, root=tmp_path_factory.mktemp("none"), project=PROJECT, dataset=DATASET, **endpoints)
    warehouse.migrate()
    for dataset, table in zip(STORED, tables, strict=True):
        for day in (DAY, NEXT_DAY):
            frames = {one: buckets(dataset, one, [f"{day}T{hour:02}:00" for hour in range(3)]) for one in (BTC, ETH)}
            write_buckets(lake, dataset, day, frames)
            warehouse.replace_day(table, lake.committed_day(dataset, day))
    return settings


@pytest.fixture
def market_data(loaded):
    return MarketData(loaded)


@pytest.mark.parametrize(
    ("ids", "span", "columns"),
    [([ETH, BTC], SPAN, None), (BTC, ("2024-08-08T01:00", "2024-08-09T01:00"), ["close", "timestamp"])],
)
def test_both_sources_give_the_same_candles(market_data, ids, span, columns):
    lake, warehouse = (market_data.candles(ids, "1h", *span, columns, source=source, as_="arrow") for source in ("lake", "warehouse"))
    assert lake.num_rows == (12 if columns is None else 3)
    assert warehouse.to_pydict() == lake.to_pydict()
    assert (warehouse.schema.names, warehouse.schema.types) == (lake.schema.names, lake.schema.types)


def test_both_sources_give_the_same_books_in_every_kind_of_frame(market_data):
    for as_, kind in (("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("lazy", pl.LazyFrame)):
        frames = [
            market_data.book_snapshots(ETH, "1h", *SPAN, ["timestamp", "ask_price_1"], source=source, as_=as_)
            for source in (("lake", "warehouse") if as_ == "pandas" else ("lake",))
        ]
        assert all(isinstance(frame, kind) for frame in frames)
        assert all(frame.equals(frames[0]) for frame in frames[1:])


def test_explain_tells_the_prices_of_both_and_reads_the_cheaper_one(loaded):
    small = MarketData(loaded).explain("candles_1h", BTC, *SPAN, ["close"])
    assert small.why == "lake, no query of the warehouse costs less"
    assert str(small.offers[0]).startswith("lake: 2 files, ")
    market_data = MarketData(loaded, rates=DEAR_REQUESTS)
    large = market_data.explain("candles_1h", [BTC, ETH], *SPAN, ["close"])
    assert large.why == "warehouse, it is cheaper"
    assert str(large.offers[0]).startswith("warehouse: dry run ")
    chosen = market_data.candles([BTC, ETH], "1h", *SPAN, as_="arrow")
    assert chosen.to_pydict() == market_data.candles([BTC, ETH], "1h", *SPAN, source="lake", as_="arrow").to_pydict()


def test_gaps_of_bigquery_are_skipped_when_that_is_asked_for(market_data):
    frame = market_data.candles(BTC, "1h", "2024-08-09", "2024-08-11", "close", source="warehouse", missing="skip")
    assert len(frame) == 3


def test_sql_takes_values_as_parameters_and_nothing_but_a_select(market_data):
    sql = """
        SELECT instrument_id, COUNT(*) AS hours FROM candles_1h
        WHERE instrument_id IN UNNEST(@ids) AND timestamp >= TIMESTAMP(@day) AND timestamp < TIMESTAMP_ADD(TIMESTAMP(@day), INTERVAL 1 DAY)
        GROUP BY 1
    """
    table = market_data.sql(sql, {"ids": [str(BTC), "x' OR '1'='1"], "day": DAY}, as_="arrow")
    assert table.to_pylist() == [{"instrument_id": str(BTC), "hours": 3}]
    assert str(market_data.sql_estimate(sql, {"ids": [str(BTC)], "day": DAY})).startswith("warehouse: dry run ")
    with pytest.raises(QueryError):
        market_data.sql("DELETE FROM candles_1h WHERE TRUE")


def test_features_and_signals_are_written_to_a_bucket(market_data):
    moment = pd.to_datetime(["2024-08-08T00:00Z"])
    frame = pd.DataFrame({"instrument_id": [str(BTC)], "timestamp": moment, "available_at": moment, "momentum": [1.5]})
    market_data.write_features("momentum", frame)
    assert list(market_data.custom_features("momentum", BTC, "2024-08-08", "2024-08-09")["momentum"]) == [1.5]
    signals = frame.drop(columns="momentum").assign(signal="trend", value=0.5, model_version="1")
    market_data.write_signals(signals)
    assert list(market_data.signals(BTC, "2024-08-08", "2024-08-09")["value"]) == [0.5]


def test_bucket_that_does_not_exist_is_one_line(settings):
    with pytest.raises(StorageFailed, match="no-such-bucket") as refused:
        MarketData(root="gs://no-such-bucket").candles(BTC, "1h", *SPAN)
    assert "\n" not in str(refused.value)


def test_dataset_that_does_not_exist_asks_for_the_migration(settings):
    elsewhere = settings.model_copy(update={"bigquery": settings.bigquery.model_copy(update={"dataset": "nowhere"})})
    with pytest.raises(StorageFailed, match="run market-data migrate") as refused:
        MarketData(elsewhere).candles(BTC, "1h", *SPAN, source="warehouse")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("source", ["lake", "warehouse"])
def test_refused_permission_is_one_line(source, settings, gcs_proxy, bigquery_proxy, monkeypatch):
    for proxy in (gcs_proxy, bigquery_proxy):
        proxy.rules.add(refused(403, reason="accessDenied"))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_proxy.url)
    behind = settings.model_copy(update={"bigquery": settings.bigquery.model_copy(update={"endpoint": bigquery_proxy.url})})
    with pytest.raises(AuthError) as error:
        MarketData(behind).candles(BTC, "1h", *SPAN, source=source)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("source", ["lake", "warehouse"])
def test_missing_credentials_are_one_line(source, tmp_path, monkeypatch):
    for name in ("STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    # Neither a person's own credentials are looked for, nor those of a virtual machine.
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    settings = Settings(root="gs://some-bucket", warehouse="bigquery", bigquery={"project": PROJECT})
    with pytest.raises(AuthError, match="credentials") as refused:
        MarketData(settings).candles(BTC, "1h", *SPAN, source=source)
    assert "\n" not in str(refused.value)
