"""The commit protocol as the tests drive it: the real code, or that code with one line changed."""

import datetime as dt
import hashlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from types import ModuleType
from unittest.mock import patch

from market_data_assets.errors import Retryable
from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.layout import MANIFEST, SUCCESS
from market_data_assets.storage.manifest import DayContent, FailedEntry, FileEntry, Manifest
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.stores.base import Store

PREFIX = "raw_tick_data/by_date/day-2024-08-08/data_type-trades/"
Day = Mapping[str, bytes]
_PACKAGE = "market_data_assets.storage"
_MODULES = ("publish", "revisions", "commit", "stored_frames", "known_at", "sweep")
LATER = dt.timedelta(hours=49)


@dataclass(frozen=True)
class Protocol:
    """Writing, recovering, sweeping and reading one partition of plain bytes."""

    modules: Mapping[str, ModuleType]

    def write(self, store: Store, day: Day, name: str, *, partial: bool = False, failed: Sequence[str] = ()) -> str:
        numbers = count(1)
        # A clock that stands still: each version then has its number as its time, whatever else has happened.
        run = self.modules["commit"].Run(content(day, failed), data_of(day), lambda: 1, transactions=lambda: f"{name}{next(numbers)}")
        commit = self.modules["commit"].commit_part_of_day if partial else self.modules["commit"].commit_whole_day
        return str(commit(partition(store), run).status)

    def recover(self, store: Store) -> Sequence[str]:
        current = partition(store).current()
        if current.manifest is None:
            return ()
        return self.modules["publish"].publish(partition(store), current.manifest, current.generation).damaged

    def sweep(self, store: Store) -> object:
        return self.modules["sweep"].sweep(store, dt.datetime.now(dt.UTC) + LATER, parallel=1)

    def read(self, store: Store) -> Day | None:
        for _ in range(60):
            manifest = partition(store).current().manifest
            if manifest is None:
                return None
            try:
                return self._day(partition(store), manifest)
            except self.modules["stored_frames"].Replaced:
                continue
        raise Retryable("the day kept changing while it was read")

    def read_known_at(self, store: Store, instant: int) -> Day | None:
        known = self.modules["known_at"].PartitionKnownAt(store, PREFIX, parallel=1, instant=instant)
        manifest = known.current().manifest
        return None if manifest is None else self._day(known, manifest)

    def _day(self, found: Partition, manifest: Manifest) -> Day:
        open_entry = self.modules["stored_frames"].open_entry
        return {entry.instrument_id: open_entry(found, entry).read() for entry in manifest.content.files}


REAL = Protocol({name: import_module(f"{_PACKAGE}.{name}") for name in _MODULES})


def mutant(module: str, old: str, new: str) -> Protocol:
    """The protocol with ``old`` replaced by ``new`` in one module."""
    loaded = {}
    with patch.dict(sys.modules):
        for name in _MODULES:
            source = inspect.getsource(REAL.modules[name])
            if name == module:
                assert source.count(old) == 1, f"the line to change stands {source.count(old)} times in {name}"
                source = source.replace(old, new)
            loaded[name] = sys.modules[f"{_PACKAGE}.{name}"] = ModuleType(f"{_PACKAGE}.{name}")
            exec(compile(source, f"mutant {name}", "exec"), vars(loaded[name]))
    return Protocol(loaded)


def partition(store: Store) -> Partition:
    return Partition(store, PREFIX, parallel=1)


def data_of(day: Day) -> Mapping[str, bytes]:
    return {hashlib.sha256(data).hexdigest(): data for data in day.values()}


def content(day: Day, failed: Sequence[str] = ()) -> DayContent:
    files = tuple(_entry(instrument, data) for instrument, data in sorted(day.items()))
    return DayContent(files, failed=tuple(FailedEntry(instrument, "Retryable: reset") for instrument in failed))


def names_of(day: Day) -> set[str]:
    """Every object of a partition at rest that holds exactly ``day``."""
    return {f"{PREFIX}{instrument}.parquet" for instrument in day} | {PREFIX + MANIFEST, PREFIX + SUCCESS}


def _entry(instrument: str, data: bytes) -> FileEntry:
    digest = hashlib.sha256(data).hexdigest()
    return FileEntry(f"{instrument}.parquet", instrument, 1, len(data), crc32c(data), digest, 1, len(data), None, None, "", "")
