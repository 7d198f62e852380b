import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.defs.sensors import day_requests, event_walk
from market_data_assets.defs.sensors.candles_after_ticks import NAME
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, TRADES
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets_tests.defs.sensors.days import store_candles, store_trades, trades
from market_data_assets_tests.defs.sensors.ticking import Ticker, add_run, days_of, report

FIRST = dt.date(2024, 8, 1)
NOON = 43_200.0


def days(count: int, first: int = 0) -> list[dt.date]:
    return [FIRST + dt.timedelta(days=each) for each in range(first, first + count)]


@pytest.fixture(scope="module")
def lake(root: Path) -> Lake:
    """23 raw days; the candles of the last two are made, those of the last one of other ticks."""
    lake = Lake(open_store((root / "lake").as_uri()), workers=1)
    for day in days(23):
        store_trades(lake, day, btc=trades(day, NOON))
    for day in days(2, 21):
        store_candles(lake, day)
    store_trades(lake, days(23)[-1], btc=trades(days(23)[-1], NOON, NOON + 1))
    return lake


@pytest.fixture
def sensor(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, lake: Lake) -> Ticker:
    assert lake.days(TRADES) == days(23)
    return Ticker(repository, instance, NAME)


def test_each_day_of_one_tick_is_a_run(sensor: Ticker) -> None:
    report(sensor.instance, TRADES, *days(5))
    requests = sensor.tick()
    assert days_of(requests) == [str(day) for day in days(5)]
    assert len({request.run_key for request in requests}) == 5
    assert requests[0].run_key is not None
    assert requests[0].run_key.startswith("candles_after_ticks:2024-08-01:")
    assert requests[0].tags["market_data/trigger"] == "candles_after_ticks"
    assert sensor.tick() == []


def test_a_tick_that_is_evaluated_twice_asks_under_the_same_keys(sensor: Ticker) -> None:
    report(sensor.instance, TRADES, *days(2))
    first = sensor.tick()
    sensor.cursor = None
    assert [request.run_key for request in sensor.tick()] == [request.run_key for request in first]


def test_one_day_is_asked_for_once_whatever_was_materialized_of_it(sensor: Ticker) -> None:
    report(sensor.instance, TRADES, *days(1), *days(1))
    report(sensor.instance, BOOK_SNAPSHOT_5, *days(1))
    assert days_of(sensor.tick()) == ["2024-08-01"]


def test_days_that_are_up_to_date_or_did_not_change_ask_for_nothing(sensor: Ticker) -> None:
    report(sensor.instance, TRADES, *days(1, 21))
    report(sensor.instance, TRADES, *days(1), status="noop")
    report(sensor.instance, TRADES, *days(1, 1), status="unchanged")
    assert sensor.tick() == []
    report(sensor.instance, TRADES, *days(1, 22))
    assert days_of(sensor.tick()) == ["2024-08-23"]


def test_a_day_waits_until_its_runs_have_ended(sensor: Ticker) -> None:
    run = add_run(sensor.instance, FIRST, dg.DagsterRunStatus.STARTED, job="ingest")
    report(sensor.instance, TRADES, *days(2))
    assert days_of(sensor.tick()) == ["2024-08-02"]
    assert sensor.tick() == []
    assert "1 of them have a run under way" in (sensor.skipped or "")
    sensor.instance.delete_run(run)
    assert days_of(sensor.tick()) == ["2024-08-01"]


def test_a_tick_asks_for_a_bounded_number_of_days_and_forgets_none(sensor: Ticker) -> None:
    report(sensor.instance, TRADES, *days(6))
    first, second = days_of(sensor.tick()), days_of(sensor.tick())
    assert len(first) == day_requests.RUNS_PER_TICK
    assert [*first, *second] == [str(day) for day in days(6)]


def test_days_outside_of_the_partitions_ask_for_nothing(sensor: Ticker) -> None:
    report(sensor.instance, TRADES, FIRST - dt.timedelta(days=1), dt.datetime.now(dt.UTC).date())
    sensor.instance.report_runless_asset_event(dg.AssetMaterialization(["raw_tick_data", "trades"], partition="a week"))
    sensor.instance.report_runless_asset_event(dg.AssetMaterialization(["raw_tick_data", "trades"]))
    assert sensor.tick() == []
    assert "0 days wait" in (sensor.skipped or "")


def test_a_new_cursor_begins_with_the_newest_events(sensor: Ticker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_walk, "EVENTS_PER_TICK", 3)
    report(sensor.instance, TRADES, *days(5))
    assert days_of(sensor.tick()) == [str(day) for day in days(3, 2)]
    report(sensor.instance, TRADES, *days(4, 10))
    assert days_of(sensor.tick()) == [str(day) for day in days(3, 10)]
    assert days_of(sensor.tick()) == [str(day) for day in days(1, 13)]


def test_no_events_are_read_while_too_many_days_wait(sensor: Ticker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_requests, "MOST_WAITING", 1)
    add_run(sensor.instance, FIRST)
    report(sensor.instance, TRADES, FIRST)
    assert sensor.tick() == []
    report(sensor.instance, TRADES, *days(1, 1))
    assert sensor.tick() == []
    assert "0 new materializations" in (sensor.skipped or "")


def test_a_lake_that_stays_silent_skips_the_tick_and_forgets_nothing(sensor: Ticker, lake: Lake, root: Path) -> None:
    report(sensor.instance, TRADES, FIRST)
    manifest = root / "lake" / lake.manifest(TRADES, FIRST).partition / "_manifest.json"
    moved = manifest.rename(manifest.with_suffix(".moved"))
    manifest.mkdir()
    try:
        assert sensor.tick() == []
        assert "the lake could not be asked" in (sensor.skipped or "")
    finally:
        manifest.rmdir()
        moved.rename(manifest)
    assert days_of(sensor.tick()) == ["2024-08-01"]
