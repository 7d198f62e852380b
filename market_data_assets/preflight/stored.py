"""What the lake holds of each day and table, from the manifests alone: one read of each, none of the data."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from market_data_assets.domain.datasets import Dataset, Finality
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.errors import CorruptPartition, UnsafeName, UnsupportedFormat
from market_data_assets.storage.layout import day_of_prefix, days_prefix, partition_prefix
from market_data_assets.storage.manifest import DayContent, Manifest, distinct_files
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.stores.base import Store
from market_data_assets.upkeep.stale import outdated_by_code
from market_data_assets.upkeep.stored_days import StoredDay as InShort

Place = tuple[Dataset, dt.date]
"""One partition."""


class State(StrEnum):
    """How a partition stands; each is in exactly one state, the first that holds."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    """Instruments failed, or were never asked for, or the manifest cannot be read."""
    STALE = "stale"
    """One of the days it was made from has changed since, or the code has."""
    PROVISIONAL = "provisional"
    """Late rows of the day may still come with the vendor's next day."""
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Size:
    """Rows and bytes of one instrument-day."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One stored partition, without its entries.

    Attributes:
        instruments: Those it says anything about: stored, absent, set aside or failed.
        failed: How many of them failed.
        rows: Of all its files.
        objects: Its files, and what it set aside.
        inputs: Content hashes of the days that it was made from, by ``tier/name/day``.
        is_of_this_code: Whether the code of today would make the same of the same inputs, its columns included.
        sizes: By instrument (None: of the whole day); empty unless asked for.
    """

    run_id: str
    committed_at: int
    finality: Finality
    content_hash: str
    instruments: frozenset[str]
    failed: int
    rows: int
    objects: int
    inputs: Mapping[str, str]
    is_of_this_code: bool
    sizes: Mapping[str | None, Size] = field(default_factory=dict)


class Unreadable:
    """A partition whose manifest cannot be read; materializing it again heals it."""


Found = StoredDay | Unreadable | None


def read_stored(store: Store, places: Iterable[Place], *, with_sizes: bool = False) -> Mapping[Place, Found]:
    """Each partition as it is stored; None where it never was. One read each, 32 at a time.

    Raises:
        StorageFailed, Retryable: the store refused or stayed silent.
    """
    wanted = list(dict.fromkeys(places))
    found = for_each(lambda place: _read(store, *place, with_sizes=with_sizes), wanted)
    return dict(zip(wanted, found, strict=True))


def started_days(store: Store) -> Sequence[dt.date]:
    """The days whose first table, that of instruments, has a folder; ascending. One listing."""
    days = []
    for listed in store.list(days_prefix(INSTRUMENTS), folders=True):
        try:
            days.append(day_of_prefix(INSTRUMENTS, listed.name))
        except UnsafeName:
            continue  # not a day's folder, so not ours
    return sorted(days)


def state_of(place: Place, stored: Mapping[Place, Found], hashes: Mapping[str, str], expected: Iterable[str]) -> State:
    """How a partition stands.

    Args:
        hashes: Content hashes by ``tier/name/day`` of the days that are known; inputs among them are compared.
        expected: Instruments that it should say something about.
    """
    found = stored.get(place)
    if found is None:
        return State.MISSING
    if isinstance(found, Unreadable) or found.failed or not found.instruments.issuperset(expected):
        return State.INCOMPLETE
    if not found.is_of_this_code or any(hashes.get(name, digest) != digest for name, digest in found.inputs.items()):
        return State.STALE
    return State.PROVISIONAL if found.finality is Finality.PROVISIONAL else State.COMPLETE


def hashes_of(stored: Mapping[Place, Found]) -> Mapping[str, str]:
    """The content hash of each partition that is stored, by the name that inputs have in manifests."""
    return {f"{dataset}/{day}": found.content_hash for (dataset, day), found in stored.items() if isinstance(found, StoredDay)}


def _read(store: Store, dataset: Dataset, day: dt.date, *, with_sizes: bool) -> Found:
    try:
        manifest = Partition(store, partition_prefix(dataset, day)).current().manifest
    except (CorruptPartition, UnsupportedFormat):
        return Unreadable()
    return None if manifest is None else _without_entries(dataset, manifest, with_sizes=with_sizes)


def _without_entries(dataset: Dataset, manifest: Manifest, *, with_sizes: bool) -> StoredDay:
    content = manifest.content
    sizes = {entry.instrument_id: Size(entry.rows, entry.own_size) for entry in content.files} if with_sizes else {}
    return StoredDay(
        run_id=manifest.run_id,
        committed_at=manifest.committed_at,
        finality=content.finality,
        content_hash=content.content_hash,
        instruments=_mentioned(content),
        failed=len(content.failed),
        rows=sum(entry.rows for entry in content.files),
        objects=len(distinct_files(content.files)) + len(distinct_files(content.quarantine_files)),
        inputs=content.inputs,
        is_of_this_code=not any(outdated_by_code(dataset, InShort.of(manifest))),
        sizes=sizes,
    )


def _mentioned(content: DayContent) -> frozenset[str]:
    names = {entry.instrument_id for entry in content.files}
    names |= {entry.instrument_id for entries in (content.absent, content.quarantined, content.failed) for entry in entries}
    return frozenset(name for name in names if name is not None)
