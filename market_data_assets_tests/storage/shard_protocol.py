"""Shards under the commit protocol: the real merging, committing and rebuilding, over a shard of plain bytes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.commit import Committed, Run, commit_part_of_day, commit_whole_day
from market_data_assets.storage.manifest import AbsentEntry, DayContent, FailedEntry, FileEntry, Part
from market_data_assets.storage.merging import StaleShard
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.shard_commit import commit_on_stored
from market_data_assets.storage.stored_frames import Replaced, open_entry
from market_data_assets.storage.stores.base import Store
from market_data_assets_tests.storage.protocol import partition

NAME = "SHARD.parquet"
GONE, FAILED = b"gone", b"failed"
Rows = Mapping[str, bytes]
"""The rows of each contract of the shard; of a run also GONE for one that is absent and FAILED for one that failed."""


@dataclass(frozen=True)
class ShardRun:
    """What one writer finds."""

    found: Rows
    partial: bool = True

    def after(self, stored: Rows) -> Rows:
        """The rows of the day after this run."""
        kept = {name: rows for name, rows in stored.items() if self.found.get(name) == FAILED or (self.partial and name not in self.found)}
        return {**kept, **self.new}

    @property
    def new(self) -> Rows:
        return {name: rows for name, rows in self.found.items() if rows not in {GONE, FAILED}}


def write(store: Store, run: ShardRun, name: str) -> str:
    """Write as the lake does: build on the stored day, commit, build again where it has changed."""
    numbers = count(1)
    commit = commit_part_of_day if run.partial else commit_whole_day

    def known_commit(found: Partition, built: Run) -> Committed:
        # Named, so that the explorer tells a writer that built on one day from a writer that built on another.
        identity = (built.content.content_hash, tuple(sorted(built.content.copied.items())))
        return commit(found, built) if identity else None

    return str(
        commit_on_stored(partition(store), lambda stored: _build(store, run, stored, f"{name}{next(numbers)}-"), known_commit).status
    )


def read(store: Store) -> Rows | None:
    """The rows that readers find."""
    while (manifest := partition(store).current().manifest) is not None:
        try:
            return {entry.instrument_id: _rows(store, entry) for entry in manifest.content.files}
        except StaleShard:
            continue
    return None


def read_file(store: Store) -> Rows | None:
    """The rows that a tool finds which reads the file by its documented name, without the manifest; None before any commit."""
    if partition(store).current().manifest is None:
        return None
    name = partition(store).prefix + NAME
    return {} if store.head(name) is None else _parsed(store.get(name).data)


def _build(store: Store, run: ShardRun, stored: DayContent | None, name: str) -> Run:
    before = {entry.instrument_id: entry for entry in stored.files} if stored is not None else {}
    kept = {instrument: entry for instrument, entry in before.items() if instrument in run.after(before) and instrument not in run.new}
    numbers = count(1)
    content = DayContent(
        files=(),
        absent=tuple(AbsentEntry(each, "gone") for each, rows in run.found.items() if rows == GONE),
        failed=tuple(FailedEntry(each, "Retryable: reset") for each, rows in run.found.items() if rows == FAILED),
    )
    data: Mapping[str, bytes] = {}
    if run.new or 0 < len(kept) < len(before):
        rows = {**{instrument: _rows(store, entry) for instrument, entry in kept.items()}, **run.new}
        files, data = _shard(rows)
        copied = {instrument: entry.rows_sha256 for instrument, entry in kept.items()}
        content = DayContent(files, content.absent, failed=content.failed, copied=copied)
    return Run(content, data, lambda: 1, transactions=lambda: f"{name}{next(numbers)}")


def _shard(rows: Rows) -> tuple[Sequence[FileEntry], Mapping[str, bytes]]:
    ordered = sorted(rows.items())
    data = b";".join(f"{name}=".encode() + value for name, value in ordered)
    digest = hashlib.sha256(data).hexdigest()
    return tuple(
        FileEntry(NAME, name, 1, len(data), crc32c(data), digest, 1, 1, None, None, "", "", _part(number, value))
        for number, (name, value) in enumerate(ordered)
    ), {digest: data}


def _rows(store: Store, entry: FileEntry) -> bytes:
    """The rows of one contract, in whatever shard they lie now."""
    try:
        data = open_entry(partition(store), entry).read()
    except Replaced as error:
        raise StaleShard(str(error)) from error
    rows = _parsed(data)[str(entry.instrument_id)]
    assert hashlib.sha256(rows).hexdigest() == entry.rows_sha256
    return rows


def _part(number: int, value: bytes) -> Part:
    return Part(number, hashlib.sha256(value).hexdigest(), len(value))


def _parsed(data: bytes) -> Rows:
    return {name.decode(): rows for name, rows in (part.split(b"=") for part in bytes(data).split(b";"))}
