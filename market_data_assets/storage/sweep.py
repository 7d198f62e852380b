"""Deleting what was staged and never committed, once nobody can be about to commit it."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from market_data_assets.errors import CorruptPartition, PreconditionFailed, UnsafeName, UnsupportedFormat
from market_data_assets.storage.layout import STAGING, partition_of_staged
from market_data_assets.storage.parallel import PARALLEL, for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.stores.base import Listed, Store

MINIMUM_AGE = dt.timedelta(hours=48)
"""Longer than any run takes from staging its first file to committing."""


@dataclass(frozen=True, slots=True)
class Swept:
    """Counts of staged objects.

    Attributes:
        deleted: Old, and named by no manifest.
        kept: Too young, or named by the manifest of their partition.
        unreadable: Old, but kept because the manifest of their partition cannot be read.
    """

    deleted: int = 0
    kept: int = 0
    unreadable: int = 0

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(self.deleted + other.deleted, self.kept + other.kept, self.unreadable + other.unreadable)


def sweep(store: Store, now: dt.datetime, parallel: int = PARALLEL) -> Swept:
    """Delete staged objects older than 48 hours that the current manifest of their partition does not name.

    Args:
        now: The current time, aware.
    """
    old: dict[str, list[Listed]] = defaultdict(list)
    kept = 0
    for listed in store.list(STAGING):
        if now - listed.updated > MINIMUM_AGE and (prefix := _partition_of(listed)) is not None:
            old[prefix].append(listed)
        else:
            kept += 1
    total = Swept(kept=kept)
    for prefix, candidates in old.items():
        total += _sweep_partition(Partition(store, prefix, parallel), candidates)
    return total


def _partition_of(listed: Listed) -> str | None:
    try:
        return partition_of_staged(listed.name)
    except UnsafeName:
        return None  # not put there by a transaction


def _sweep_partition(partition: Partition, candidates: list[Listed]) -> Swept:
    try:
        manifest = partition.current().manifest
    except (CorruptPartition, UnsupportedFormat):
        return Swept(unreadable=len(candidates))
    # Merged days name staged files of several transactions, so names count and not the current transaction.
    named = frozenset() if manifest is None else frozenset(entry.staged for _, entry in manifest.objects())
    deleted = for_each(
        lambda listed: _delete(partition.store, listed), [each for each in candidates if each.name not in named], partition.parallel
    )
    return Swept(deleted=sum(deleted), kept=len(candidates) - sum(deleted))


def _delete(store: Store, listed: Listed) -> bool:
    try:
        store.delete(listed.name, if_generation=listed.generation)
    except PreconditionFailed:
        return False
    return True
