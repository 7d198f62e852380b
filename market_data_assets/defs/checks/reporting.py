"""What an asset check is and how it reports: how much was looked at, what failed, which instruments, the worst of them."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from market_data_assets.compute.quality.findings import Finding, any_wrong, findings_table
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset
from market_data_assets.storage.lake import Lake

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of check.

    Attributes:
        description: What passes; for the UI.
        blocking: Whether it stops what is downstream when ``stops`` says so.
        stops: From the findings and the number of instruments judged, whether the day is wrong (an error) or merely thin (a warning).
    """

    name: str
    description: str
    blocking: bool = False
    stops: Callable[[Iterable[Finding], int], bool] = any_wrong

    def spec(self, asset: dg.AssetKey, additional_deps: Sequence[dg.AssetKey] = ()) -> dg.AssetCheckSpec:
        """Its declaration for an asset.

        Without a partitions_def, which Dagster 1.13 still calls a preview, with a warning: the run's partition says which day.
        """
        return dg.AssetCheckSpec(
            self.name, asset=asset, description=self.description, blocking=self.blocking, additional_deps=additional_deps
        )


@dataclass(slots=True)
class Judged:
    """What one check of one asset has looked at so far, and what it found.

    Attributes:
        notes: What else an operator wants to know, for the metadata.
    """

    instruments: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    def add(self, rows: int, findings: Iterable[Finding]) -> None:
        """One more instrument."""
        self.instruments, self.rows = self.instruments + 1, self.rows + rows
        self.findings += findings


def report(check: Check, asset: dg.AssetKey, day: dt.date, judged: Judged) -> dg.AssetCheckResult:
    """The result: passed without findings; else an error where they make the day wrong, and a warning where not."""
    stops = check.stops(judged.findings, judged.instruments)
    failed = sorted({each.instrument for each in judged.findings if each.instrument})
    metadata: dict[str, Any] = {
        "day": day.isoformat(),
        "looked_at_rows": judged.rows,
        "looked_at_instruments": judged.instruments,
        "failed_instruments": len(failed),
        "instruments": failed[:SHOWN],
        **judged.notes,
    }
    if judged.findings:
        metadata["worst"] = dg.MetadataValue.table(_worst(judged.findings))
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check.name,
        passed=not judged.findings,
        severity=dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def reports(
    context: dg.AssetCheckExecutionContext, day: dt.date, judged: Mapping[tuple[Dataset, Check], Judged]
) -> Iterator[dg.AssetCheckResult]:
    """The results that the run asked for."""
    for (dataset, check), each in judged.items():
        if dg.AssetCheckKey(asset_key(dataset), check.name) in context.selected_asset_check_keys:
            yield report(check, asset_key(dataset), day, each)


def day_of_run(context: dg.AssetCheckExecutionContext, lake: Lake, dataset: Dataset) -> dt.date:
    """The day of the run's partition; the last one stored where a check is run without a partition."""
    run = context.op_execution_context
    return day_of_partition(run.partition_key) if run.has_partition_key else max(lake.days(dataset))


def selected(context: dg.AssetCheckExecutionContext, datasets: Iterable[Dataset]) -> Sequence[Dataset]:
    """The datasets of which the run asks for some check."""
    wanted = {key.asset_key for key in context.selected_asset_check_keys}
    return [dataset for dataset in datasets if asset_key(dataset) in wanted]


def _worst(findings: Iterable[Finding]) -> list[dg.TableRecord]:
    rows = findings_table(findings).slice(0, SHOWN).to_pylist()
    return [dg.TableRecord({name: _cell(value) for name, value in row.items()}) for row in rows]


def _cell(value: object) -> str | int | float | bool:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) else ""
