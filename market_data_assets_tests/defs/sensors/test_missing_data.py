"""What is missing is asked for again, for its instruments alone, and three times at most."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.compute.completeness.record import MISSING_REPORT, Missing, report_table
from market_data_assets.defs.automation import Automation
from market_data_assets.defs.instance import open_instance
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.sensors.missing_data import MOST_DAYS, missing_data_repair
from market_data_assets.defs.sensors.named_instruments import MOST_NAMED, named
from market_data_assets.defs.sensors.open_days import MOST_OPEN, Attempts, OpenDays
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.settings import Settings
from market_data_assets_tests.defs.runs import DAY, reader, settings_at
from market_data_assets_tests.defs.sensors.small_vendor import (
    BTC,
    ETH,
    INGEST,
    NOW,
    XRP,
    digests,
    evaluate,
    execute,
    open_vendor,
    publish,
    settings_of,
)
from market_data_assets_tests.defs.sensors.ticking import add_run
from market_data_assets_tests.faults.http_server import FaultServer, serving

HOUR = 3_600.0


def tick(settings: Settings, instance: dg.DagsterInstance, cursor: str | None, now: float) -> tuple[list[dg.RunRequest], str, str]:
    """One evaluation as the daemon makes it: the requested runs, the cursor for the next one, and what was said."""
    return evaluate(settings, instance, missing_data_repair(Automation(True, settings.first_day), clock=lambda: now), cursor)


def instruments_of(request: dg.RunRequest) -> list[str]:
    chosen: dict[str, object] = request.run_config["resources"]["selection"]["config"]
    assert chosen["refresh"] is False
    assert isinstance(chosen["instruments"], list)
    return chosen["instruments"]


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with serving() as faults:
        yield faults


@pytest.fixture(scope="module")
def day_without_xrp(server: FaultServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The daily run of a day on which the vendor lacks the files of one of its three instruments."""
    folder = tmp_path_factory.mktemp("missing")
    settings = open_vendor(server, folder)
    with open_instance(folder / "home") as instance:
        assert execute(settings, instance, "daily").success
    return folder


@pytest.fixture
def folder(day_without_xrp: Path, tmp_path: Path) -> Path:
    shutil.copytree(day_without_xrp, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_missing_instrument_is_fetched_when_it_comes_and_nothing_else_changes(server: FaultServer, folder: Path) -> None:
    settings = settings_of(server, folder)
    missing = reader(settings).missing(DAY)
    assert sorted(zip(missing["instrument_id"], missing["data_type"], missing["reason"], strict=True)) == [
        (XRP, "book_snapshot_5", "not_listed"),
        (XRP, "trades", "not_listed"),
    ]
    before = digests(settings)
    with open_instance(folder / "home") as instance:
        (request,), cursor, _ = tick(settings, instance, None, NOW)
        assert (request.run_key, request.partition_key, instruments_of(request)) == ("repair:2024-08-08:1", "2024-08-08", [XRP])
        publish(server, "XRPUSDT", 7, "late")
        try:
            assert execute(settings, instance, "repair", request=request).success
        finally:
            for name in ("trades", "book_snapshot_5"):
                del server.scripts[f"/v1/binance/{name}/2024/08/08/XRPUSDT.csv.gz"]
        assert len(reader(settings).missing(DAY)) == 0
        requests, cursor, _ = tick(settings, instance, cursor, NOW + 60)
        assert requests == []
        assert OpenDays.from_json(cursor).days == {}
    after = digests(settings)
    assert {place: after[place] for place in before} == before
    assert {instrument for _, instrument in set(after) - set(before)} == {XRP}
    assert {partition.split("/")[0] for partition, _ in set(after) - set(before)} == {
        "raw_tick_data",
        "processed_candles",
        "processed_book_snapshots",
        "mft_features",
    }
    market_data = reader(settings)
    assert market_data.candles(XRP, "1m", DAY, "2024-08-09")["trade_count"].sum() == 7
    assert market_data.candles([BTC, ETH], "1m", DAY, "2024-08-09")["trade_count"].sum() == 20


def test_repair_of_one_instrument_makes_the_candles_that_a_stopped_run_left_out(server: FaultServer, tmp_path: Path) -> None:
    settings = open_vendor(server, tmp_path)
    with open_instance(tmp_path / "home") as instance:
        assert execute(settings, instance, "daily", INGEST).success
        (request,), _, _ = tick(settings, instance, None, NOW)
        assert instruments_of(request) == [XRP]
        assert execute(settings, instance, "repair", [*INGEST, "processed_candles/candles_1m"], request).success
    candles = reader(settings).candles([BTC, ETH], "1m", DAY, "2024-08-09", source="lake")
    assert candles.groupby("instrument_id")["trade_count"].sum().to_dict() == {BTC: 10, ETH: 10}


def test_vendor_that_never_has_it_is_asked_three_times(server: FaultServer, folder: Path) -> None:
    settings = settings_of(server, folder)
    cursor, asked = None, []
    with open_instance(folder / "home") as instance:
        for hours in (0, 0.9, 1, 6.9, 7, 7.1):
            requests, cursor, said = tick(settings, instance, cursor, NOW + hours * HOUR)
            for request in requests:
                asked.append((request.run_key, hours))
                assert execute(settings, instance, "repair", INGEST, request).success
        assert asked == [("repair:2024-08-08:1", 0), ("repair:2024-08-08:2", 1), ("repair:2024-08-08:3", 7)]
        assert said == "2024-08-08 given up after 3 attempts: 1 instrument(s) are still missing"
        assert OpenDays.from_json(cursor).days == {}
        # Neither another report nor a lost cursor begins anew.
        assert execute(settings, instance, "missing_data", INGEST).success
        for known in (cursor, None):
            requests, left, _ = tick(settings, instance, known, NOW + 100 * HOUR)
            assert requests == []
            assert OpenDays.from_json(left).days == {}


def test_nothing_is_asked_while_a_run_of_the_day_is_under_way(server: FaultServer, folder: Path) -> None:
    settings = settings_of(server, folder)
    with open_instance(folder / "home") as instance:
        run = add_run(instance, DAY, dg.DagsterRunStatus.STARTED)
        requests, cursor, _ = tick(settings, instance, None, NOW)
        assert requests == []
        assert set(OpenDays.from_json(cursor).days) == {DAY}
        instance.delete_run(run)
        requests, _, _ = tick(settings, instance, cursor, NOW + 60)
        assert [request.run_key for request in requests] == ["repair:2024-08-08:1"]


def report(settings: Settings, instance: dg.DagsterInstance, day: dt.date, reasons: dict[str, str]) -> None:
    """A report of a day as an asset's run would leave it, of instruments by reason."""
    rows = [Missing(InstrumentId.parse(name), "trades", reason, "evidence", (0, 1), (0, 1)) for name, reason in reasons.items()]
    lake = LakeResource(root=settings.root_url, workers=1).open()
    lake.write_table(MISSING_REPORT, day, TableFrame(report_table(rows)))
    instance.report_runless_asset_event(dg.AssetMaterialization(asset_key(MISSING_REPORT), partition=day.isoformat()))


def test_only_what_asking_again_may_bring_is_asked_for(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, first_day="2024-08-01")
    reasons = {
        "BINANCE:PERP:A-USDT": "not_available_yet",
        "BINANCE:PERP:B-USDT": "not_materialized",
        "BINANCE:PERP:C-USDT": "failed",
        "BINANCE:PERP:D-USDT": "damaged_file",
        "BINANCE:PERP:E-USDT": "schema_drift",
        "BINANCE:PERP:F-USDT": "gap",
    }
    with dg.DagsterInstance.ephemeral() as instance:
        report(settings, instance, DAY, reasons)
        report(settings, instance, DAY + dt.timedelta(1), {"BINANCE:PERP:F-USDT": "gap"})
        report(settings, instance, DAY + dt.timedelta(2), {})
        (request,), cursor, _ = tick(settings, instance, None, NOW)
    assert instruments_of(request) == [f"BINANCE:PERP:{base}-USDT" for base in "ABCD"]
    assert set(OpenDays.from_json(cursor).days) == {DAY}


def test_many_days_are_asked_for_a_few_at_a_time_the_newest_first(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, first_day="2024-08-01")
    days = [DAY + dt.timedelta(number) for number in range(MOST_DAYS + 2)]
    with dg.DagsterInstance.ephemeral() as instance:
        for day in days:
            report(settings, instance, day, {"BINANCE:PERP:A-USDT": "failed"})
        first, cursor, _ = tick(settings, instance, None, NOW)
        second, cursor, _ = tick(settings, instance, cursor, NOW)
        third, _, said = tick(settings, instance, cursor, NOW)
    newest_first = [day.isoformat() for day in reversed(days)]
    assert [[request.partition_key for request in requests] for requests in (first, second, third)] == [
        newest_first[:MOST_DAYS],
        newest_first[MOST_DAYS:],
        [],
    ]
    assert said == "nothing to ask for; 7 day(s) wait for their next attempt"


def test_memory_is_read_as_it_was_written_and_stays_small() -> None:
    many = OpenDays(7, {dt.date(2020, 1, 1) + dt.timedelta(number): Attempts(2, int(NOW)) for number in range(MOST_OPEN + 9)}).bounded()
    assert OpenDays.from_json(many.to_json()) == many
    assert len(many.days) == MOST_OPEN
    assert min(many.days) == dt.date(2020, 1, 10)
    assert len(many.to_json()) < 20_000


def test_thousands_of_contracts_are_named_by_their_underlying() -> None:
    few = [InstrumentId.parse(f"DERIBIT:OPTION:BTC-USD-{strike}-241227-CALL") for strike in range(1000, 1000 + MOST_NAMED)]
    assert named(few) == sorted(map(str, few))
    more = [*few, InstrumentId.parse("DERIBIT:OPTION:ETH-USD-2000-241227-PUT")]
    assert named(more) == ["DERIBIT:OPTION:BTC-*", "DERIBIT:OPTION:ETH-*"]
    spot = [InstrumentId.parse(f"BINANCE:SPOT_PAIR:A{number}-USDT") for number in range(MOST_NAMED + 1)]
    assert named([*more, *spot]) == ["BINANCE:SPOT_PAIR:*", "DERIBIT:OPTION:*"]
