"""Whether the processed tables of a day would be others if they were made now, from the ticks that are stored.

Asked again and again while days arrive, so it tells apart what :mod:`market_data_assets.upkeep.stale` puts together: a neighbouring
day that is new or changed matters only where rows of the exchange day are among what changed.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence

from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import RAW, TRADES
from market_data_assets.errors import CorruptPartition, UnsupportedFormat
from market_data_assets.storage.exchange_day import touches
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.manifest import DayContent, FileEntry
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.revisions import kept_manifests, read_kept
from market_data_assets.storage.stores.base import Store
from market_data_assets.upkeep.lineage import DatasetDay, feeds_of, neighbours_of
from market_data_assets.upkeep.stale import Cause, Judge
from market_data_assets.upkeep.stored_days import StoredDays

_KEPT_READ = 5
"""Former versions that are looked at, newest first, to learn what a neighbouring day held when it was an input."""
_LAST_CANDLES, _LAST_SNAPSHOTS = list(CANDLES.values())[-1], list(BOOK_SNAPSHOTS.values())[-1]
_MADE_FROM = {_LAST_CANDLES: (TRADES,), _LAST_SNAPSHOTS: feeds_of(_LAST_SNAPSHOTS)}
"""The tables that are judged, and the feeds of which at least one must hold the day.

A run commits the timeframes of a tier in their order, so the last one says whether all are there; a manifest of 2,000 instruments
takes 60 ms to read, which is too much for all of them.
"""


class TickDays:
    """The days of one lake, each manifest read at most once. To be made anew whenever the lake may have changed."""

    def __init__(self, store: Store) -> None:
        self._store, self._stored = store, StoredDays(store)
        self._judge = Judge(self._stored, follows=lambda _: False)

    def identity(self, day: dt.date) -> str:
        """Of the ticks that a day would be made from: it changes with any of them, and with nothing else."""
        found = {f"{feed}/{each}": self._hash_of((feed, each)) for feed in RAW for each in neighbours_of(day)}
        stored = sorted((name, digest) for name, digest in found.items() if digest)
        return hashlib.sha256(repr(stored).encode()).hexdigest()[:16]

    def is_behind(self, day: dt.date) -> bool:
        """Whether a processed table lacks the day although its ticks are there, or was made from other ticks.

        Raises:
            StorageFailed, Retryable: the store refused or stayed silent.
        """
        self._read_around(day)
        made_from_stored = [table for table, feeds in _MADE_FROM.items() if any(self._stored.holds((feed, day)) for feed in feeds)]
        return any(not self._stored.holds((table, day)) or self._is_of_other_ticks(table, day) for table in made_from_stored)

    def has_late_rows(self, day: dt.date) -> bool:
        """Whether a processed table holds the day, and could be final by now, or lacks rows that the days around it brought.

        Raises:
            StorageFailed, Retryable: the store refused or stayed silent.
        """
        self._read_around(day)
        return any(self._lacks_late_rows(table, day) for table in _MADE_FROM)

    def _is_of_other_ticks(self, table: Dataset, day: dt.date) -> bool:
        before = self._inputs((table, day))
        own = [(feed, day) for feed in feeds_of(table)]
        return any(self._hash_of(key) != before.get(key, "") for key in own) or self._lacks_late_rows(table, day)

    def _lacks_late_rows(self, table: Dataset, day: dt.date) -> bool:
        if any(reason.cause is Cause.PROVISIONAL for reason in self._judge.reasons((table, day))):
            return True
        return any(self._brought_rows(feed, each, day, before) for feed, each, before in self._changed_neighbours(table, day))

    def _read_around(self, day: dt.date) -> None:
        feeds = [(feed, each) for feed in RAW for each in neighbours_of(day)]
        self._stored.read_ahead([*feeds, *((table, day) for table in _MADE_FROM)])

    def _hash_of(self, key: DatasetDay) -> str:
        found = self._stored.get(key)
        return "" if found is None else found.content_hash

    def _changed_neighbours(self, table: Dataset, day: dt.date) -> Iterator[tuple[Dataset, dt.date, str]]:
        """Raw days beside ``day`` that are not as they were when the table was made; with what they were then, empty if not there."""
        inputs = self._inputs((table, day))
        for feed in feeds_of(table):
            for each in neighbours_of(day):
                now, before = self._hash_of((feed, each)), inputs.get((feed, each), "")
                # Of a feed that lacks the day itself, the days around it are not read.
                if each != day and (feed, day) in inputs and now and now != before:
                    yield feed, each, before

    def _inputs(self, key: DatasetDay) -> Mapping[DatasetDay, str]:
        found = self._stored.get(key)
        return {} if found is None else found.inputs

    def _brought_rows(self, feed: Dataset, source: dt.date, day: dt.date, before: str) -> bool:
        """Whether files of the raw day ``source`` that hold rows of ``day`` have come, changed or gone since ``before``."""
        partition = Partition(self._store, partition_prefix(feed, source))
        try:
            manifest = partition.current().manifest
            former = _former_content(partition, before) if before else DayContent(())
        except (CorruptPartition, UnsupportedFormat):
            return False  # it could not be read to make the day again, either
        if manifest is None or former is None:
            return manifest is not None
        return any(touches(entry, day) for entry in _differing(former, manifest.content))


def _former_content(partition: Partition, content_hash: str) -> DayContent | None:
    """What the partition held when it had that hash; None where it is none of the latest versions."""
    for kept in list(reversed(kept_manifests(partition)))[:_KEPT_READ]:
        content = read_kept(partition, kept).content
        if content.content_hash == content_hash:
            return content
    return None


def _differing(former: DayContent, current: DayContent) -> Sequence[FileEntry]:
    """The entries, of either, of instruments that have other rows in the one than in the other."""
    names = {entry.instrument_id for content in (former, current) for entry in content.files}
    pairs = [(former.file_of(name), current.file_of(name)) for name in names]
    return [entry for pair in pairs if _rows_of(pair[0]) != _rows_of(pair[1]) for entry in pair if entry is not None]


def _rows_of(entry: FileEntry | None) -> str | None:
    return None if entry is None else entry.rows_sha256
