"""The manifest of one partition: what is stored, what is not and why. It is the truth about a day."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from market_data_assets.domain.datasets import Dataset, Finality
from market_data_assets.storage.layout import QUARANTINE

FORMAT = 1
"""2 added shards and the commit time. Days without them have the same content hash in both."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where the rows of one instrument lie in a shard.

    Attributes:
        first_row_group: Their first row group; how many there are says the entry.
        sha256: Identity of the rows: of the bytes of their row groups, which do not depend on what else is in the file.
        size: How many bytes those are.
    """

    first_row_group: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What is stored of one instrument: a file, or a part of a file that it shares with others.

    Attributes:
        name: File name below the partition's prefix (below its quarantine prefix for what was set aside).
        instrument_id: None for the one file of a whole day.
        rows, row_groups, uncompressed_bytes: Of this instrument; the bytes are those of the same rows in Arrow memory.
        size, crc32c, sha256: Of the whole file.
        min_timestamp, max_timestamp: First and last exchange time, µs UTC, both inclusive.
        source_version: What identifies the vendor's file or the inputs it was made from; may be empty.
        staged: Full name under which the file was staged; gone once it is published.
        part: Where in the file; None for an instrument with a file of its own.
    """

    name: str
    instrument_id: str | None
    rows: int
    size: int
    crc32c: int
    sha256: str
    row_groups: int
    uncompressed_bytes: int
    min_timestamp: int | None
    max_timestamp: int | None
    source_version: str
    staged: str
    part: Part | None = None

    @property
    def own_size(self) -> int:
        """Bytes of the instrument's rows: of its part of a shard, else of its file."""
        return self.size if self.part is None else self.part.size

    @property
    def rows_sha256(self) -> str:
        """Identity of the instrument's rows: of its part of a shard, else of its file."""
        return self.sha256 if self.part is None else self.part.sha256


@dataclass(frozen=True, slots=True)
class AbsentEntry:
    """An instrument that the vendor has nothing for."""

    instrument_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuarantinedEntry:
    """Rows, or with ``rows`` 0 a whole file, of one instrument that were set aside for one reason."""

    instrument_id: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class FailedEntry:
    """An instrument whose last attempt failed. A file that it had before is kept."""

    instrument_id: str
    error: str


@dataclass(frozen=True)
class DayContent:
    """What a partition holds, without who wrote it: two runs with equal content are the same day.

    Attributes:
        files: One entry per instrument that is stored; those of a shard name the same file.
        inputs: Content hashes of the stored days this one was computed from.
        quarantine_files: One entry per instrument that rows, or the vendor's file, were kept of. Instruments that came in
            the same file name the same one.
        copied: Of a run: the instruments that it took over from stored shards into its own, with the identity of their rows
            there. It says nothing about them; one that is not in ``files`` could not be read. Empty in a manifest.
        kept: Of a run over the whole day: the instruments that it found to be stored as it would make them, with the identity of
            their rows. Their entries stay. Empty in a manifest.
    """

    files: Sequence[FileEntry]
    absent: Sequence[AbsentEntry] = ()
    quarantined: Sequence[QuarantinedEntry] = ()
    failed: Sequence[FailedEntry] = ()
    quarantine_files: Sequence[FileEntry] = ()
    finality: Finality = Finality.FINAL
    inputs: Mapping[str, str] = field(default_factory=dict)
    schema_fingerprint: str = ""
    copied: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def content_hash(self) -> str:
        """Identity of the content. Where and how often it was staged plays no part."""
        parts = {
            "files": sorted(_identity(entry) for entry in self.files),
            "quarantine_files": sorted([entry.name, entry.sha256] for entry in self.quarantine_files),
            "absent": sorted([entry.instrument_id, entry.reason] for entry in self.absent),
            "quarantined": sorted([entry.instrument_id, entry.reason, entry.rows] for entry in self.quarantined),
            "failed": sorted([entry.instrument_id, entry.error] for entry in self.failed),
            "finality": self.finality,
            "inputs": dict(self.inputs),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def quality(self) -> Mapping[str, int]:
        """Rows set aside, by reason."""
        counts: Counter[str] = Counter()
        for entry in self.quarantined:
            counts[entry.reason] += entry.rows
        return dict(sorted(counts.items()))

    @property
    def source_versions(self) -> Mapping[str | None, str]:
        """What each instrument's file (None: the whole day's) was made from."""
        return {entry.instrument_id: entry.source_version for entry in self.files}

    def file_of(self, instrument_id: str | None) -> FileEntry | None:
        """What is stored of an instrument (None: of the whole day), if anything is."""
        return self._by_instrument.get(instrument_id)

    @cached_property
    def _by_instrument(self) -> Mapping[str | None, FileEntry]:
        return {entry.instrument_id: entry for entry in self.files}


@dataclass(frozen=True)
class Manifest:
    """A committed version of a partition.

    Attributes:
        partition: Prefix of the partition it belongs to.
        version: 1 for the first commit of the partition, one more for each later one.
        tx: The transaction that committed it; unique.
        committed_at: When, µs UTC by the writer's clock, later than every former version.
    """

    partition: str
    version: int
    tx: str
    run_id: str
    code_version: str
    content: DayContent
    committed_at: int

    def objects(self) -> Iterator[tuple[str, FileEntry]]:
        """Every object that belongs to the partition, once: its published name, and one of its entries."""
        for entry in distinct_files(self.content.files):
            yield self.partition + entry.name, entry
        for entry in distinct_files(self.content.quarantine_files):
            yield QUARANTINE + self.partition + entry.name, entry


def distinct_files(entries: Iterable[FileEntry]) -> Sequence[FileEntry]:
    """One entry for each file, in order: sizes and checksums are of the file, so they count once."""
    return list({entry.name: entry for entry in entries}.values())


def _identity(entry: FileEntry) -> list[str]:
    identity = [entry.name, entry.sha256]
    if entry.part is None:
        return identity
    # The shard's digest does not say whose rows are where, nor that one without rows is stored.
    return [
        *identity,
        entry.instrument_id or "",
        entry.part.sha256,
        f"{entry.part.first_row_group}+{entry.row_groups}",
        str(entry.part.size),
    ]


def schema_fingerprint(dataset: Dataset) -> str:
    """Identity of a dataset's declared columns: names, types, nullability, alternatives."""
    columns = [
        [name, str(column.type), column.nullable, [str(type_) for type_ in column.alternatives]] for name, column in dataset.columns.items()
    ]
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()
