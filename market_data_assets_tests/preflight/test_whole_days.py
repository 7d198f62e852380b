"""Days that the real graph makes, against what the plan said of them before."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from market_data_assets.catalog import TABLES
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.preflight.as_json import plan_document
from market_data_assets.preflight.backfill import plan_backfill
from market_data_assets.preflight.plan import BackfillPlan
from market_data_assets.preflight.stored import State
from market_data_assets.preflight.universe import Origin, Vendor
from market_data_assets.preflight.verdict import remarks, verdict
from market_data_assets.preflight.work import LAKE
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.storage.manifest import distinct_files
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.defs.runs import DAY, errors
from market_data_assets_tests.preflight.counting import World

FUTURE, OPTIONS = "BINANCE:FUTURE:BTC-USDT-240927", "DERIBIT:OPTION:BTC-USD-42000-240816-*"
NEXT = DAY + dt.timedelta(days=1)
WEEK = [DAY + dt.timedelta(days=offset) for offset in range(-3, 4)]
BY_KEY = {dataset.key: dataset for dataset in LAKE}
READS_TOLERANCE = 0.25


class Made:
    """One day, planned on an empty lake, then run; then the day after it, planned with that one stored, then run."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder, f"{FUTURE},{OPTIONS}")
        self.before = self.plan([DAY])
        self.world.store.take()
        assert errors(self.world.make(DAY)) == []
        self.counted = self.world.store.take()
        self.week = self.plan(WEEK)
        self.next = self.plan([NEXT])

    def plan(self, days: list[dt.date], instruments: tuple[str, ...] = ()) -> BackfillPlan:
        return plan_backfill(self.world.deployed(), days, Universe((), instruments))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("planned"))


def test_an_empty_lake_is_planned_whole_and_tells_no_time(made: Made) -> None:
    plan = made.before
    assert plan.to_make == [DAY]
    assert plan.origins == {Origin.VENDOR: 1}
    assert [table.states for table in plan.tables] == [{State.MISSING: 1}] * 42
    assert plan.duration.seconds is None
    assert "time unknown (no day has been run here yet)" in verdict(plan)


def test_a_day_takes_exactly_the_writes_and_about_the_reads_that_its_plan_said(made: Made) -> None:
    writes, reads = made.counted
    assert made.before.operations.writes == writes
    assert made.before.operations.reads == pytest.approx(reads, rel=READS_TOLERANCE)


def test_files_are_those_that_the_run_wrote(made: Made) -> None:
    lake = made.world.deployed().lake
    for table in made.before.tables:
        if (dataset := BY_KEY.get((table.tier, table.name))) is not None:
            assert table.files == len(distinct_files(lake.manifest(dataset, DAY).content.files)), table.name


def test_a_stored_day_is_not_made_again_until_the_next_vendor_day_is_there(made: Made) -> None:
    plan = made.plan([DAY])
    assert plan.to_make == []
    assert verdict(plan) == "1 day, 0 to make: nothing to do"


def test_days_around_a_stored_one_are_sized_and_timed_by_it(made: Made) -> None:
    plan = made.week
    assert plan.to_make == [day for day in WEEK if day != DAY]
    raw = [table for table in plan.tables if table.tier == "raw_tick_data"]
    one = {table.name: table for table in made.next.tables}
    assert all(table.growth.bytes == 6 * one[table.name].growth.bytes for table in raw)
    assert plan.lake_growth.unsized == 0 < plan.lake_growth.bytes
    assert plan.pace is not None
    assert plan.pace.days == 1
    assert plan.duration.seconds == pytest.approx(6 * plan.pace.seconds_per_day)
    assert sum(plan.pace.tiers.values()) == pytest.approx(plan.pace.seconds_per_day)
    assert "at the rate of the one day run here" in verdict(plan)
    assert any("2024-08-05 to 2024-08-07, 2024-08-09 to 2024-08-11" in remark for remark in remarks(plan))


def test_a_day_that_only_lacks_its_loads_is_not_computed_again(made: Made, tmp_path: Path) -> None:
    unloaded = EmbeddedWarehouse(tmp_path, TABLES)
    unloaded.migrate()
    plan = plan_backfill(replace(made.world.deployed(), warehouse=unloaded), [DAY], Universe())
    assert plan.to_make == [DAY]
    assert plan.duration.seconds == 0
    assert {(table.tier, table.to_make, table.files) for table in plan.tables if table.to_make} == {("market_data_analytics", 1, 0)}


def test_a_selection_counts_its_instruments_only(made: Made) -> None:
    all_of_it, some = made.next, made.plan([NEXT], (FUTURE,))
    assert some.instruments == 1 < all_of_it.instruments
    assert 0 < some.lake_growth.bytes < all_of_it.lake_growth.bytes
    assert some.operations.writes < all_of_it.operations.writes


def test_a_day_made_for_fewer_instruments_than_are_wanted_now_is_incomplete(made: Made) -> None:
    deployed = made.world.deployed()
    more = Universe((), (FUTURE, "BINANCE:PERP:BTC-USD"))
    plan = plan_backfill(replace(deployed, vendor=Vendor(SimulatedSource(more), more)), [DAY], Universe())
    assert plan.to_make == [DAY]
    states = {(table.tier, table.name): table.states for table in plan.tables}
    assert states[TRADES.key] == states["processed_candles", "candles_1m"] == {State.INCOMPLETE: 1}
    assert states[INSTRUMENTS.key] == states["market_data_analytics", "candles_1m"] == {State.COMPLETE: 1}


def test_simulated_markets_deliver_no_files(made: Made) -> None:
    assert made.week.downloads.files == 0
    assert "no vendor files" in verdict(made.week)


def test_the_document_holds_the_numbers_of_the_table(made: Made) -> None:
    document = plan_document(made.week)
    assert document["lake"]["bytes"] == sum(table["bytes"] for table in document["tables"] if table["tier"] != "market_data_analytics")
    assert document["to_make"] == [str(day) for day in made.week.to_make]
    assert document["store_operations"]["writes"] == made.week.operations.writes
    assert document["verdict"] == verdict(made.week)
