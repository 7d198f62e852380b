"""The lake: days of datasets committed to one store, and read back. Everything above storage starts here."""

import datetime as dt
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from market_data_assets.domain.datasets import DailyFrames, Dataset, Finality, Frame
from market_data_assets.errors import PartitionIncomplete, PartitionMissing
from market_data_assets.storage.building import Outcome, build_day, build_table, content_of, failed_entries, failures_of
from market_data_assets.storage.commit import Run, commit_part_of_day, commit_whole_day
from market_data_assets.storage.day_commit import Commit
from market_data_assets.storage.known_at import LakeKnownAt
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.layout import shard_of
from market_data_assets.storage.manifest import AbsentEntry
from market_data_assets.storage.publish import Publication, publish
from market_data_assets.storage.quarantine import keep_delivered
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.revisions import Revision, revisions_of
from market_data_assets.storage.shard_commit import ShardedRun, commit_on_stored
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.sweep import Swept, sweep
from market_data_assets.storage.views import Tables, write_view

_INSTANTS_KEPT = 8


class Lake(LakeReader):
    """Datasets by day in one store, to be written and read.

    Args:
        scratch: Folder for files that are being built; the system's temporary folder by default.
        workers: Instruments evaluated at a time when a day is written; the number of cores by default.
        clock: The time of a commit, µs UTC; this machine's by default.
        cache: As of :class:`LakeReader`.
    """

    def __init__(
        self,
        store: Store,
        *,
        scratch: Path | None = None,
        workers: int | None = None,
        clock: Callable[[], int] | None = None,
        cache: RangeCache | None = None,
    ) -> None:
        super().__init__(store, cache)
        self._scratch = scratch
        self._clock = clock or _microseconds
        # A back-test asks for one instant again and again: the manifests of its time are then parsed once.
        self._known_at = lru_cache(_INSTANTS_KEPT)(lambda instant: LakeKnownAt(store, instant, cache))
        self._workers = workers or os.cpu_count() or 1

    def write_day(
        self, dataset: Dataset, frames: DailyFrames, *, partial: bool = False, run_id: str = "", code_version: str = ""
    ) -> Commit:
        """Evaluate, encode and commit a day.

        Args:
            partial: The frames are only some of the day's instruments: the stored entries of the others are kept.
            run_id, code_version: Noted in the manifest.

        Raises:
            PartitionIncomplete: some instruments failed; the others are committed, what was stored of the failed ones stays.
            AuthError, StorageFailed, or an unexpected exception: at once, with nothing committed.
            ConcurrentCommit: another writer committed the day meanwhile, or rows that should stay are not stored.
            CorruptPartition: a partial run cannot keep the others, because the stored manifest, or a shard that it has to
                write again, cannot be read.
            SchemaDrift: a partial run would mix its rows with those of a shard that is older than one of the columns.
            UnsupportedFormat: a newer version of this package wrote the day.
        """
        with tempfile.TemporaryDirectory(prefix="lake-", dir=self._scratch) as folder:
            outcomes = build_day(dataset, frames, Path(folder), self._workers)
            failures = failures_of(outcomes)
            known = [Outcome(absent=AbsentEntry(str(each), reason)) for each, reason in frames.absent.items() if each not in outcomes]
            content = content_of(dataset, [*outcomes.values(), *known], frames.finality, frames.inputs)
            refused, delivered = keep_delivered({str(each): found.delivered for each, found in outcomes.items() if found.delivered})
            kept = {} if partial else {str(each): rows for each, rows in frames.kept.items()}
            content = replace(content, quarantine_files=(*content.quarantine_files, *refused), failed=failed_entries(failures), kept=kept)
            run = Run(content, {**_data(outcomes.values()), **delivered}, self._clock, run_id, code_version)
            parts = [outcome.part for outcome in outcomes.values() if outcome.part is not None]
            partition = self._partition(dataset, frames.day)
            commit = commit_part_of_day if partial else commit_whole_day
            if any(shard_of(dataset, instrument) is not None for instrument in (*outcomes, *frames.absent, *frames.kept)):
                sharded = ShardedRun(dataset, frames.day, partition, run, parts, partial, Path(folder), self._workers)
                committed = commit_on_stored(partition, sharded.on, commit)
            else:
                committed = commit(partition, run)
        if failures:
            raise PartitionIncomplete(str(dataset), frames.day, {str(each): error for each, error in failures.items()})
        return Commit(committed.status, committed.manifest)

    def write_table(
        self,
        dataset: Dataset,
        day: dt.date,
        frame: Frame,
        *,
        finality: Finality = Finality.FINAL,
        inputs: Mapping[str, str] | None = None,
        run_id: str = "",
        code_version: str = "",
    ) -> Commit:
        """Encode and commit the one table of a day, for a dataset of one file per day.

        Raises:
            MarketDataError: whatever the frame raises, with nothing committed.
            ConcurrentCommit, UnsupportedFormat, StorageFailed: as :meth:`write_day`.
        """
        with tempfile.TemporaryDirectory(prefix="lake-", dir=self._scratch) as folder:
            outcome = build_table(dataset, day, frame, Path(folder))
            content = content_of(dataset, [outcome], finality, inputs or {})
            committed = commit_whole_day(self._partition(dataset, day), Run(content, outcome.data, self._clock, run_id, code_version))
        return Commit(committed.status, committed.manifest)

    def as_known_at(self, instant: int) -> LakeKnownAt:
        """This lake, read as a reader at ``instant`` (µs UTC) would have found it."""
        return self._known_at(instant)

    def revisions(self, dataset: Dataset, day: dt.date) -> Sequence[Revision]:
        """Every version of a day that can be read, ascending; the current one last. None where nothing was ever committed.

        Raises:
            CorruptPartition, UnsupportedFormat: a manifest cannot be read.
        """
        return revisions_of(self._partition(dataset, day))

    def write_view(self, prefix: str, files: Mapping[str, Tables], inputs: Mapping[str, str], *, run_id: str = "") -> Commit:
        """Build and commit one value's month of a view; see :mod:`market_data_assets.storage.views`."""
        return write_view(self._store, prefix, files, inputs, clock=self._clock, run_id=run_id)

    def recover(self, dataset: Dataset, day: dt.date) -> Publication:
        """Finish what a killed writer left of a committed day, and check every file of it.

        Returns:
            ``damaged`` lists the files that are gone or changed; materializing the day again heals them.

        Raises:
            PartitionMissing, CorruptPartition, UnsupportedFormat: as :meth:`manifest`.
        """
        partition = self._partition(dataset, day)
        current = partition.current()
        if current.manifest is None:
            raise PartitionMissing(str(dataset), day)
        return publish(partition, current.manifest, current.generation)

    def sweep(self, now: dt.datetime) -> Swept:
        """Delete staged files older than 48 hours at ``now`` (aware) that no manifest names."""
        return sweep(self._store, now)


def _microseconds() -> int:
    return time.time_ns() // 1_000


def _data(outcomes: Iterable[Outcome]) -> Mapping[str, Path]:
    return {digest: path for outcome in outcomes for digest, path in outcome.data.items()}
