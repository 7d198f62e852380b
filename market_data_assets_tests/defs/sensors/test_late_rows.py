import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.definitions import build_definitions
from market_data_assets.defs.automation import Automation
from market_data_assets.defs.sensors.candles_after_ticks import NAME as CANDLES_AFTER_TICKS
from market_data_assets.defs.sensors.candles_after_ticks import makes_candles
from market_data_assets.defs.sensors.day_requests import DAYS_PER_TICK, SECONDS_PER_TICK, DayRule, ask_for_runs
from market_data_assets.defs.sensors.late_rows import NAME
from market_data_assets.domain.datasets import Finality
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets_tests.defs.runs import settings_at
from market_data_assets_tests.defs.sensors.days import store_candles, store_trades, trades
from market_data_assets_tests.defs.sensors.ticking import Ticker, add_run, days_of, execute, report

MINUTE = CANDLES[Timeframe.parse("1m")]
NOON = 43_200.0
JULY = dt.date(2024, 7, 31)


def day(number: int) -> dt.date:
    return dt.date(2024, 8, number)


@pytest.fixture(scope="module")
def lake(root: Path) -> Lake:
    """3 to 6 August: the candles of the 3rd and the 5th were made before the day after them was there."""
    lake = Lake(open_store((root / "lake").as_uri()), workers=1)
    for number in (3, 4, 5, 6):
        store_trades(lake, day(number), btc=trades(day(number), NOON))
        if number != 4:
            store_candles(lake, day(number))
    store_candles(lake, day(4))
    return lake


@pytest.fixture
def sensor(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, lake: Lake) -> Ticker:
    assert lake.manifest(MINUTE, day(3)).content.finality is Finality.PROVISIONAL
    return Ticker(repository, instance, NAME)


def test_the_day_before_is_asked_for_once_when_it_can_be_final(sensor: Ticker) -> None:
    report(sensor.instance, TRADES, day(4))
    requests = sensor.tick()
    # The 5th is provisional, too, and the 6th is there: it would have been asked for with that.
    assert days_of(requests) == ["2024-08-03", "2024-08-05"]
    assert requests[0].run_key is not None
    assert requests[0].run_key.startswith("late_rows:2024-08-03:")
    assert requests[0].tags["market_data/trigger"] == "late_rows"
    assert sensor.tick() == []


def test_a_tick_that_is_evaluated_twice_asks_under_the_same_keys(sensor: Ticker) -> None:
    report(sensor.instance, TRADES, day(4))
    first = sensor.tick()
    sensor.cursor = None
    assert [request.run_key for request in sensor.tick()] == [request.run_key for request in first]


def test_days_that_nothing_is_made_of_ask_for_nothing(sensor: Ticker) -> None:
    report(sensor.instance, TRADES, JULY, day(1), day(20))
    assert sensor.tick() == []
    # 31 July itself lies before the first day.
    assert "4 days looked at" in (sensor.skipped or "")


@pytest.mark.parametrize("busy", [2, 3, 4])
def test_a_day_waits_while_a_run_of_it_or_beside_it_is_under_way(sensor: Ticker, busy: int) -> None:
    run = add_run(sensor.instance, day(busy))
    report(sensor.instance, TRADES, day(4))
    assert "2024-08-03" not in days_of(sensor.tick())
    assert sensor.tick() == []
    sensor.instance.delete_run(run)
    assert "2024-08-03" in days_of(sensor.tick())


def test_a_tick_ends_when_its_time_is_over_and_goes_on_in_the_next(instance: dg.DagsterInstance) -> None:
    report(instance, TRADES, *(day(number) for number in range(1, 11)))
    seconds = iter(number * SECONDS_PER_TICK / 4 for number in range(1_000))
    asked: list[dt.date] = []

    def needs(asked_about: dt.date) -> None:
        asked.append(asked_about)

    rule = DayRule("test", "rebuild", [dg.AssetKey(TRADES.key)], lambda event: [event.day], lambda each: [each], needs)
    cursor = None
    for _ in range(4):
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            cursor = ask_for_runs(context, rule, Automation(False, day(1)), lambda: next(seconds)).cursor
    assert asked == [day(number) for number in range(1, 11)]
    assert len(asked) < DAYS_PER_TICK


def test_a_provisional_day_becomes_final_by_the_run_that_was_asked_for(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    settings = settings_at(tmp_path, instruments="BINANCE:SPOT_PAIR:BTC-USDT", data_types="trades", first_day="2024-08-01")
    repository = build_definitions(settings).get_repository_def()
    lake = Lake(open_store(settings.root_url), workers=1)
    ticks, candles = [INSTRUMENTS, TRADES], [MINUTE, CANDLES[Timeframe.parse("24h")]]
    late, after_ticks = Ticker(repository, instance, NAME), Ticker(repository, instance, CANDLES_AFTER_TICKS)

    assert execute(repository, instance, "ingest", "2024-08-07", ticks)
    requests = after_ticks.tick()
    assert days_of(requests) == ["2024-08-07"]
    assert after_ticks.run(requests[0], candles)
    assert lake.manifest(MINUTE, day(7)).content.finality is Finality.PROVISIONAL
    assert (late.tick(), after_ticks.tick()) == ([], [])

    assert execute(repository, instance, "ingest", "2024-08-08", ticks)
    requests = late.tick()
    assert days_of(requests) == ["2024-08-07"]
    assert late.run(requests[0], candles)
    assert lake.manifest(MINUTE, day(7)).content.finality is Finality.FINAL
    assert late.tick() == []

    # A run that makes the candles itself is no reason to make them.
    assert days_of(after_ticks.tick()) == ["2024-08-08"]
    runs = [run.run_id for run in instance.get_runs()]
    assert [makes_candles(instance, run) for run in runs] == [True, False, True, False]
