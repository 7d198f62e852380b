"""Committing a day: stage every file, keep the former version, replace the manifest in one conditional step, publish.

Readers see the day before or the day after, whoever dies when. Nothing staged is ever deleted on a failure: an
acknowledgement that was lost looks exactly like a race that was lost. The sweep deletes it when it is old.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from market_data_assets.errors import (
    ConcurrentCommit,
    CorruptPartition,
    MarketDataError,
    PreconditionFailed,
    QuotaExhausted,
    Retryable,
    StorageFailed,
)
from market_data_assets.storage.layout import staging_prefix
from market_data_assets.storage.manifest import DayContent, FileEntry, Manifest, distinct_files
from market_data_assets.storage.manifest_json import encode_manifest
from market_data_assets.storage.merging import lacks_kept, merged, replaced
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Current, Partition
from market_data_assets.storage.publish import holds, is_published, publish
from market_data_assets.storage.revisions import keep_revision, kept_manifests

_STAGE_ATTEMPTS = 3
_MERGE_ATTEMPTS = 20

Compose = Callable[[DayContent | None, DayContent], DayContent]
"""The content of the day, given what is stored now and what the run found."""


class Status(StrEnum):
    """What a write did."""

    COMMITTED = "committed"
    NOOP = "noop"


@dataclass(frozen=True, slots=True)
class Committed:
    """What a write led to; with ``NOOP`` the manifest is the one that was there."""

    status: Status
    manifest: Manifest


def new_transaction() -> str:
    """A name that no other transaction has."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Run:
    """What a run found, finished and validated, and who it is.

    Attributes:
        content: Its file entries are not staged yet: ``staged`` is empty.
        data: The bytes of each file, or where they lie on the local disk, by SHA-256.
        clock: Gives the time, µs UTC.
        transactions: Gives a new transaction name at every call.
        keeps_revisions: Whether what it replaces stays readable. What is derived from days alone can be made again from theirs.
    """

    content: DayContent
    data: Mapping[str, bytes | Path]
    clock: Callable[[], int]
    run_id: str = ""
    code_version: str = ""
    transactions: Callable[[], str] = field(default=new_transaction)
    keeps_revisions: bool = True


def commit_whole_day(partition: Partition, run: Run) -> Committed:
    """Make what the run found the day, in place of whatever is stored. A manifest that cannot be read is replaced.

    Raises:
        ConcurrentCommit: another writer committed other content meanwhile.
        UnsupportedFormat: a newer version of this package wrote the day.
        CorruptPartition: what was committed has been removed from outside before it could be published.
        StorageFailed, Retryable: the store refused or stayed silent; the same write may be repeated.
    """
    return _Attempt(partition, run, replaced).on(_readable_or_none(partition))


def commit_part_of_day(partition: Partition, run: Run) -> Committed:
    """Put what the run found in place of the same instruments of the stored day, and keep the others.

    Merges again when another writer commits meanwhile.

    Raises:
        ConcurrentCommit: other writers committed during each of the attempts.
        CorruptPartition: the stored manifest cannot be read, so the other instruments cannot be kept.
        UnsupportedFormat, StorageFailed, Retryable: as :func:`commit_whole_day`.
    """
    for _ in range(_MERGE_ATTEMPTS):
        try:
            # Each attempt stages under a name of its own: one that seemed to lose may have been committed,
            # published and replaced since, and then its staged files are gone.
            return _Attempt(partition, run, merged).on(partition.current())
        except ConcurrentCommit as lost:
            refusal = lost
    raise refusal


def _readable_or_none(partition: Partition) -> Current:
    generation = partition.generation()
    try:
        return partition.current()
    except CorruptPartition:
        return Current(None, generation)


class _Attempt:
    """One transaction."""

    def __init__(self, partition: Partition, run: Run, compose: Compose) -> None:
        self._partition, self._run, self._compose = partition, run, compose
        self._tx = run.transactions()
        self._content = _staged_in(staging_prefix(partition.prefix, self._tx), run.content)
        # Instruments that share a file name the same one.
        self._files = (*distinct_files(self._content.files), *distinct_files(self._content.quarantine_files))

    def on(self, current: Current) -> Committed:
        """Commit on top of ``current``, or find that it holds the same content already."""
        stored = current.manifest
        if lacks_kept(None if stored is None else stored.content, self._content):
            raise ConcurrentCommit(self._partition.prefix)
        content = self._compose(None if stored is None else stored.content, self._content)
        if stored is not None:
            if stored.content.content_hash == content.content_hash:
                # Equal rows by newer code, of newer columns or from other inputs are committed all the same: what is stored would else
                # look out of date for ever.
                if self._is_made_alike(stored, content) and self._is_intact(stored, current.generation):
                    return Committed(Status.NOOP, stored)
            elif not is_published(self._partition, stored):
                publish(self._partition, stored, current.generation)
        for_each(self._stage, self._files, self._partition.parallel)
        if stored is not None and self._run.keeps_revisions:
            keep_revision(self._partition, stored, content)
        return self._commit(current, self._manifest(current, content))

    def _is_made_alike(self, stored: Manifest, content: DayContent) -> bool:
        before = stored.content
        same_columns = before.schema_fingerprint == content.schema_fingerprint
        return same_columns and stored.code_version == self._code_version(stored) and before.source_versions == content.source_versions

    def _is_intact(self, stored: Manifest, generation: int) -> bool:
        """Whether the files of this run are really there. If one is not, committing again heals the day."""
        damaged = publish(self._partition, stored, generation).damaged
        ours = {entry.name for entry in self._files}
        return not any(name.rpartition("/")[2] in ours for name in damaged)

    def _manifest(self, current: Current, content: DayContent) -> Manifest:
        version, committed_at = _former(self._partition, current)
        now = self._run.clock()
        # Versions have an order and each its time, also where a clock was set back.
        later = now if committed_at is None else max(now, committed_at + 1)
        code_version = self._code_version(current.manifest)
        return Manifest(self._partition.prefix, version + 1, self._tx, self._run.run_id, code_version, content, later)

    def _code_version(self, stored: Manifest | None) -> str:
        """That of the whole day: a run over a part of it leaves the rest as older code made it."""
        return self._run.code_version if stored is None or self._compose is replaced else stored.code_version

    def _stage(self, entry: FileEntry) -> None:
        store = self._partition.store
        for attempt in range(_STAGE_ATTEMPTS):
            try:
                store.put(entry.staged, self._run.data[entry.sha256], if_generation=0, crc32c=entry.crc32c)
                return
            except PreconditionFailed:
                # The transaction's names are ours alone: an earlier request of ours arrived although its answer did not.
                if holds(store.head(entry.staged), entry):
                    return
                raise StorageFailed(f"staging {store.url(entry.staged)}: it exists with other bytes") from None
            except QuotaExhausted:
                raise
            except Retryable:
                if attempt == _STAGE_ATTEMPTS - 1:
                    raise

    def _commit(self, current: Current, manifest: Manifest) -> Committed:
        partition = self._partition
        try:
            generation = partition.store.put(partition.manifest_name, encode_manifest(manifest), if_generation=current.generation)
        except (PreconditionFailed, Retryable, StorageFailed) as refusal:
            return self._after_refusal(refusal, manifest)
        return self._publish(Status.COMMITTED, manifest, generation)

    def _after_refusal(self, refusal: MarketDataError, manifest: Manifest) -> Committed:
        """What really happened: an answer may be lost, or a request arrive twice, after the commit took place."""
        now = self._partition.current()
        if now.manifest is not None and now.manifest.tx == self._tx:
            return self._publish(Status.COMMITTED, now.manifest, now.generation)
        if now.manifest is not None and now.manifest.content.content_hash == manifest.content.content_hash:
            return self._publish(Status.NOOP, now.manifest, now.generation)
        if isinstance(refusal, PreconditionFailed):
            raise ConcurrentCommit(self._partition.prefix) from refusal
        raise refusal

    def _publish(self, status: Status, manifest: Manifest, generation: int) -> Committed:
        damaged = set(publish(self._partition, manifest, generation).damaged)
        ours = {entry.staged for entry in self._files}
        if any(entry.staged in ours and name in damaged for name, entry in manifest.objects()):
            raise CorruptPartition(self._partition.prefix, "files were removed from outside before they could be published")
        return Committed(status, manifest)


def _former(partition: Partition, current: Current) -> tuple[int, int | None]:
    """Version and commit time of what a commit on top of ``current`` follows; 0 and None before the first."""
    if current.manifest is not None:
        return current.manifest.version, current.manifest.committed_at
    if current.generation == 0:
        return 0, None
    # The manifest that cannot be read was a version too: the one after the last that was kept.
    kept = kept_manifests(partition)
    return (kept[-1].version + 1, kept[-1].committed_at) if kept else (1, None)


def _staged_in(folder: str, content: DayContent) -> DayContent:
    # Rows set aside have the same file name as the instrument they come from.
    return replace(
        content,
        files=tuple(replace(entry, staged=folder + entry.name) for entry in content.files),
        quarantine_files=tuple(replace(entry, staged=f"{folder}quarantine-{entry.name}") for entry in content.quarantine_files),
    )
