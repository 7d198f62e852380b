"""The manifest of one partition: what is stored, what is not and why. It is the truth about a day."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from market_data_assets.domain.datasets import Dataset, Finality
from market_data_assets.storage.layout import QUARANTINE

FORMAT = 1


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One stored file.

    Attributes:
        name: File name below the partition's prefix (below its quarantine prefix for rows set aside).
        instrument_id: None for the one file of a whole day.
        uncompressed_bytes: Bytes of the same rows in Arrow memory.
        min_timestamp, max_timestamp: First and last exchange time, µs UTC, both inclusive.
        source_version: What identifies the vendor's file or the inputs it was made from; may be empty.
        staged: Full name under which the file was staged; gone once it is published.
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
        inputs: Content hashes of the stored days this one was computed from.
        quarantine_files: Files with the rows set aside, where there are rows to keep.
    """

    files: Sequence[FileEntry]
    absent: Sequence[AbsentEntry] = ()
    quarantined: Sequence[QuarantinedEntry] = ()
    failed: Sequence[FailedEntry] = ()
    quarantine_files: Sequence[FileEntry] = ()
    finality: Finality = Finality.FINAL
    inputs: Mapping[str, str] = field(default_factory=dict)
    schema_fingerprint: str = ""

    @cached_property
    def content_hash(self) -> str:
        """Identity of the content. Where and how often it was staged plays no part."""
        parts = {
            "files": sorted([entry.name, entry.sha256] for entry in self.files),
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

    def file_of(self, instrument_id: str | None) -> FileEntry | None:
        """The file of an instrument (None: of the whole day), if it is stored."""
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
    """

    partition: str
    version: int
    tx: str
    run_id: str
    code_version: str
    content: DayContent

    def objects(self) -> Iterator[tuple[str, FileEntry]]:
        """Every object that belongs to the partition: its published name, and its entry."""
        for entry in self.content.files:
            yield self.partition + entry.name, entry
        for entry in self.content.quarantine_files:
            yield QUARANTINE + self.partition + entry.name, entry


def schema_fingerprint(dataset: Dataset) -> str:
    """Identity of a dataset's declared columns: names, types, nullability, alternatives."""
    columns = [
        [name, str(column.type), column.nullable, [str(type_) for type_ in column.alternatives]] for name, column in dataset.columns.items()
    ]
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()
