"""The example service as a process of its own, on a simulated day of two perpetuals."""

import datetime as dt
import os
import runpy
import subprocess
import sys
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from market_data_assets.client import MarketData
from market_data_assets.definitions import build_definitions
from market_data_assets_tests.defs.runs import DAY, reader, settings_at

SERVICE = Path(__file__).parents[2] / "examples/features_service/service.py"
PERPS = ["BINANCE:PERP:BTC-USD", "DERIBIT:PERP:BTC-USD"]
NEXT_DAY = DAY + dt.timedelta(days=1)
ASSETS = (
    "instrument_availability/instruments",
    "raw_tick_data/trades",
    "raw_tick_data/book_snapshot_5",
    "market_data_analytics/candles_1m",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiers that the service reads, in ``lake``."""
    folder = tmp_path_factory.mktemp("service")
    definitions = build_definitions(settings_at(folder, instruments=",".join(PERPS), data_types="trades,book_snapshot_5"))
    keys = [dg.AssetKey(name.split("/")) for name in ASSETS]
    candles = dg.AssetSelection.groups("processed_candles")
    job = dg.define_asset_job("inputs_of_the_service", selection=dg.AssetSelection.assets(*keys) | candles)
    with dg.DagsterInstance.ephemeral() as instance:
        made = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job])).resolve_job_def("inputs_of_the_service")
        assert made.execute_in_process(partition_key=DAY.isoformat(), instance=instance).success
    return folder


@pytest.fixture(scope="module")
def first_run(root: Path) -> str:
    """What the service said of the day when it was processed for the first time."""
    done = service(root, "--day", str(DAY))
    assert done.returncode == 0, done.stderr
    return done.stdout


def service(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MDA_")}
    command = [sys.executable, "-W", "error", str(SERVICE), *arguments]
    variables = {**clean, "MDA_ROOT": str(root / "lake"), "MDA_WORKERS": "2"}
    return subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, timeout=120, check=False)


def pushed(root: Path) -> pl.DataFrame:
    return market_data(root).custom_features("pressure_v1", PERPS, DAY, NEXT_DAY, as_="polars")


def market_data(root: Path) -> MarketData:
    return reader(settings_at(root))


def test_features_and_signals_are_read_back(root: Path, first_run: str) -> None:
    features, signals = pushed(root), market_data(root).signals(PERPS, DAY, NEXT_DAY, as_="polars")
    assert first_run == f"{DAY}: {len(features):,} rows of 2 instruments written\n"
    assert len(signals) == len(features) == 2 * (1440 - 14)
    assert features.select(pl.col("flow_pressure").abs().max() <= 1).item()
    for name in ("flow_pressure", "book_lean", "return_beside_peers"):
        assert features[name].null_count() < len(features) / 10


def test_running_again_changes_nothing(root: Path, first_run: str) -> None:
    before = {path: path.read_bytes() for path in (root / "lake").rglob("*") if path.is_file()}
    again = service(root, "--day", str(DAY))
    assert again.stdout == first_run.replace("written", "unchanged")
    assert {path: path.read_bytes() for path in (root / "lake").rglob("*") if path.is_file()} == before


def test_a_feature_is_known_no_earlier_than_every_candle_it_rests_on(root: Path, first_run: str) -> None:
    candles = market_data(root).candles(PERPS, "1m", DAY, NEXT_DAY, ["timestamp", "available_at"], as_="polars")
    needed = candles.group_by("timestamp").agg(pl.col("available_at").max().alias("needed"))
    rows = pushed(root).join(needed, on="timestamp", how="left")
    assert rows.filter(pl.col("needed") > pl.col("available_at")).is_empty()
    assert rows.filter(pl.col("available_at") <= pl.col("timestamp")).is_empty()


def test_features_of_the_morning_do_not_change_with_the_afternoon(root: Path) -> None:
    functions = runpy.run_path(str(SERVICE))
    candles = functions["candles_of"](market_data(root), PERPS, DAY)
    noon = dt.datetime.combine(DAY, dt.time(12), dt.UTC)
    morning = functions["features_of"](candles.filter(pl.col("timestamp") < noon))
    whole = functions["features_of"](candles).filter(pl.col("timestamp") < noon)
    assert_frame_equal(morning, whole)


def test_a_minute_that_nobody_recorded_makes_every_window_over_it_null(root: Path) -> None:
    functions = runpy.run_path(str(SERVICE))
    candles = functions["candles_of"](market_data(root), PERPS, DAY)
    hole = dt.datetime.combine(DAY, dt.time(9, 30), dt.UTC)
    damaged = candles.with_columns(pl.when(pl.col("timestamp") != hole).then(pl.col("volume")).alias("volume"))
    features = functions["features_of"](damaged)
    nulls = features.filter(pl.col("flow_pressure").is_null() & (pl.col("instrument_id") == PERPS[0]))
    assert nulls["timestamp"].to_list() == [hole + dt.timedelta(minutes=minute) for minute in range(15)]


def test_a_day_that_is_not_stored_is_one_line_and_exit_code_one(root: Path) -> None:
    done = service(root, "--day", "2024-08-07")
    assert done.returncode == 1
    assert done.stderr.startswith("error: instrument_availability/instruments has nothing stored for 2024-08-07")
    assert done.stderr.count("\n") == 1
