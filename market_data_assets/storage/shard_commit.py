"""Shards of a run: written with what the stored day keeps in them, and again when that has changed meanwhile."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import ConcurrentCommit, CorruptPartition, SchemaDrift
from market_data_assets.storage.commit import Committed, Run
from market_data_assets.storage.layout import file_name
from market_data_assets.storage.manifest import DayContent, FileEntry
from market_data_assets.storage.merging import StaleShard, instruments_of
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.shard_parts import ShardPart, write_part
from market_data_assets.storage.shard_write import write_shard
from market_data_assets.storage.stored_frames import Replaced, StoredFrame

T = TypeVar("T")
_ATTEMPTS = 20


def commit_on_stored(
    partition: Partition, build: Callable[[DayContent | None], Run], commit: Callable[[Partition, Run], Committed]
) -> Committed:
    """Commit the run that ``build`` makes for the day as it is stored; build it again when its shards are out of date.

    A manifest that cannot be read counts as none: whether it may be replaced is for ``commit`` to say.

    Raises:
        ConcurrentCommit: other writers changed the shards during each of the attempts.
        MarketDataError: whatever ``build`` and ``commit`` raise.
    """
    for _ in range(_ATTEMPTS):
        try:
            return commit(partition, build(_stored(partition)))
        except StaleShard as stale:
            refusal = stale
    raise ConcurrentCommit(partition.prefix) from refusal


def _stored(partition: Partition) -> DayContent | None:
    try:
        manifest = partition.current().manifest
    except CorruptPartition:
        return None
    return None if manifest is None else manifest.content


@dataclass(frozen=True)
class ShardedRun:
    """A run over a day that has shards.

    Attributes:
        run: What it found, without the files of the shards.
        parts: The rows of each instrument of a shard, in order.
        partial: Whether instruments that the run says nothing about are kept; else only those that it names, and those that failed.
        folder: For scratch files.
        workers: Shards written at a time.
    """

    dataset: Dataset
    day: dt.date
    partition: Partition
    run: Run
    parts: Sequence[ShardPart]
    partial: bool
    folder: Path
    workers: int

    def on(self, stored: DayContent | None) -> Run:
        """The run with its shards, for a day that holds ``stored``.

        Raises:
            StaleShard: the stored shards were replaced while they were copied.
            CorruptPartition, SchemaDrift: what the run keeps of a shard cannot be read.
        """
        kept = self._kept(stored) if stored is not None else {}
        before = _by_file(entry for entry in stored.files if entry.part is not None) if stored is not None else {}
        new: Mapping[str, list[ShardPart]] = _grouped((file_name(self.dataset, part.instrument), part) for part in self.parts)
        shards = [
            (number, name, new.get(name, []), kept.get(name, []))
            for number, name in enumerate(sorted(new.keys() | before.keys()))
            # What nothing is added to and nothing taken from stays as it is.
            if name in new or 0 < len(kept.get(name, [])) < len(before[name])
        ]
        written = for_each(lambda shard: self._write(*shard), shards, self.workers)
        entries = [entry for each, _ in written for entry in each]
        data = {each[0].sha256: path for each, path in written if each}
        copied = {entry.instrument_id: entry.rows_sha256 for *_, of_shard in shards for entry in of_shard if entry.instrument_id}
        content = replace(self.run.content, files=(*self.run.content.files, *entries), copied=copied)
        return replace(self.run, content=content, data={**self.run.data, **data})

    def _kept(self, stored: DayContent) -> Mapping[str, list[FileEntry]]:
        """Of each stored shard, the instruments that the run leaves as they are."""
        staying = {entry.instrument_id for entry in self.run.content.failed} | self.run.content.kept.keys()
        again = instruments_of(self.run.content) | {str(part.instrument) for part in self.parts}
        entries = (entry for entry in stored.files if entry.part is not None)
        return _by_file(entry for entry in entries if entry.instrument_id in staying or (self.partial and entry.instrument_id not in again))

    def _write(self, number: int, name: str, new: Sequence[ShardPart], kept: Sequence[FileEntry]) -> tuple[Sequence[FileEntry], Path]:
        folder = self.folder / f"shard-{number}"
        folder.mkdir(exist_ok=True)
        copies = [copy for entry in kept if (copy := self._copy(folder, entry)) is not None]
        path = folder / name
        parts = [*new, *copies]
        if not parts:
            return [], path
        return write_shard(path, self.dataset, self.day, name, parts), path

    def _copy(self, folder: Path, entry: FileEntry) -> ShardPart | None:
        instrument = InstrumentId.parse(entry.instrument_id or "")
        frame = StoredFrame(self.partition, self.dataset, entry)
        try:
            part = write_part(folder / f"{instrument}.arrow", self.dataset, self.day, instrument, frame)
        except Replaced as error:
            raise StaleShard(str(error)) from error
        except (CorruptPartition, SchemaDrift):
            if self.partial or entry.instrument_id in self.run.content.kept:
                raise
            # Of a whole day it is one that failed, which the manifest says: its lost rows must not hold up all others.
            return None
        return replace(part, source_version=entry.source_version)


def _by_file(entries: Iterable[FileEntry]) -> Mapping[str, list[FileEntry]]:
    return _grouped((entry.name, entry) for entry in entries)


def _grouped(pairs: Iterable[tuple[str, T]]) -> Mapping[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for name, item in pairs:
        found[name].append(item)
    return found
