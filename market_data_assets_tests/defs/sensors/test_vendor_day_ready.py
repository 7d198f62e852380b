import datetime as dt
import json
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.defs.resources import TickSource
from market_data_assets.defs.sensors.vendor_day_ready import DAYS_PER_TICK, NAME, ask_for_days, days_to_ask_for
from market_data_assets_tests.defs.sensors.ticking import Ticker, add_run, days_of
from market_data_assets_tests.faults.http_server import Answer, Fault, serving

FIRST = dt.date(2024, 8, 1)
NOON = dt.datetime(2024, 8, 20, 12, tzinfo=dt.UTC)


def until(day: int) -> dt.datetime:
    """Exported until the start of this day of August."""
    return dt.datetime(2024, 8, day, tzinfo=dt.UTC)


def wanted(exported: dt.datetime, last: dt.date | None = None) -> list[int]:
    return [day.day for day in days_to_ask_for(exported, last, FIRST, NOON)]


def test_a_fresh_cursor_starts_at_the_newest_exported_day() -> None:
    assert wanted(until(20)) == [19]
    assert wanted(until(20) + dt.timedelta(hours=5)) == [19]


def test_days_are_caught_up_oldest_first_and_a_week_at_a_time() -> None:
    assert wanted(until(20), dt.date(2024, 8, 17)) == [18, 19]
    assert wanted(until(20), dt.date(2024, 8, 5)) == [6, 7, 8, 9, 10, 11, 12]
    assert len(wanted(until(20), dt.date(2024, 8, 5))) == DAYS_PER_TICK


def test_no_day_is_asked_for_twice_or_before_the_first_or_before_its_end() -> None:
    assert wanted(until(20), dt.date(2024, 8, 19)) == []
    assert wanted(until(1)) == []
    assert wanted(until(2), dt.date(2024, 7, 1)) == [1]
    assert wanted(dt.datetime(2025, 1, 1, tzinfo=dt.UTC)) == [19]


def tardis(url: str, folder: Path, **chosen: object) -> TickSource:
    defaults = {"source": "tardis", "venues": ["binance-futures", "deribit"], "instruments": [], "data_types": [], "tardis_api_key": None}
    urls = {"tardis_datasets_url": url, "tardis_api_url": url, "binance_vision_url": url, "cache": str(folder / "cache")}
    return TickSource(**{**defaults, **urls, **chosen})


def exchange(exported: str) -> Answer:
    return Answer(json.dumps({"datasets": {"symbols": [], "exportedFrom": "2019-03-30T00:00:00Z", "exportedUntil": exported}}).encode())


def ask(ticks: TickSource, instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        return ask_for_days(context, ticks, FIRST, NOON)


def keys(asked: dg.SensorResult | dg.SkipReason) -> list[str | None]:
    assert isinstance(asked, dg.SensorResult)
    return [request.run_key for request in asked.run_requests or []]


def message(asked: dg.SensorResult | dg.SkipReason) -> str:
    assert isinstance(asked, dg.SkipReason), asked
    return asked.skip_message or ""


def test_the_slowest_venue_decides_and_each_is_asked_once(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    with serving() as vendor:
        vendor.script("/v1/exchanges/binance-futures", exchange("2024-08-20T00:00:00.000Z"))
        vendor.script("/v1/exchanges/deribit", exchange("2024-08-19T00:00:00.000Z"))
        asked = ask(tardis(vendor.url, tmp_path), instance)
        assert keys(asked) == ["2024-08-18:2024-08-19T00:00:00+00:00"]
        assert isinstance(asked, dg.SensorResult)
        assert asked.cursor == "2024-08-18"
        assert "nothing is new" in message(ask(tardis(vendor.url, tmp_path), instance, asked.cursor))
        assert sorted(vendor.paths()) == ["/v1/exchanges/binance-futures"] * 2 + ["/v1/exchanges/deribit"] * 2


def test_a_venue_that_ended_long_ago_is_not_waited_for(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    with serving() as vendor:
        vendor.script("/v1/exchanges/binance-futures", exchange("2024-08-20T00:00:00.000Z"))
        vendor.script("/v1/exchanges/deribit", exchange("2022-11-14T00:00:00.000Z"))
        assert keys(ask(tardis(vendor.url, tmp_path), instance)) == ["2024-08-19:2024-08-20T00:00:00+00:00"]


def test_only_venues_that_instruments_are_of_are_asked(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    with serving() as vendor:
        vendor.script("/v1/exchanges/deribit", exchange("2024-08-20T00:00:00.000Z"))
        ticks = tardis(vendor.url, tmp_path, instruments=["DERIBIT:PERP:BTC-USD"])
        assert keys(ask(ticks, instance)) == ["2024-08-19:2024-08-20T00:00:00+00:00"]
        assert vendor.paths() == ["/v1/exchanges/deribit"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(b"busy", 503), "status 503"),
        (Answer(b"slow down", 429, {"Retry-After": "3600"}), "asks to wait 3600 s"),
        (Answer(b"who?", 401), "the API key is missing"),
        (Answer(b"<html>"), "expected JSON"),
        (Answer(b"{}", fault=Fault.RESET), "Tardis exchanges metadata"),
    ],
)
def test_a_vendor_that_fails_skips_the_tick_with_one_line(
    tmp_path: Path, instance: dg.DagsterInstance, answer: Answer, expected: str
) -> None:
    with serving() as vendor:
        vendor.script("/v1/exchanges/binance-futures", answer)
        said = message(ask(tardis(vendor.url, tmp_path, venues=["binance-futures"]), instance, "2024-08-18"))
        assert said.startswith("the vendor could not be asked: ")
        assert expected in said
        assert "\n" not in said
        assert len(vendor.requests) == 1


def test_a_folder_of_files_has_what_lies_in_it(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    for part in (
        "binance-futures/trades/2024/08/09",
        "binance-futures/trades/2024/08/10",
        "binance-futures/trades/2023/12/31",
        "deribit/quotes/2024/08/09",
    ):
        (tmp_path / "files" / "v1" / part).mkdir(parents=True)
    (tmp_path / "files" / "v1" / "binance-futures" / "trades" / "2024" / "09").mkdir()
    (tmp_path / "files" / "v1" / "binance-futures" / "trades" / "latest").mkdir()
    ticks = tardis((tmp_path / "files").as_uri(), tmp_path)
    assert keys(ask(ticks, instance)) == ["2024-08-09:2024-08-10T00:00:00+00:00"]
    empty = tardis((tmp_path / "nothing").as_uri(), tmp_path)
    assert "does not say until when" in message(ask(empty, instance))


def test_binance_vision_is_asked_for_the_checksum_of_a_busy_instrument(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    with serving() as vendor:
        vendor.script("/data/futures/um/daily/trades/BTCUSDT/BTCUSDT-trades-2024-08-18.zip.CHECKSUM", Answer(b"0" * 64 + b"  x.zip\n"))
        ticks = tardis(vendor.url, tmp_path, source="binance_vision", venues=["binance-futures"])
        assert keys(ask(ticks, instance)) == ["2024-08-18:2024-08-19T00:00:00+00:00"]
        assert len(vendor.requests) == 2


def test_a_folder_of_binance_vision_has_what_lies_in_it(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    folder = tmp_path / "files" / "data" / "futures" / "um" / "daily" / "trades" / "BTCUSDT"
    folder.mkdir(parents=True)
    for name in ("BTCUSDT-trades-2024-08-06.zip", "BTCUSDT-trades-2024-08-07.csv", "BTCUSDT-trades-2024-08-09.zip.CHECKSUM", "notes.csv"):
        (folder / name).touch()
    ticks = tardis((tmp_path / "files").as_uri(), tmp_path, source="binance_vision", venues=["binance-futures"])
    assert keys(ask(ticks, instance)) == ["2024-08-07:2024-08-08T00:00:00+00:00"]


def test_a_day_with_a_run_under_way_is_asked_for_when_that_has_ended(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    ticks = tardis("http://127.0.0.1", tmp_path, source="simulated", venues=[])
    run = add_run(instance, dt.date(2024, 8, 18), dg.DagsterRunStatus.STARTED)
    asked = ask(ticks, instance, "2024-08-16")
    assert isinstance(asked, dg.SensorResult)
    assert days_of(asked.run_requests or []) == ["2024-08-17"]
    assert run in message(ask(ticks, instance, asked.cursor))
    instance.delete_run(run)
    assert [key[:10] for key in keys(ask(ticks, instance, asked.cursor)) if key] == ["2024-08-18", "2024-08-19"]


def test_a_simulated_day_is_asked_for_as_soon_as_it_is_over(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> None:
    sensor = Ticker(repository, instance, NAME)
    requests = sensor.tick()
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    assert days_of(requests) == [sensor.cursor] == [yesterday.isoformat()]
    assert requests[0].tags["market_data/trigger"] == NAME
    assert requests[0].tags["dagster/partition"] == yesterday.isoformat()
    assert sensor.tick() == []
    assert "nothing is new" in (sensor.skipped or "")
