import json
import subprocess
import sys

import market_data_assets
from market_data_assets import errors
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.client.lakes import BTC, DAY, buckets, lake_at, write_buckets

HEAVY = {"dagster", "numba", "pandas", "polars", "duckdb", "matplotlib", "google.cloud", "google.auth", "grpc", "requests"}


def modules_after(code, *arguments):
    """Which heavy modules a fresh process has imported after running ``code``."""
    program = f"import json, sys\n{code}\nprint(json.dumps(sorted(set(sys.modules) & {HEAVY | {'pyarrow', 'pydantic'}!r})))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program, *arguments], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_public_names_are_these():
    names = {"MarketData", "InstrumentId", "Timeframe", "Settings"}
    assert names <= set(market_data_assets.__all__)
    public_errors = {
        "AuthError",
        "BadData",
        "ConcurrentCommit",
        "CorruptPartition",
        "MarketDataError",
        "NoData",
        "NotAvailableYet",
        "NotListed",
    }
    public_errors |= {
        "PartitionIncomplete",
        "PartitionMissing",
        "QueryError",
        "QuotaExhausted",
        "Retryable",
        "SchemaDrift",
        "SettingsError",
    }
    public_errors |= {"StorageFailed", "TooLarge", "UnknownInstrument", "UnsafeName", "UnsupportedFormat", "Unusable"}
    assert set(market_data_assets.__all__) == names | public_errors
    assert dir(market_data_assets) == sorted(market_data_assets.__all__)


def test_every_public_name_exists_and_errors_are_ours():
    for name in market_data_assets.__all__:
        value = getattr(market_data_assets, name)
        assert value.__name__ == name
        assert not issubclass(value, Exception) or value is getattr(errors, name)
    assert not hasattr(market_data_assets, "nothing_of_that_name")


def test_importing_the_package_imports_nothing_heavy():
    assert modules_after("import market_data_assets") == set()


def test_the_read_package_and_the_catalog_import_no_compiler_and_no_frames():
    assert modules_after("import market_data_assets; market_data_assets.MarketData") & HEAVY == set()
    assert modules_after("import market_data_assets.catalog") & HEAVY == set()


def test_reading_candles_imports_only_what_it_needs(tmp_path):
    dataset = CANDLES[Timeframe.parse("1m")]
    write_buckets(lake_at(tmp_path), dataset, DAY, {BTC: buckets(dataset, BTC, ["2024-08-08T00:00", "2024-08-08T00:01"])})
    read = """
from market_data_assets import MarketData
frame = MarketData(root=sys.argv[1]).candles("BINANCE:PERP:BTC-USDT", "1m", "2024-08-08", "2024-08-09", as_=sys.argv[2])
assert frame.shape[0] == 2
"""
    assert modules_after(read, str(tmp_path), "arrow") & HEAVY == set()
    assert modules_after(read, str(tmp_path), "pandas") & HEAVY == {"pandas"}


def test_local_deployment_never_imports_google(tmp_path):
    warehouse = EmbeddedWarehouse(tmp_path / "market_data_analytics", [WarehouseTable.of(CANDLES[Timeframe.parse("1m")])])
    warehouse.migrate()
    read = """
from market_data_assets import MarketData, PartitionMissing
market_data = MarketData(root=sys.argv[1])
try:
    market_data.candles("BINANCE:PERP:BTC-USDT", "1m", "2024-08-08", "2024-08-09")
except PartitionMissing:
    pass
assert market_data.sql("SELECT COUNT(*) AS rows FROM candles_1m", as_="arrow").to_pylist() == [{"rows": 0}]
"""
    assert modules_after(read, str(tmp_path)) & HEAVY == {"duckdb"}
