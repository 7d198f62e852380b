"""Row 3: the same day is written twice at once, or by a backfill and a schedule together. It is one of the results, or both merged.

Every interleaving is explored in ``storage/test_commit_protocol.py``.
"""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import ConcurrentCommit
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets_tests.emulators.bigquery import PROJECT
from market_data_assets_tests.reliability.backfills import backfill, check_backfilled, opened
from market_data_assets_tests.reliability.laws import check_at_rest, check_swept
from market_data_assets_tests.reliability.places import Place
from market_data_assets_tests.reliability.writers import joined, local_url, merge_own_file, rows_of, started
from market_data_assets_tests.storage.days import DAY
from market_data_assets_tests.storage.protocol import REAL
from market_data_assets_tests.storage.scenarios import NEW, OLD, OTHER

DAYS = [DAY + dt.timedelta(days=number) for number in range(3)]


@pytest.fixture(params=["local", "gcs"])
def world(request: pytest.FixtureRequest, tmp_path: Path):
    """A lake that several processes can open, and the warehouse that goes with it."""
    if request.param == "local":
        return local_url(tmp_path / "lake"), {"kind": "embedded", "root": tmp_path / "warehouse"}
    bucket, server = request.getfixturevalue("exact_bucket"), request.getfixturevalue("bigquery_server")
    dataset = request.getfixturevalue("bigquery_dataset")
    options = {"project": PROJECT, "dataset": dataset, "endpoint": server.url, "storage_endpoint": server.storage}
    return bucket, {"kind": "bigquery", "root": tmp_path, **options}


def test_row_3_two_writers_at_once_leave_one_of_the_two(place: Place):
    for _ in range(3):
        store, barrier = place.new(), threading.Barrier(2)
        REAL.write(store, OLD, "start")

        def write(day, store=store, barrier=barrier):
            barrier.wait()
            try:
                return REAL.write(store, day, f"{len(day)}")
            except ConcurrentCommit:
                return "lost"

        with ThreadPoolExecutor(2) as pool:
            outcomes = dict(zip(("new", "other"), pool.map(write, [NEW, OTHER]), strict=True))
        assert set(outcomes.values()) <= {"committed", "lost"}
        assert "committed" in outcomes.values()
        winners = [day for name, day in (("new", NEW), ("other", OTHER)) if outcomes[name] == "committed"]
        check_at_rest(store, winners)


def test_row_3_processes_that_merge_into_one_day_lose_nothing(processes, world):
    url, _ = world
    writers = [started(processes, merge_own_file, url, number) for number in range(6)]
    assert set(joined(writers)) == {0}
    check_at_rest(open_store(url), [{f"OWN{number}": b"%d" % number for number in range(6)}])


def test_row_3_two_backfills_of_the_same_days_at_once_leave_days_of_one_of_them_in_lake_and_warehouse(processes, world, tmp_path):
    url, options = world
    warehouse = opened(options)
    warehouse.migrate()
    seeds = (3, 7)
    assert joined([started(processes, backfill, url, tmp_path, options, DAYS, seed) for seed in seeds]) == [0, 0]
    lake = Lake(open_store(url))
    for day in DAYS:
        check_backfilled(lake, warehouse, day, [rows_of(seed) for seed in seeds])
        assert lake.recover(TRADES, day).damaged == []
    check_swept(lake, DAYS)
