"""What is missing, by reason, and the longest pieces of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from market_data_assets.report.page.page_day import PageDay
from market_data_assets.report.page.section import NotThere, Section

REASONS: Mapping[str, str] = {
    "not_listed": "the vendor says the instrument did not trade there that day",
    "not_available_yet": "the vendor has not published the file yet",
    "not_materialized": "no run has asked for the file",
    "failed": "the last attempt ended in an error",
    "schema_drift": "the file was refused: other columns than promised",
    "damaged_file": "the file was refused: cut or corrupt",
    "bad_data": "the file was refused: too many impossible values",
    "too_large": "the file was refused: larger than the limits allow",
    "empty_file": "the file has no rows although the instrument was active",
    "gap": "a span without the rows that others prove",
    "skipped_ids": "single trades that the venue numbered and nobody delivered",
    "unknown_symbol": "no rule knows the symbol",
}
"""Reasons of the report in words; every other one is that of rows that were set aside."""
_LONGEST = 15


@dataclass(frozen=True, slots=True)
class Reason:
    """All findings of one reason.

    Attributes:
        time: Sum of the missing time, µs, over instruments and data types.
        rows: Rows set aside or known to be missing; None where nobody can know of any.
        bar: ``time`` as a share of the largest one, in [0, 1].
    """

    name: str
    meaning: str
    findings: int
    instruments: int
    time: int
    rows: int | None
    bar: float


@dataclass(frozen=True, slots=True)
class Piece:
    """One finding of the report."""

    instrument: str
    data_type: str
    reason: str
    span: str
    time: int
    rows: int | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The reasons, those with the most missing time first, and the longest pieces."""

    reasons: Sequence[Reason]
    pieces: Sequence[Piece]
    findings: int


def gather(page: PageDay) -> Missing | NotThere:
    """What is missing of a day."""
    report = page.missing
    if report is None:
        return NotThere("The report of what is missing is not stored for this day: the job missing_data makes it.")
    if not report.num_rows:
        if not page.expected:
            return NotThere("Nothing was expected of this day, so nothing is missing.")
        return NotThere("Nothing is missing: every file that was expected is stored, and no hole was found in any.")
    return Missing(_by_reason(report), _longest(report), report.num_rows)


def _by_reason(report: pa.Table) -> Sequence[Reason]:
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in report.select(["instrument_id", "reason", "missing_us", "rows"]).to_pylist():
        rows[row["reason"]].append(row)
    times = {reason: sum(row["missing_us"] for row in found) for reason, found in rows.items()}
    largest = max(times.values()) or 1
    reasons = [
        Reason(
            reason,
            REASONS.get(reason, "rows were set aside, and are kept in quarantine"),
            len(found),
            len({row["instrument_id"] for row in found} - {None}),
            times[reason],
            sum(known) if (known := [row["rows"] for row in found if row["rows"] is not None]) else None,
            times[reason] / largest,
        )
        for reason, found in rows.items()
    ]
    return sorted(reasons, key=lambda each: (-each.time, -each.findings, each.name))


def _longest(report: pa.Table) -> Sequence[Piece]:
    order = pa.compute.sort_indices(report, [("missing_us", "descending"), ("rows", "descending"), ("instrument_id", "ascending")])
    return [
        Piece(
            row["instrument_id"] or NO_INSTRUMENT,
            row["data_type"] or "",
            row["reason"],
            "" if row["missing_from"] is None else f"{row['missing_from']:%H:%M:%S} to {_end(row)}",
            row["missing_us"],
            row["rows"],
            row["evidence"],
        )
        for row in report.take(order.slice(0, _LONGEST)).to_pylist()
    ]


def _end(row: Mapping[str, Any]) -> str:
    """The end as a time of the day: midnight is 24:00."""
    end = row["missing_to"]
    return f"{end:%H:%M:%S}" if end.date() == row["missing_from"].date() else "24:00:00"


NO_INSTRUMENT = "(no id)"
"""Stands for a symbol that no rule maps."""

MISSING = Section(
    "missing",
    "What is missing, and why",
    "Expected is every data type that the vendor lists an instrument with, for the time in which it was listed. Time is summed over"
    " instruments and data types.",
    gather,
)
