"""What an asset check is and how it reports: how much was looked at, what failed, which instruments, the worst of them."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from market_data_assets.compute.quality.findings import Finding, any_wrong, findings_table
from market_data_assets.compute.quality.record import Verdict, kept
from market_data_assets.compute.quality.wording import summary_of

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of check.

    Attributes:
        description: What passes; for the UI.
        blocking: Whether it stops what is downstream when ``stops`` says so.
        stops: From the findings and the number of instruments judged, whether the day is wrong (an error) or merely thin (a warning).
        version: Raised when the same rows are judged in another way; stored reports are then made again.
    """

    name: str
    description: str
    blocking: bool = False
    stops: Callable[[Iterable[Finding], int], bool] = any_wrong
    version: int = 1

    def spec(self, asset: dg.AssetKey, additional_deps: Sequence[dg.AssetKey] = ()) -> dg.AssetCheckSpec:
        """Its declaration for an asset.

        Without a partitions_def, which Dagster 1.13 still calls a preview, with a warning: the run's partition says which day.
        """
        return dg.AssetCheckSpec(
            self.name, asset=asset, description=self.description, blocking=self.blocking, additional_deps=additional_deps
        )


@dataclass(slots=True)
class Judged:
    """What one check of one table has looked at so far, and what it found.

    Attributes:
        notes: What else an operator wants to know, for the metadata: numbers, text, or lists of records of these.
    """

    instruments: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    def add(self, rows: int, findings: Iterable[Finding]) -> None:
        """One more instrument."""
        self.instruments, self.rows = self.instruments + 1, self.rows + rows
        self.findings += findings

    def verdict(self, table: dg.AssetKey, check: Check) -> Verdict:
        """What ``check`` says of ``table``, for the report of the day."""
        return Verdict(
            table="/".join(table.path),
            check=check.name,
            stops=check.stops(self.findings, self.instruments),
            looked_at_rows=self.rows,
            looked_at_instruments=self.instruments,
            failed_instruments=len({each.instrument for each in self.findings if each.instrument}),
            findings=len(self.findings),
            notes=self.notes,
            worst=kept(self.findings),
            summary=summary_of(self.instruments, self.rows, self.findings),
        )


def result_of(verdict: Verdict, day: dt.date, *, reused: bool) -> dg.AssetCheckResult:
    """The result: passed without findings; else an error where they make the day wrong, and a warning where not."""
    worst_instruments = dict.fromkeys(each.instrument for each in verdict.worst if each.instrument)
    metadata: dict[str, Any] = {
        "day": day.isoformat(),
        "looked_at_rows": verdict.looked_at_rows,
        "looked_at_instruments": verdict.looked_at_instruments,
        "failed_instruments": verdict.failed_instruments,
        "findings": verdict.findings,
        "instruments": ", ".join([*worst_instruments][:SHOWN]),
        "reused": reused,
        **{name: _shown(value) for name, value in verdict.notes.items()},
    }
    if verdict.worst:
        metadata["worst"] = dg.MetadataValue.table(_worst(verdict.worst))
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(verdict.table.split("/")),
        check_name=verdict.check,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.ERROR if verdict.stops else dg.AssetCheckSeverity.WARN,
        description=verdict.summary,
        metadata=metadata,
    )


def _shown(note: Any) -> Any:
    """A note as metadata: a list of records is a table."""
    is_table = isinstance(note, list) and note and isinstance(note[0], Mapping)
    return dg.MetadataValue.table([dg.TableRecord(record) for record in note]) if is_table else note


def _worst(findings: Iterable[Finding]) -> list[dg.TableRecord]:
    rows = findings_table(findings).slice(0, SHOWN).to_pylist()
    return [dg.TableRecord({name: _cell(value) for name, value in row.items()}) for row in rows]


def _cell(value: object) -> str | int | float | bool:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03}"
    return value if isinstance(value, str | int | float | bool) else ""
