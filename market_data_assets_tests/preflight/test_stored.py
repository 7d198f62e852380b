"""How partitions stand, and that a plan makes the days which are said to be out of date, for every cause."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.domain.datasets import DailyFrames, Dataset, Finality, TableFrame
from market_data_assets.domain.schemas import LIQUIDATIONS, RAW, TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import PartitionIncomplete, Retryable
from market_data_assets.preflight.backfill import plan_backfill
from market_data_assets.preflight.stored import State
from market_data_assets.preflight.work import LAKE
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import MANIFEST, partition_prefix
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets.upkeep.lineage import sources_of
from market_data_assets.upkeep.scope import Scope
from market_data_assets.upkeep.stale import Cause, find_stale
from market_data_assets_tests.client.lakes import write_instruments
from market_data_assets_tests.preflight.counting import deployed_on
from market_data_assets_tests.preflight.test_downloads import SilentVendor
from market_data_assets_tests.storage.by_hand import put_by_hand, remove_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, START, frame, frames
from market_data_assets_tests.upkeep.conftest import filled
from market_data_assets_tests.upkeep.lakes import inputs_of

DAYS = FIRST, MIDDLE, LAST = [DAY + dt.timedelta(days=number) for number in range(3)]
BEFORE, LONG_BEFORE = FIRST - dt.timedelta(days=1), FIRST - dt.timedelta(days=40)
BOOKS = next(iter(BOOK_SNAPSHOTS.values()))
DAILY = CANDLES[Timeframe.parse("24h")]


def without_rows(lake: Lake, dataset: Dataset, day: dt.date, finality: Finality = Finality.FINAL) -> None:
    """A day on which nothing is of the only instrument, made from what is stored."""
    inputs = inputs_of(lake, [each for each in sources_of(dataset, day) if each[1] >= BEFORE])
    lake.write_day(dataset, DailyFrames(day, {}, {BTC: "not_listed"}, finality=finality, inputs=inputs))


def trades_of(lake: Lake, day: dt.date, rows: int = 1) -> None:
    lake.write_day(TRADES, frames({BTC: frame([START + number for number in range(rows)])}, day))


@pytest.fixture(scope="module")
def objects() -> Mapping[str, bytes]:
    """Three whole days without any trade but one of each day's ticks, and liquidations of the day before them."""
    lake = Lake(MemoryStore(), workers=1)
    without_rows(lake, LIQUIDATIONS, BEFORE)
    for day in DAYS:
        write_instruments(lake, day, {str(BTC): "binance-futures"})
        trades_of(lake, day)
        for dataset in RAW:
            if dataset is not TRADES:
                without_rows(lake, dataset, day)
    for day in DAYS:
        inputs = inputs_of(lake, [each for each in sources_of(MISSING_REPORT, day) if each[1] >= BEFORE])
        lake.write_table(MISSING_REPORT, day, TableFrame(MISSING_REPORT.schema.empty_table()), inputs=inputs)
        for dataset in LAKE[LAKE.index(MISSING_REPORT) + 1 :]:
            without_rows(lake, dataset, day)
    return {each.name: bytes(lake.store.get(each.name).data) for each in lake.store.list("")}


@pytest.fixture
def lake(objects: Mapping[str, bytes]) -> Lake:
    return filled(MemoryStore(), objects)


def rewrite(lake: Lake, dataset: Dataset, day: dt.date, **changes: str) -> None:
    name = partition_prefix(dataset, day) + MANIFEST
    put_by_hand(lake, name, json.dumps(json.loads(bytes(lake.store.get(name).data)) | changes).encode())


def fail(lake: Lake, dataset: Dataset, day: dt.date) -> None:
    with suppress(PartitionIncomplete):
        lake.write_day(dataset, frames({BTC: Retryable("reset")}, day))


def remove(lake: Lake, dataset: Dataset, day: dt.date) -> None:
    remove_by_hand(lake, partition_prefix(dataset, day) + MANIFEST)


@pytest.mark.parametrize(
    ("plant", "cause", "days"),
    [
        (lambda lake: None, None, []),
        (lambda lake: rewrite(lake, TRADES, LAST, code_version="older"), Cause.CODE_CHANGED, [MIDDLE, LAST]),
        (lambda lake: trades_of(lake, LAST, 2), Cause.INPUT_CHANGED, [MIDDLE, LAST]),
        (lambda lake: without_rows(lake, DAILY, MIDDLE, Finality.PROVISIONAL), Cause.INPUT_CHANGED, [MIDDLE, LAST]),
        (lambda lake: remove(lake, LIQUIDATIONS, BEFORE), Cause.INPUT_GONE, DAYS),
        (lambda lake: trades_of(lake, BEFORE), Cause.INPUT_APPEARED, DAYS),
        (lambda lake: without_rows(lake, DAILY, LONG_BEFORE), Cause.INPUT_APPEARED, DAYS),
        (lambda lake: without_rows(lake, BOOKS, FIRST, Finality.PROVISIONAL), Cause.PROVISIONAL, [FIRST]),
        (lambda lake: without_rows(lake, BOOKS, LAST, Finality.PROVISIONAL), None, []),
        (lambda lake: fail(lake, BOOKS, FIRST), Cause.FAILED, [FIRST]),
    ],
)
def test_a_plan_makes_the_days_that_are_out_of_date(
    lake: Lake, tmp_path: Path, plant: Callable[[Lake], None], cause: Cause | None, days: list[dt.date]
) -> None:
    plant(lake)
    stale = find_stale(lake, None, Scope()).days
    assert (cause is None) or cause in {reason.cause for each in stale for reason in each.reasons}
    assert sorted({each.day for each in stale}) == days
    assert plan_backfill(deployed_on(lake.store, tmp_path, SilentVendor()), DAYS, Universe()).to_make == days


def test_what_is_downstream_of_a_day_outside_the_range_waits_for_that_day(lake: Lake, tmp_path: Path) -> None:
    trades_of(lake, FIRST, 2)  # candles of the middle day are made from it, features of the last day from those
    assert plan_backfill(deployed_on(lake.store, tmp_path, SilentVendor()), [LAST], Universe()).to_make == []
    assert plan_backfill(deployed_on(lake.store, tmp_path, SilentVendor()), [MIDDLE, LAST], Universe()).to_make == [MIDDLE, LAST]


@pytest.mark.parametrize(
    ("plant", "state"),
    [
        (lambda lake: None, State.COMPLETE),
        (lambda lake: remove(lake, DAILY, FIRST), State.MISSING),
        (lambda lake: rewrite(lake, DAILY, FIRST, format="unknown"), State.INCOMPLETE),
        (lambda lake: fail(lake, DAILY, FIRST), State.INCOMPLETE),
        (lambda lake: lake.write_day(DAILY, DailyFrames(FIRST, {})), State.INCOMPLETE),
        (lambda lake: remove(lake, LIQUIDATIONS, BEFORE), State.STALE),
        (lambda lake: without_rows(lake, DAILY, FIRST, Finality.PROVISIONAL), State.PROVISIONAL),
    ],
)
def test_a_partition_is_in_one_state(lake: Lake, tmp_path: Path, plant: Callable[[Lake], None], state: State) -> None:
    plant(lake)
    tables = plan_backfill(deployed_on(lake.store, tmp_path, SilentVendor()), [FIRST], Universe()).tables
    assert [table.states for table in tables if (table.tier, table.name) == DAILY.key] == [{state: 1}]


def test_a_run_fetches_and_writes_what_is_not_complete_and_what_follows_from_it(lake: Lake, tmp_path: Path) -> None:
    fail(lake, LIQUIDATIONS, FIRST)
    plan = plan_backfill(deployed_on(lake.store, tmp_path, SilentVendor()), [FIRST], Universe())
    written = {table.name: table.to_make for table in plan.tables if table.tier != "market_data_analytics"}
    assert not any(written[name] for name in ("instruments", *(dataset.name for dataset in RAW if dataset is not LIQUIDATIONS)))
    assert all(written[name] for name in (LIQUIDATIONS.name, MISSING_REPORT.name, DAILY.name, "features_24h"))
