"""The lake: days of datasets committed to one store, and read back. Everything above storage starts here."""

import datetime as dt
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from market_data_assets.domain.datasets import DailyFrames, Dataset, Finality, Frame
from market_data_assets.errors import PartitionIncomplete, PartitionMissing
from market_data_assets.storage.building import Outcome, build_day, build_table, content_of, failed_entries, failures_of
from market_data_assets.storage.commit import Run, commit_part_of_day, commit_whole_day
from market_data_assets.storage.day_commit import Commit
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.manifest import AbsentEntry
from market_data_assets.storage.publish import Publication, publish
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.sweep import Swept, sweep


class Lake(LakeReader):
    """Datasets by day in one store, to be written and read.

    Args:
        scratch: Folder for files that are being built; the system's temporary folder by default.
        workers: Instruments evaluated at a time when a day is written; the number of cores by default.
    """

    def __init__(self, store: Store, *, scratch: Path | None = None, workers: int | None = None) -> None:
        super().__init__(store)
        self._scratch = scratch
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
            ConcurrentCommit: another writer committed the day meanwhile.
            CorruptPartition: a partial run cannot keep the others, because the stored manifest cannot be read.
            UnsupportedFormat: a newer version of this package wrote the day.
        """
        with tempfile.TemporaryDirectory(prefix="lake-", dir=self._scratch) as folder:
            outcomes = build_day(dataset, frames, Path(folder), self._workers)
            failures = failures_of(outcomes)
            known = [Outcome(absent=AbsentEntry(str(each), reason)) for each, reason in frames.absent.items() if each not in outcomes]
            content = content_of(dataset, [*outcomes.values(), *known], frames.finality, frames.inputs)
            run = Run(replace(content, failed=failed_entries(failures)), _data(outcomes.values()), run_id, code_version)
            commit = commit_part_of_day if partial else commit_whole_day
            committed = commit(self._partition(dataset, frames.day), run)
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
            committed = commit_whole_day(self._partition(dataset, day), Run(content, outcome.data, run_id, code_version))
        return Commit(committed.status, committed.manifest)

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


def _data(outcomes: Iterable[Outcome]) -> Mapping[str, Path]:
    return {digest: path for outcome in outcomes for digest, path in outcome.data.items()}
