"""The quality reports of a day: one table per step of checks, with the verdict of each check and the worst it found."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa

from market_data_assets.compute.quality.findings import Finding, worst_first
from market_data_assets.domain.datasets import TIMESTAMP, Column, Dataset, Grain
from market_data_assets.domain.days import to_datetime, to_instant
from market_data_assets.domain.schemas import RAW

KEPT_FINDINGS = 200
"""The worst findings of a check that are kept; how many there were is kept too."""

STEPS = (*(dataset.name for dataset in RAW), "book_staleness", "candles", "exchange_candles", "book_snapshots", "warehouse", "features")
"""The steps of checks that a day goes through, in its order."""

_TEXT, _WHOLE, _FLAG = pa.string(), pa.int64(), pa.bool_()

_COLUMNS: Mapping[str, Column] = {
    "table": Column(_TEXT, "", "what was judged: tier and name, such as processed_candles/candles_1m", nullable=False),
    "check": Column(_TEXT, "", "name of the check", nullable=False),
    "passed": Column(_FLAG, "", "nothing was found", nullable=False),
    "stops": Column(
        _FLAG, "", "the day is wrong: an error, and of a blocking check the end of what follows; else a warning", nullable=False
    ),
    "summary": Column(_TEXT, "", "the verdict in a sentence", nullable=False),
    "looked_at_rows": Column(_WHOLE, "1", "rows that the check looked at", nullable=False),
    "looked_at_instruments": Column(_WHOLE, "1", "instruments that the check looked at", nullable=False),
    "failed_instruments": Column(_WHOLE, "1", "instruments with a finding", nullable=False),
    "findings": Column(_WHOLE, "1", f"how many findings there were, of which the worst {KEPT_FINDINGS} have a row", nullable=False),
    "notes": Column(_TEXT, "JSON", "what else the check counted", nullable=False),
    "instrument_id": Column(_TEXT, "", "canonical id; null where the day as a whole is meant, or nothing was found"),
    "problem": Column(_TEXT, "", "in a word, such as conflicting_ids; null where nothing was found"),
    "found": Column(_WHOLE, "1", "rows (buckets, values, µs) that have the problem"),
    "looked_at": Column(_WHOLE, "1", "how many of them were judged"),
    "wrong": Column(_FLAG, "", "numbers computed from it would be wrong; else they are merely thin, or worth a look"),
    "first_at": Column(TIMESTAMP, "µs UTC", "exchange time of the first such row; null where no row is"),
    "detail": Column(_TEXT, "", "what was found and what was expected"),
}


def _report(step: str) -> Dataset:
    return Dataset(
        tier="quality_reports",
        name=f"checks_{step}",
        partition=f"checks-{step}",
        grain=Grain.DAY,
        doc="What a step of checks found in the day: a row per finding, the worst first, and one for each check that found nothing."
        " What is said of a check as a whole stands in each of its rows.",
        columns=_COLUMNS,
    )


QUALITY_REPORTS: Mapping[str, Dataset] = {step: _report(step) for step in STEPS}
"""Name of the step → its report."""
_SCHEMA = QUALITY_REPORTS[STEPS[0]].schema


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check says of one table on one day.

    Attributes:
        table: Tier and name, such as ``processed_candles/candles_1m``.
        stops: The day is wrong, not merely thin.
        failed_instruments, findings: How many there were, those that are not among ``worst`` too.
        notes: What else was counted: numbers, text, or lists of records of these.
        worst: The first :data:`KEPT_FINDINGS` of the findings, the worst first.
    """

    table: str
    check: str
    stops: bool
    looked_at_rows: int
    looked_at_instruments: int
    failed_instruments: int
    findings: int
    notes: Mapping[str, Any]
    worst: Sequence[Finding]
    summary: str

    @property
    def passed(self) -> bool:
        """Nothing was found."""
        return not self.findings


def report_table(verdicts: Iterable[Verdict]) -> pa.Table:
    """The report, in the order of the verdicts."""
    return pa.Table.from_pylist([row for verdict in verdicts for row in _rows(verdict)], schema=_SCHEMA)


def verdicts_of(report: pa.Table) -> Sequence[Verdict]:
    """The verdicts that a stored report holds: the inverse of :func:`report_table`."""
    return [_verdict(list(rows)) for _, rows in groupby(report.to_pylist(), lambda row: (row["table"], row["check"]))]


def kept(findings: Iterable[Finding]) -> Sequence[Finding]:
    """Those of the findings that a report keeps, the worst first."""
    return tuple(worst_first(findings)[:KEPT_FINDINGS])


def _rows(verdict: Verdict) -> Sequence[Mapping[str, object]]:
    common: dict[str, object] = {
        "table": verdict.table,
        "check": verdict.check,
        "passed": verdict.passed,
        "stops": verdict.stops,
        "summary": verdict.summary,
        "looked_at_rows": verdict.looked_at_rows,
        "looked_at_instruments": verdict.looked_at_instruments,
        "failed_instruments": verdict.failed_instruments,
        "findings": verdict.findings,
        "notes": json.dumps(verdict.notes, sort_keys=True),
    }
    return [{**common, **_finding_cells(each)} for each in verdict.worst] or [common]


def _finding_cells(finding: Finding) -> Mapping[str, object]:
    return {
        "instrument_id": finding.instrument or None,
        "problem": finding.problem,
        "found": finding.found,
        "looked_at": finding.looked_at,
        "wrong": finding.wrong,
        "first_at": None if finding.first_at is None else to_datetime(finding.first_at),
        "detail": finding.detail,
    }


def _verdict(rows: Sequence[Mapping[str, Any]]) -> Verdict:
    first = rows[0]
    return Verdict(
        table=first["table"],
        check=first["check"],
        stops=first["stops"],
        looked_at_rows=first["looked_at_rows"],
        looked_at_instruments=first["looked_at_instruments"],
        failed_instruments=first["failed_instruments"],
        findings=first["findings"],
        notes=json.loads(first["notes"]),
        worst=tuple(_finding(row) for row in rows if row["problem"] is not None),
        summary=first["summary"],
    )


def _finding(row: Mapping[str, Any]) -> Finding:
    first_at = None if row["first_at"] is None else to_instant(row["first_at"])
    return Finding(row["instrument_id"] or "", row["problem"], row["found"], row["looked_at"], row["wrong"], first_at, row["detail"])
