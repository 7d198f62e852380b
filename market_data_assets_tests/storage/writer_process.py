"""What the process tests run in processes of their own."""

import random
from pathlib import Path

from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import ConcurrentCommit
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets_tests.storage.days import BTC, START, frame, frames
from market_data_assets_tests.storage.protocol import REAL, Day


def day_of_seed(seed: int) -> Day:
    """A day of 4 to 6 files that tells which seed wrote it."""
    return {
        f"SYM{number}": (b"%d/%d " % (seed, number)) * random.Random(seed * 99 + number).randint(1, 4_000) for number in range(4 + seed % 3)
    }


def seed_of(day: Day) -> int:
    return int(next(iter(day.values())).split(b"/")[0])


def write_seed(root: Path, seed: int) -> None:
    """Write the whole day of a seed; losing a race is no failure."""
    try:
        REAL.write(LocalStore(root), day_of_seed(seed), f"t{seed}-")
    except ConcurrentCommit:
        return


def merge_seed(root: Path, seed: int) -> None:
    """Merge one file of its own into the day."""
    REAL.write(LocalStore(root), {f"OWN{seed}": b"%d" % seed}, f"m{seed}-", partial=True)


def write_trades(root: Path, rows: int) -> None:
    """Write a day of trades through the lake; losing a race is no failure."""
    try:
        Lake(LocalStore(root), workers=1).write_day(TRADES, frames({BTC: frame(list(range(START, START + rows)))}))
    except ConcurrentCommit:
        return
