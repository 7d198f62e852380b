"""What a quality check found: one record per instrument and problem, and all of them in one frame."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP

_FIELDS: list["pa.Field[pa.DataType]"] = [
    pa.field("instrument_id", pa.string(), nullable=False),
    pa.field("problem", pa.string(), nullable=False),
    pa.field("found", pa.int64(), nullable=False),
    pa.field("looked_at", pa.int64(), nullable=False),
    pa.field("wrong", pa.bool_(), nullable=False),
    pa.field("first_at", TIMESTAMP),
    pa.field("detail", pa.string(), nullable=False),
]
FINDINGS = pa.schema(_FIELDS)
"""The frame of findings. ``instrument_id`` is empty where the day as a whole is meant; ``first_at`` null where no row is."""

STOPPING_SHARE = 0.25
"""Share of the instruments from which on the same fault is one of the day and not of some instruments."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one instrument on one day.

    Attributes:
        instrument: Its id; empty where the day as a whole is meant.
        problem: In a word, such as ``conflicting_ids``.
        found, looked_at: Rows (buckets, values) that have it, and how many were judged.
        wrong: Numbers computed from it would be wrong; otherwise they are merely thin, or worth a look.
        first_at: Exchange time of the first such row, µs UTC.
        detail: What was found and what was expected, for a person.
    """

    instrument: str
    problem: str
    found: int
    looked_at: int
    wrong: bool = False
    first_at: int | None = None
    detail: str = ""

    @property
    def share(self) -> float:
        """Share of what was judged; 1 where nothing could be."""
        return self.found / self.looked_at if self.looked_at else 1.0


def findings_table(findings: Iterable[Finding]) -> pa.Table:
    """The findings as one frame: what is wrong first, then by share and number of rows, then by instrument."""
    ordered = worst_first(findings)
    return pa.table(
        {
            "instrument_id": [each.instrument for each in ordered],
            "problem": [each.problem for each in ordered],
            "found": [each.found for each in ordered],
            "looked_at": [each.looked_at for each in ordered],
            "wrong": [each.wrong for each in ordered],
            "first_at": pa.array([each.first_at for each in ordered], pa.int64()).cast(TIMESTAMP),
            "detail": [each.detail for each in ordered],
        },
        schema=FINDINGS,
    )


def worst_first(findings: Iterable[Finding]) -> Sequence[Finding]:
    """What is wrong first, then by share and number of rows, then by instrument and problem."""
    return sorted(findings, key=lambda each: (not each.wrong, -each.share, -each.found, each.instrument, each.problem))


def any_wrong(findings: Iterable[Finding], _instruments: int) -> bool:
    """Whether anything is wrong: the rule where the rows are of our own making, so that one fault is a fault of the code."""
    return any(each.wrong for each in findings)


def wrong_as_a_whole(findings: Iterable[Finding], instruments: int) -> bool:
    """Whether what is wrong makes the day wrong as a whole: the rule where one vendor file must not stop the others.

    So it is where :data:`STOPPING_SHARE` of the ``instruments`` judged have something wrong, and at least two of them, or
    all of them.
    """
    affected = {each.instrument for each in findings if each.wrong}
    if not affected:
        return False
    return "" in affected or len(affected) >= min(instruments, max(2, math.ceil(STOPPING_SHARE * instruments)))
