"""Row 1: processes that write days through the lake are killed with -9, anywhere; readers see whole days, and re-runs heal."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Sequence
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets_tests.emulators.proxy_fixtures import GcsProxy
from market_data_assets_tests.reliability.killing import KILLED, Stage, WrittenDay, reader_of
from market_data_assets_tests.reliability.laws import check_swept
from market_data_assets_tests.reliability.writers import joined, local_url, read_rows, rows_of, seed_of
from market_data_assets_tests.storage.days import DAY, NEXT

DAYS = (DAY, NEXT)
MIDWAY = (Stage.STAGING, Stage.KEEPING, Stage.PUBLISHING, Stage.CLEANING)
_EACH_HEALED_AFTER = 25


def kill(context: ForkServerContext, days: Sequence[WrittenDay], kills: int, read: Counter[dt.date], *, reads: int, midway: int) -> None:
    """Kill writers of the days until there were so many, some at each stage midway, and a reader at work has read each day that often.

    In between one may finish now and then.
    """
    healed = dict.fromkeys(range(len(days)), 0)
    for each in days:
        each.start(context)
    while (
        sum(each.killed for each in days) < kills
        or min(sum(each.stages[stage] for each in days) for stage in MIDWAY) < midway
        or min(read[day] for day in DAYS) < reads
    ):
        wait([writer.sentinel for each in days for writer in each.writers if writer.is_alive()])
        for number, each in enumerate(days):
            if each.has_ended():
                if each.killed - healed[number] >= _EACH_HEALED_AFTER:
                    healed[number] = each.killed
                    each.heal()
                each.start(context)
    for each in days:
        joined(each.writers)
        assert each.has_ended()
        assert set(each.codes) <= {0, KILLED}
        each.heal()


def check_end(store: Store, days: Sequence[WrittenDay]) -> None:
    """Nothing is left but the last day and its former versions, each of which reads as one whole day."""
    lake = Lake(store)
    check_swept(lake, DAYS)
    for each in days:
        assert read_rows(lake, each.day) == rows_of(each.seed)
        versions = lake.revisions(TRADES, each.day)
        assert [version.version for version in versions] == list(range(1, len(versions) + 1))
        for version in random.Random(1).sample(versions, min(4, len(versions))):
            found = read_rows(lake.as_known_at(version.committed_at), each.day)
            assert found == rows_of(seed_of(found)) == rows_of(int(version.run_id))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [50, pytest.param(200, marks=pytest.mark.long)])
def test_row_1_days_survive_kills_of_their_writers_on_gcs(
    processes, exact_bucket: str, gcs_proxy: GcsProxy, tmp_path: Path, kills: int
) -> None:
    store = open_store(exact_bucket)
    days = [WrittenDay(exact_bucket, store, tmp_path, day, random.Random(number), 0.01) for number, day in enumerate(DAYS)]
    with reader_of(store, DAYS) as read:
        kill(processes, days, kills // 2, read, reads=5, midway=1)
        gcs_proxy.gcs.moves = False
        kill(processes, days, kills, read, reads=10, midway=2)
    check_end(store, days)


def test_row_1_days_survive_kills_of_their_writers_on_the_local_disk(processes, tmp_path: Path) -> None:
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    scratch.mkdir()
    store = LocalStore(root)
    days = [WrittenDay(local_url(root), store, scratch, day, random.Random(number), 0.001) for number, day in enumerate(DAYS)]
    with reader_of(store, DAYS) as read:
        kill(processes, days, 60, read, reads=5, midway=1)
    check_end(store, days)
    # The last writers were not killed, so they have removed what the killed ones left.
    assert list((root / ".tmp").iterdir()) == []
