"""A file that the vendor has published again is fetched again, with what depends on it and nothing else."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.assembly.restated import Place, find_restated
from market_data_assets.defs.automation import Automation
from market_data_assets.defs.instance import open_instance
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.sensors.restated_files import restated_files
from market_data_assets.settings import Settings
from market_data_assets.sources.base import TellsVersions
from market_data_assets.sources.opening import open_source
from market_data_assets_tests.defs.runs import DAY, reader, settings_at
from market_data_assets_tests.defs.sensors.small_vendor import (
    BTC,
    ETH,
    NOW,
    digests,
    evaluate,
    execute,
    open_vendor,
    path_of,
    publish,
    settings_of,
)
from market_data_assets_tests.defs.sensors.ticking import add_run
from market_data_assets_tests.faults.http_server import Answer, FaultServer, serving

FILES = sorted(path_of(name, symbol) for name in ("trades", "book_snapshot_5") for symbol in ("BTCUSDT", "ETHUSDT"))
Ticked = tuple[list[dg.RunRequest], str, str]


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with serving() as faults:
        yield faults


@pytest.fixture(scope="module")
def stored_day(server: FaultServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("restated")
    settings = open_vendor(server, folder)
    with open_instance(folder / "home") as instance:
        assert execute(settings, instance, "daily").success
    return folder


@pytest.fixture
def folder(server: FaultServer, stored_day: Path, tmp_path: Path) -> Path:
    """The stored day, and the vendor as it was then."""
    shutil.copytree(stored_day, tmp_path, dirs_exist_ok=True)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        publish(server, symbol, 10, "first")
    server.heads.clear()
    return tmp_path


def tick(settings: Settings, instance: dg.DagsterInstance, cursor: str | None, now: float = NOW) -> Ticked:
    return evaluate(settings, instance, restated_files(Automation(True, settings.first_day), clock=lambda: now), cursor)


def test_restated_file_changes_its_instrument_in_every_tier_and_no_other(server: FaultServer, folder: Path) -> None:
    settings = settings_of(server, folder)
    before = digests(settings)
    with open_instance(folder / "home") as instance:
        requests, cursor, said = tick(settings, instance, None)
        assert (requests, said) == ([], "4 file(s) asked for, none is new")
        assert sorted(server.heads) == FILES
        publish(server, "ETHUSDT", 12, "second")
        (request,), cursor, _ = tick(settings, instance, cursor)
        assert request.run_config["resources"]["selection"]["config"] == {"instruments": [ETH], "refresh": True, "whole_day": True}
        assert request.partition_key == "2024-08-08"
        assert str(request.run_key).startswith("restated:2024-08-08:")
        requested = len(server.requests)
        assert execute(settings, instance, "repair", request=request).success
        fetched = [path for path in server.paths()[requested:] if path.endswith(".csv.gz")]
        assert sorted(fetched) == [path for path in FILES if "ETH" in path]
        requests, cursor, said = tick(settings, instance, cursor)
        assert (requests, said) == ([], "4 file(s) asked for, none is new")
    after = digests(settings)
    assert after.keys() == before.keys()
    changed = {place for place in before if after[place] != before[place]}
    assert changed == {(partition, instrument) for partition, instrument in before if instrument == ETH}
    assert len({partition.split("/")[0] for partition, _ in changed}) == 4
    trades = reader(settings).candles([BTC, ETH], "1m", DAY, "2024-08-09").groupby("instrument_id")["trade_count"].sum()
    assert (trades[BTC], trades[ETH]) == (10, 12)


def test_file_with_another_tag_and_the_same_rows_is_fetched_once(server: FaultServer, folder: Path) -> None:
    settings = settings_of(server, folder)
    with open_instance(folder / "home") as instance:
        publish(server, "BTCUSDT", 10, "again")
        (request,), cursor, _ = tick(settings, instance, None)
        assert execute(
            settings, instance, "repair", request=request, assets=["raw_tick_data/trades", "raw_tick_data/book_snapshot_5"]
        ).success
        for _ in range(2):
            requests, cursor, _ = tick(settings, instance, cursor)
            assert requests == []


def test_day_with_a_run_under_way_is_asked_for_when_it_is_over(server: FaultServer, folder: Path) -> None:
    settings = settings_of(server, folder)
    publish(server, "BTCUSDT", 9, "second")
    with open_instance(folder / "home") as instance:
        run = add_run(instance, DAY, dg.DagsterRunStatus.STARTED)
        requests, cursor, _ = tick(settings, instance, None)
        assert requests == []
        instance.delete_run(run)
        requests, _, _ = tick(settings, instance, cursor)
        assert len(requests) == 1


def test_days_longer_ago_than_a_month_are_left_alone(server: FaultServer, folder: Path) -> None:
    settings = settings_of(server, folder)
    publish(server, "BTCUSDT", 9, "second")
    with open_instance(folder / "home") as instance:
        requests, _, said = tick(settings, instance, None, NOW + 30 * 86_400)
    assert (requests, said) == ([], "0 file(s) asked for, none is new")
    assert server.heads == []


def test_vendor_that_refuses_is_not_asked_for_every_file(server: FaultServer, folder: Path) -> None:
    settings = settings_of(server, folder)
    for path in FILES:
        server.script(path, Answer(status=404))
    with open_instance(folder / "home") as instance:
        requests, _, said = tick(settings, instance, None)
    assert requests == []
    assert said.startswith("4 file(s) asked for, none is new; 4 could not be told: ")


def test_simulated_markets_have_nothing_to_restate(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        requests, _, said = tick(settings_at(tmp_path, first_day="2024-08-01"), instance, None)
    assert (requests, said) == ([], "the source simulated has no files that could be published again")


def test_walk_goes_round_the_days_a_few_files_at_a_time(server: FaultServer, folder: Path) -> None:
    settings = settings_of(server, folder)
    lake = LakeResource(root=settings.root_url, workers=1).open()
    source = open_source(
        "tardis",
        settings.universe,
        folder / "cache",
        tardis_datasets_url=server.url,
        tardis_api_url=server.url,
        tardis_api_key=None,
        binance_vision_url=server.url,
    )
    assert isinstance(source, TellsVersions)
    days = [DAY + dt.timedelta(1), DAY, DAY - dt.timedelta(1)]
    place, seen = None, []
    for most in (3, 3, 3):
        server.heads.clear()
        walk = find_restated(lake, source, days, place, most=most, seconds=60)
        seen.append((walk.asked, sorted(server.heads)))
        place = walk.place
    trades, books = ([path for path in FILES if name in path] for name in ("/trades/", "/book_snapshot_5/"))
    assert seen[0] == (3, sorted([*trades, books[0]]))
    assert place is not None
    assert seen[1] == (3, sorted([books[1], *trades]))
    # Time that is up at once still allows a few questions, so that every walk gets on.
    late = find_restated(lake, source, days, Place(DAY, "book_snapshot_5", 1), most=9, seconds=-1)
    assert (late.asked, late.place) == (1, Place(DAY, "book_snapshot_5", 2))
