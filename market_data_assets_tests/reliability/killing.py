"""Days under writers that are killed with -9: one day is written again and again, and killed at a chosen change."""

import datetime as dt
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from market_data_assets.domain.schemas import TRADES
from market_data_assets.storage.commit import new_transaction
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import partition_prefix, staging_prefix
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.publish import is_published
from market_data_assets.storage.stores.base import Store
from market_data_assets_tests.reliability.writers import read_rows, rows_of, seed_of, started, write_seed

KILLED = -9
_MOST_CHANGES = 15
"""A little more than the changes of the longest write."""


class Stage(StrEnum):
    """How far a killed writer had come, told by what it left."""

    STAGING = "some of its files are staged"
    KEEPING = "all of its files are staged, and it has not committed"
    PUBLISHING = "it has committed, and some of its files are still staged"
    CLEANING = "its files are published, and the day is not marked as such"
    FINISHED = "it had nothing more to do"
    NOTHING = "it had not begun"


@dataclass
class WrittenDay:
    """One day, who writes it now, and where those who wrote it were killed.

    Attributes:
        scratch: For files that are being built; killed writers leave theirs behind.
        seconds: How long a change takes at most, about.
    """

    url: str
    store: Store
    scratch: Path
    day: dt.date
    source: random.Random
    seconds: float
    seed: int = 0
    killed: int = 0
    stages: Counter[Stage] = field(default_factory=Counter)
    codes: Counter[int | None] = field(default_factory=Counter)
    writers: Sequence[BaseProcess] = ()
    _staged: frozenset[str] = frozenset()

    def start(self, context: ForkServerContext) -> None:
        """One writer, or now and then two at once, each of which will be killed at some change."""
        self._staged = self._now_staged()
        self.writers = [
            started(context, write_seed, self.url, self.scratch, self.day, self._next_seed(), self._doom())
            for _ in range(self.source.choice([1, 1, 1, 2]))
        ]

    def _doom(self) -> tuple[int, float]:
        # Not at the very moment of a change, but somewhere on the way to the next.
        return self.source.randint(0, _MOST_CHANGES), self.source.uniform(0, self.seconds)

    def has_ended(self) -> bool:
        """Whether its writers have, of themselves or killed."""
        if any(writer.is_alive() for writer in self.writers):
            return False
        codes = [writer.exitcode for writer in self.writers]
        self.codes.update(codes)
        self.killed += codes.count(KILLED)
        if codes == [KILLED]:
            self.stages[self._stage()] += 1
        return True

    def heal(self) -> None:
        """Write what the last writer wrote once more, to the end."""
        write_seed(self.url, self.scratch, self.day, self.seed)
        assert read_rows(Lake(self.store), self.day) == rows_of(self.seed)

    def _next_seed(self) -> int:
        self.seed += 1
        return self.seed

    def _stage(self) -> Stage:
        partition = Partition(self.store, partition_prefix(TRADES, self.day))
        manifest, staged = partition.current().manifest, self._now_staged()
        if manifest is None or manifest.run_id != str(self.seed):
            new = len(staged - self._staged)
            return Stage.KEEPING if new == len(rows_of(self.seed)) else Stage.STAGING if new else Stage.NOTHING
        if any(entry.staged in staged for _, entry in manifest.objects()):
            return Stage.PUBLISHING
        return Stage.FINISHED if is_published(partition, manifest) else Stage.CLEANING

    def _now_staged(self) -> frozenset[str]:
        transactions = staging_prefix(partition_prefix(TRADES, self.day), new_transaction()).rsplit("/", 2)[0]
        return frozenset(listed.name for listed in self.store.list(f"{transactions}/"))


@contextmanager
def reader_of(store: Store, days: Sequence[dt.date]) -> Iterator[Counter[dt.date]]:
    """Reads the days all the while, and counts; fails in the end if a day was ever not that of one seed as a whole."""
    seen: Counter[dt.date] = Counter()
    wrong: list[object] = []
    ended = threading.Event()

    def read() -> None:
        lake = Lake(store)
        try:
            for number in range(1_000_000):
                day = days[number % len(days)]
                found = read_rows(lake, day)
                if found is not None:
                    seen[day] += 1
                    if found != rows_of(seed_of(found)):
                        wrong.append((day, found))
                if ended.wait(0.3):
                    return
        except Exception as error:  # whatever it is, the test that waits for this thread must fail
            wrong.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
    if wrong:
        raise AssertionError(f"a reader found {wrong}")
