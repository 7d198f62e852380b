import os
import subprocess
import sys
import warnings
from pathlib import Path

import dagster as dg

from market_data_assets.definitions import build_definitions
from market_data_assets_tests.defs.runs import settings_at

TIMEFRAMES = ("15s", "1m", "5m", "15m", "1h", "4h", "24h")
RAW_NAMES = ("trades", "book_snapshot_5", "book_snapshot_25", "derivative_ticker", "liquidations", "options_chain")
VIEW_NAMES = ("venue", "instrument_id", "instrument_type", "timeframe")


def test_definitions_load_without_a_warning_of_ours(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dg.Definitions.validate_loadable(build_definitions(settings_at(tmp_path)))


def test_asset_keys_are_pinned(tmp_path: Path) -> None:
    graph = build_definitions(settings_at(tmp_path)).resolve_asset_graph()
    expected = {"instrument_availability/instruments", "missing_data_reports/report", "reports/daily_page"}
    expected |= {f"raw_tick_data/{name}" for name in RAW_NAMES} | {f"views/by_{name}" for name in VIEW_NAMES}
    expected |= {f"mft_features/features_{timeframe}" for timeframe in TIMEFRAMES[1:]}
    for timeframe in TIMEFRAMES:
        expected |= {f"processed_candles/candles_{timeframe}", f"processed_book_snapshots/book_snapshots_{timeframe}"}
        expected |= {f"market_data_analytics/candles_{timeframe}", f"market_data_analytics/book_snapshots_{timeframe}"}
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == expected


def test_every_asset_describes_itself_and_its_columns(tmp_path: Path) -> None:
    graph = build_definitions(settings_at(tmp_path)).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.group_name == key.path[0]
        if node.group_name in {"views", "reports"}:
            continue  # a view holds the columns of the tables that it regroups; a page has none
        schema = node.metadata["dagster/column_schema"]
        assert schema.columns, key
        assert all(column.description for column in schema.columns), key
        assert not any(column.name.startswith("_") for column in schema.columns), key


def test_google_cloud_is_the_same_graph_on_other_resources(tmp_path: Path) -> None:
    chosen = {"root": "gs://bucket", "warehouse": "bigquery", "bigquery_project": "project"}
    cloud, local = build_definitions(settings_at(tmp_path, **chosen)), build_definitions(settings_at(tmp_path))
    dg.Definitions.validate_loadable(cloud)
    keys = [definitions.resolve_asset_graph().get_all_asset_keys() for definitions in (cloud, local)]
    assert keys[0] == keys[1]
    assert type(cloud.resources["storage"]).__name__ == "BucketLakeResource"
    assert type(local.resources["storage"]).__name__ == "LakeResource"


def test_code_location_loads_from_the_workspace_file() -> None:
    root = Path(__file__).parents[2]
    dagster = Path(sys.executable).with_name("dagster")
    command = [str(dagster), "definitions", "validate", "--workspace", "workspace.yaml"]
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
