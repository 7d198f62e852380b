"""What a check of the lake and the warehouse finds: one record each, from damage to mere notes."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is, worst first."""

    DAMAGE = "damage"
    """Readers get an error, or other rows than were committed."""
    HISTORY = "history"
    """A former version cannot be read any more; what is stored now is whole."""
    UNFINISHED = "unfinished"
    """What a writer began and did not end; readers see whole days all the same."""
    LEFTOVER = "leftover"
    """Nobody reads it; it only takes space."""
    NOTE = "note"
    """Nothing is wrong, such as files of a run that may still be at work. Does not fail a check."""


class Kind(StrEnum):
    """What was found."""

    MANIFEST_UNREADABLE = "manifest_unreadable"
    MANIFEST_TOO_NEW = "manifest_too_new"
    MANIFEST_MISSING = "manifest_missing"
    FILE_MISSING = "file_missing"
    FILE_CHANGED = "file_changed"
    CONTENT_WRONG = "content_wrong"
    ROWS_DIFFER = "warehouse_rows_differ"
    COLUMN_TYPE_DIFFERS = "warehouse_column_type_differs"
    REVISION_LOST = "revision_lost"
    NOT_PUBLISHED = "not_published"
    MIGRATION_PENDING = "migration_pending"
    NOT_LOADED = "not_loaded"
    ONLY_IN_WAREHOUSE = "only_in_warehouse"
    UNNAMED_OBJECT = "unnamed_object"
    STAGED_LEFTOVER = "staged_leftover"
    PROBE_LEFTOVER = "probe_leftover"
    SCRATCH_LEFTOVER = "scratch_leftover"
    STAGED = "staged"
    SCRATCH = "scratch"

    @property
    def severity(self) -> Severity:
        """How bad a finding of this kind is."""
        return _SEVERITIES[self]


_SEVERITIES: Mapping[Kind, Severity] = {
    Kind.MANIFEST_UNREADABLE: Severity.DAMAGE,
    Kind.MANIFEST_TOO_NEW: Severity.DAMAGE,
    Kind.MANIFEST_MISSING: Severity.DAMAGE,
    Kind.FILE_MISSING: Severity.DAMAGE,
    Kind.FILE_CHANGED: Severity.DAMAGE,
    Kind.CONTENT_WRONG: Severity.DAMAGE,
    Kind.REVISION_LOST: Severity.HISTORY,
    Kind.ROWS_DIFFER: Severity.DAMAGE,
    Kind.COLUMN_TYPE_DIFFERS: Severity.DAMAGE,
    Kind.NOT_PUBLISHED: Severity.UNFINISHED,
    Kind.MIGRATION_PENDING: Severity.UNFINISHED,
    Kind.NOT_LOADED: Severity.UNFINISHED,
    Kind.ONLY_IN_WAREHOUSE: Severity.UNFINISHED,
    Kind.UNNAMED_OBJECT: Severity.LEFTOVER,
    Kind.STAGED_LEFTOVER: Severity.LEFTOVER,
    Kind.PROBE_LEFTOVER: Severity.LEFTOVER,
    Kind.SCRATCH_LEFTOVER: Severity.LEFTOVER,
    Kind.STAGED: Severity.NOTE,
    Kind.SCRATCH: Severity.NOTE,
}
_WORST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        dataset: A dataset, a table of the warehouse or a view; empty where it belongs to none.
        day: UTC day; the first day of the month for a view; None where it belongs to no day.
        instrument: None where it is about more than one, or none.
        where: Where a person finds it: a URL, a path or a table; empty where nothing is there.
        remedy: What to do, as a command where there is one.
    """

    kind: Kind
    dataset: str
    day: dt.date | None
    where: str
    expected: str
    found: str
    remedy: str
    instrument: str | None = None

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.kind.severity

    def as_json(self) -> Mapping[str, object]:
        """Its fields as JSON takes them."""
        return {"severity": self.severity, **asdict(self), "day": None if self.day is None else self.day.isoformat()}


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """By severity, then kind, dataset, day and place."""
    kinds = {kind: rank for rank, kind in enumerate(Kind)}
    return sorted(
        findings,
        key=lambda each: (_WORST_FIRST[each.severity], kinds[each.kind], each.dataset, each.day or dt.date.min, each.where),
    )


def count_kinds(findings: Iterable[Finding]) -> Mapping[Kind, int]:
    """How many there are of each kind, worst kind first."""
    counts = Counter(each.kind for each in findings)
    return {kind: counts[kind] for kind in Kind if counts[kind]}
