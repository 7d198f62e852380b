"""What a run can leave as it is stored: a whole day, or some of its instruments. Decided by manifests, no file is read for it.

A day is up to date when its manifest names the days that it would be computed from now, with the columns and the code of now, and
nothing failed. Where it is not, each instrument is by itself: one whose rows were made from the same rows keeps its file.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from market_data_assets.domain.datasets import DailyFrames, Dataset, Unchanged
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import CorruptPartition, PartitionMissing
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.manifest import DayContent, FileEntry, Manifest, schema_fingerprint
from market_data_assets.storage.merging import instruments_of

REFUSED = ""
"""What is said of an instrument whose ticks are absent or set aside: to find that again costs nothing."""

Sources = Callable[[InstrumentId], str | None]
"""Identity of all that the rows of an instrument would be made from; ``REFUSED``, or None where ticks failed, so that it cannot be told."""


class Made(Protocol):
    """What a manifest says of how its rows were made. What it does not say counts as the same."""

    @property
    def holds_rows(self) -> bool: ...

    @property
    def schema_fingerprint(self) -> str: ...

    @property
    def code_version(self) -> str: ...


def has_other_columns(dataset: Dataset, made: Made) -> bool:
    """Whether a day has other columns than its record has now; one without files would be the same without rows in other columns."""
    return made.holds_rows and made.schema_fingerprint not in {"", schema_fingerprint(dataset)}


def has_other_code(dataset: Dataset, made: Made) -> bool:
    """Whether a day was made by another version of the code."""
    return made.holds_rows and made.code_version not in {"", dataset.code_version}


@dataclass(frozen=True)
class Wanted:
    """Which instruments a run is about.

    Attributes:
        includes: Whether it is about an instrument; None: about the whole day.
        refresh: Whether what is up to date is made again, too.
    """

    includes: Callable[[InstrumentId], bool] | None = None
    refresh: bool = False

    def covers(self, instrument: InstrumentId) -> bool:
        """Whether the run is about the instrument."""
        return self.includes is None or self.includes(instrument)


WHOLE_DAY = Wanted()


@dataclass(frozen=True)
class StoredDay:
    """A stored day as a run can build on it.

    Attributes:
        damaged: Names of files whose bytes are gone or changed.
    """

    dataset: Dataset
    day: dt.date
    manifest: Manifest
    damaged: frozenset[str]

    @classmethod
    def find(cls, lake: Lake, dataset: Dataset, day: dt.date) -> "StoredDay | None":
        """What is stored, finished where a killed writer left it half published; None where nothing is that can be read.

        Raises:
            UnsupportedFormat: a newer version of this package wrote the day.
        """
        try:
            damaged = lake.recover(dataset, day).damaged
            return cls(dataset, day, lake.manifest(dataset, day), frozenset(name.rpartition("/")[2] for name in damaged))
        except (PartitionMissing, CorruptPartition):
            return None

    @property
    def content(self) -> DayContent:
        """What it holds."""
        return self.manifest.content

    @property
    def holds_rows(self) -> bool:
        """As :class:`Made` says."""
        return bool(self.content.files)

    @property
    def schema_fingerprint(self) -> str:
        """As :class:`Made` says."""
        return self.content.schema_fingerprint

    @property
    def code_version(self) -> str:
        """As :class:`Made` says."""
        return self.manifest.code_version

    def is_of_now(self) -> bool:
        """Whether it has the columns and the code of now."""
        return not has_other_columns(self.dataset, self) and not has_other_code(self.dataset, self)

    def instruments(self) -> frozenset[str]:
        """Those it says anything about."""
        return frozenset(str(name) for name in instruments_of(self.content))

    def entry(self, instrument: InstrumentId) -> FileEntry | None:
        """The intact file of an instrument whose last attempt did not fail."""
        found = self.content.file_of(str(instrument))
        return None if found is None or found.name in self.damaged or str(instrument) in self._failed else found

    def is_made_from(self, inputs: Mapping[str, str]) -> bool:
        """Whether it would be the same if it was made again from days with these content hashes."""
        return self.is_of_now() and not self.damaged and not self.content.failed and dict(self.content.inputs) == dict(inputs)

    def is_same(self, frames: DailyFrames) -> bool:
        """Whether it is what ``frames`` would make of it: of the same inputs, and says something of the same instruments."""
        named = {str(each) for each in (*frames.loaders, *frames.absent)}
        same = self.content.finality is frames.finality and self.instruments() == named
        return same and self.is_made_from(frames.inputs)

    @property
    def _failed(self) -> frozenset[str]:
        return frozenset(entry.instrument_id for entry in self.content.failed)


def identity_of(*parts: object) -> str:
    """One short text for ``parts``, which JSON can hold; another one for any others."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def version_of(dataset: Dataset) -> Callable[[str], str]:
    """From the identity of what rows are made from, the ``source_version`` of those rows by the columns and the code of now."""
    now = identity_of(schema_fingerprint(dataset), dataset.code_version)
    return lambda sources: f"made:{identity_of(now, sources)}"


def to_fetch(stored: StoredDay | None, frames: DailyFrames, wanted: Wanted) -> DailyFrames | Unchanged:
    """Of a vendor's day, the instruments that are not stored yet.

    An instrument is complete with a file, if only an empty one. Whatever is absent, set aside as a whole or failed is asked for
    again. A run over the whole day drops what is stored of instruments that are not listed any more.
    """
    chosen = {instrument: load for instrument, load in frames.loaders.items() if wanted.covers(instrument)}
    usable = stored if stored is not None and stored.is_of_now() and not wanted.refresh else None
    entries = {} if usable is None else {each: found for each in chosen if (found := usable.entry(each)) is not None}
    todo = {instrument: load for instrument, load in chosen.items() if instrument not in entries}
    part = wanted.includes is not None
    if not todo and stored is not None and (part or stored.instruments() == {str(each) for each in frames.loaders}):
        return Unchanged(frames.day)
    kept = {instrument: entry.rows_sha256 for instrument, entry in entries.items()}
    return replace(frames, loaders=todo, partial=part, kept={} if part else kept)


def to_make(
    dataset: Dataset, stored: StoredDay | None, frames: DailyFrames, sources: Sources, wanted: Wanted = WHOLE_DAY
) -> DailyFrames | Unchanged:
    """Of a computed day, the instruments whose rows are not made from what they would be made from now.

    Where a run over some instruments finds the others up to date as well, it commits the whole day, which then names its inputs
    as they are now. Else it merges what it makes into the stored day, which stays out of date.

    Args:
        frames: The whole day as a full run would make it. Its frames carry :func:`version_of` their sources.
    """
    if stored is not None and not wanted.refresh and stored.is_same(frames):
        return Unchanged(frames.day)
    kept, todo, is_part, version = {}, {}, _holds_others(stored, frames, wanted), version_of(dataset)
    for instrument, load in frames.loaders.items():
        made_of = sources(instrument)
        entry = stored.entry(instrument) if stored is not None and made_of else None
        is_same = entry is not None and entry.source_version == version(made_of or REFUSED)
        if entry is not None and is_same and not (wanted.refresh and wanted.covers(instrument)):
            kept[instrument] = entry.rows_sha256
        elif wanted.covers(instrument) or made_of == REFUSED:
            todo[instrument] = load
        else:
            is_part = True
    if not is_part:
        return replace(frames, loaders=todo, kept=kept)
    absent = {instrument: reason for instrument, reason in frames.absent.items() if wanted.covers(instrument)}
    return replace(frames, loaders=todo, absent=absent, partial=True)


def to_make_whole(stored: StoredDay | None, frames: DailyFrames, wanted: Wanted = WHOLE_DAY) -> DailyFrames | Unchanged:
    """Of a day whose rows of one instrument may follow from those of others: all that the run is about, or nothing.

    Args:
        frames: The whole day as a full run would make it.
    """
    if stored is not None and not wanted.refresh and stored.is_same(frames):
        return Unchanged(frames.day)
    if wanted.includes is None:
        return frames
    chosen = frames.only(wanted.includes)
    is_all = len(chosen.loaders) == len(frames.loaders) and not _holds_others(stored, frames, wanted)
    return frames if is_all else chosen


def _holds_others(stored: StoredDay | None, frames: DailyFrames, wanted: Wanted) -> bool:
    """Whether instruments are stored that a full run would drop, and that this run is not about."""
    if stored is None or wanted.includes is None:
        return False
    others = stored.instruments() - {str(each) for each in (*frames.loaders, *frames.absent)}
    return any(not wanted.covers(InstrumentId.parse(name)) for name in others)
