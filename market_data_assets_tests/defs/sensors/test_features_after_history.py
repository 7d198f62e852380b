import datetime as dt
import shutil
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.registry import MFT_FEATURES
from market_data_assets.defs.sensors.features_after_history import NAME
from market_data_assets.domain.datasets import DailyFrames
from market_data_assets.domain.schemas import TRADES
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets.upkeep.feature_days import LOOK_BACK_DAYS
from market_data_assets.upkeep.lineage import look_back_of
from market_data_assets_tests.defs.sensors.days import store_candles, store_trades, trades
from market_data_assets_tests.defs.sensors.ticking import Ticker, add_run, days_of, report

LAST = list(CANDLES.values())[-1]
NOON = 43_200.0


def day(number: int) -> dt.date:
    return dt.date(2024, 8, number)


def store_features(lake: Lake, *days: dt.date) -> None:
    """Features without rows, made from the candles that are stored now."""
    for each in days:
        for table in MFT_FEATURES.values():
            named = {f"{feed}/{past}": lake.manifest(feed, past) for feed, past in look_back_of(table, each) if past in lake.days(feed)}
            inputs = {name: manifest.content.content_hash for name, manifest in named.items()}
            lake.write_day(table, DailyFrames(each, {}, {}, inputs=inputs))


@pytest.fixture
def lake(root: Path) -> Lake:
    """The features of 4 and 5 August were made before the candles of the 3rd were there."""
    shutil.rmtree(root / "lake", ignore_errors=True)
    lake = Lake(open_store((root / "lake").as_uri()), workers=1)
    for number in (5, 4):
        store_trades(lake, day(number), btc=trades(day(number), NOON))
        store_candles(lake, day(number))
    store_features(lake, day(4), day(5))
    store_trades(lake, day(3), btc=trades(day(3), NOON))
    store_candles(lake, day(3))
    store_features(lake, day(3))
    return lake


@pytest.fixture
def sensor(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, lake: Lake) -> Ticker:
    return Ticker(repository, instance, NAME)


def test_features_of_later_days_are_asked_for_once_when_the_days_before_them_came(sensor: Ticker, lake: Lake) -> None:
    report(sensor.instance, LAST, day(3))
    requests = sensor.tick()
    assert days_of(requests) == ["2024-08-04", "2024-08-05"]
    assert {request.job_name for request in requests} <= {None, "features"}
    assert sensor.tick() == []
    sensor.cursor = None
    assert [request.run_key for request in sensor.tick()] == [request.run_key for request in requests]
    store_features(lake, day(4), day(5))
    report(sensor.instance, LAST, day(3))
    assert sensor.tick() == []


def test_they_wait_until_nothing_is_under_way(sensor: Ticker) -> None:
    report(sensor.instance, LAST, day(3))
    run = add_run(sensor.instance, dt.date(2024, 7, 1))
    assert sensor.tick() == []
    assert "under way" in (sensor.skipped or "")
    sensor.instance.report_run_failed(sensor.instance.get_run_by_id(run))
    assert days_of(sensor.tick()) == ["2024-08-04", "2024-08-05"]


def test_days_beyond_every_look_back_and_other_assets_ask_for_nothing(sensor: Ticker) -> None:
    report(sensor.instance, LAST, day(3) - dt.timedelta(days=LOOK_BACK_DAYS), status="unchanged")
    report(sensor.instance, LAST, day(5))
    report(sensor.instance, TRADES, day(3))
    assert sensor.tick() == []
