"""What the tests with several processes run in processes of their own, and how they start and end them."""

import datetime as dt
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import google.cloud.storage
import pyarrow as pa

from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import ConcurrentCommit, PartitionMissing, Retryable
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.stores import open_store
from market_data_assets_tests.faults.stores import DoomedStore
from market_data_assets_tests.storage.days import frame, frames
from market_data_assets_tests.storage.protocol import REAL

# Arrow imports pandas when it is first given a Python list: half a second for each process that has to do so itself.
PRELOADED = [__name__, google.cloud.storage.__name__, "market_data_assets.storage.stores.gcs", "pandas", "pandas.api.types"]
_HOST = "STORAGE_EMULATOR_HOST"
_JOIN_SECONDS = 60
_READS = 60
Rows = Mapping[str, int]
"""The number of trades of each instrument."""


def forking() -> ForkServerContext:
    """Processes forked from one that has imported everything and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    joined([started(context, time.time)])
    return context


def started(context: ForkServerContext, target: Callable[..., object], *arguments: object) -> BaseProcess:
    """A process; it finds the emulator that this one finds."""
    process = context.Process(target=_run, args=(os.environ.get(_HOST, ""), target, arguments))
    process.start()
    return process


def joined(processes: Sequence[BaseProcess]) -> Sequence[int | None]:
    """How each of them ended; None for one that does not end."""
    for process in processes:
        process.join(_JOIN_SECONDS)
    return [process.exitcode for process in processes]


def _run(host: str, target: Callable[..., object], arguments: Sequence[object]) -> None:
    # The process that forks keeps the environment of its own start.
    if host:
        os.environ[_HOST] = host
    target(*arguments)


def rows_of(seed: int) -> Rows:
    """A day of 2 or 3 instruments that tells which seed wrote it: one instrument has as many rows as the seed."""
    others = {f"BINANCE:PERP:C{number}-USDT": 1 + seed * (number + 3) % 50 for number in range(1 + seed % 2)}
    return {"BINANCE:PERP:SEED-USDT": seed, **others}


def seed_of(rows: Rows) -> int:
    return rows["BINANCE:PERP:SEED-USDT"]


def write_rows(lake: Lake, day: dt.date, seed: int) -> None:
    start = day_start(day)
    found = {InstrumentId.parse(name): frame(range(start, start + count)) for name, count in rows_of(seed).items()}
    lake.write_day(TRADES, frames(found, day), run_id=str(seed))


def write_seed(url: str, scratch: Path, day: dt.date, seed: int, doom: tuple[int, float] | None = None) -> None:
    """Write the whole day of a seed; losing a race is no failure. ``doom`` is the change that kills it, and how soon after it began."""
    store = open_store(url) if doom is None else DoomedStore(open_store(url), *doom)
    try:
        write_rows(Lake(store, scratch=scratch, workers=1), day, seed)
    except ConcurrentCommit:
        return


def read_rows(lake: LakeReader, day: dt.date) -> Rows | None:
    """One whole version of a day as readers find it, every row of it; None before the first commit.

    A reader who is told to try again, since a newer commit replaced what was being read, does so.
    """
    for _ in range(_READS):
        try:
            found = lake.read_day(TRADES, day)
            return {str(instrument): _count(found[instrument].read(["timestamp"]), day) for instrument in found}
        except PartitionMissing:
            return None
        except Retryable as error:
            refused = error
    raise refused


def _count(table: pa.Table, day: dt.date) -> int:
    start = day_start(day)
    assert table["timestamp"].cast(pa.int64()).to_pylist() == list(range(start, start + table.num_rows))
    return table.num_rows


def merge_own_file(url: str, number: int) -> None:
    """Merge one file of its own into the day."""
    REAL.write(open_store(url), {f"OWN{number}": b"%d" % number}, f"m{number}-", partial=True)


def local_url(folder: Path) -> str:
    return f"file://{folder}"
