"""A step of checks: judges the tables it is about, keeps its verdicts as the day's quality report, and reuses them.

A report names what it was made from: the content of the stored days that were read, and the checks themselves. While these are the
same, the verdicts are, and no file is read for them. Every table of the step that is stored is judged, whatever the run asked for, so
that a report is always of the whole step; the run gets the results that it asked for.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import dagster as dg

from market_data_assets.compute.quality.record import QUALITY_REPORTS, Verdict, report_table, verdicts_of
from market_data_assets.defs.checks.reporting import Check, Judged, result_of
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.domain.datasets import Dataset, TableFrame
from market_data_assets.errors import CorruptPartition, MarketDataError, PartitionMissing, UnsupportedFormat
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.manifest import schema_fingerprint

_CHECKS = "checks"
_OPEN = {"unsettled": "yes"}
"""Beside the inputs of a report that is never reused."""

Judgements = Mapping[tuple[dg.AssetKey, Check], Judged]


@dataclass(frozen=True)
class Step:
    """A step of checks.

    Attributes:
        name: One of those with a quality report.
        checks: The checks of each table.
        waits_for: Assets that are read beside the tables.
    """

    name: str
    checks: Mapping[dg.AssetKey, Sequence[Check]]
    waits_for: Sequence[dg.AssetKey] = ()

    @property
    def report(self) -> Dataset:
        """The record of its reports."""
        return QUALITY_REPORTS[self.name]

    @property
    def specs(self) -> list[dg.AssetCheckSpec]:
        """The declarations of its checks."""
        return [check.spec(table, self.waits_for) for table, checks in self.checks.items() for check in checks]

    @cached_property
    def version(self) -> str:
        """What identifies the checks and the columns of the report."""
        checks = [[*table.path, check.name, check.description, check.version] for table, each in self.checks.items() for check in each]
        return _digest([schema_fingerprint(self.report), *checks])

    def selected(self, context: dg.AssetCheckExecutionContext) -> Sequence[dg.AssetKey]:
        """The tables of which the run asks for some check."""
        wanted = {key.asset_key for key in context.selected_asset_check_keys}
        return [table for table in self.checks if table in wanted]

    def day(self, context: dg.AssetCheckExecutionContext, lake: Lake, datasets: Mapping[dg.AssetKey, Dataset]) -> dt.date:
        """The day of the run's partition; the last one stored of the first table where a check is run without a partition."""
        run = context.op_execution_context
        return day_of_partition(run.partition_key) if run.has_partition_key else max(lake.days(datasets[self.selected(context)[0]]))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What verdicts rest on.

    Attributes:
        inputs: Gives the identity of everything that ``judge`` reads, by name, without reading any file of rows.
        judge: Judges every table that is stored.
        is_settled: Whether judging the same inputs again would give the same verdicts: not so where others were asked, and did not
            answer.
    """

    inputs: Callable[[], Mapping[str, str]]
    judge: Callable[[], Judgements]
    is_settled: Callable[[Judgements], bool] = lambda _: True


def check_results(
    context: dg.AssetCheckExecutionContext, step: Step, lake: Lake, day: dt.date, evidence: Evidence, *, anew: bool
) -> Iterator[dg.AssetCheckResult]:
    """The results that the run asked for, from the stored report where it still holds, else from a new one; from that ``anew``."""
    inputs, report = {**evidence.inputs(), _CHECKS: step.version}, _DayReport(lake, step.report, day)
    verdicts = None if anew else report.verdicts(inputs)
    reused = verdicts is not None
    if verdicts is None:
        judged = evidence.judge()
        verdicts = [each.verdict(table, check) for (table, check), each in judged.items()]
        # A day that another run has written meanwhile is judged by that run.
        if {**evidence.inputs(), _CHECKS: step.version} == inputs:
            report.keep(context, verdicts, inputs if evidence.is_settled(judged) else inputs | _OPEN)
    wanted = context.selected_asset_check_keys
    for verdict in verdicts:
        result = result_of(verdict, day, reused=reused)
        if result.asset_key is not None and dg.AssetCheckKey(result.asset_key, verdict.check) in wanted:
            yield result


def stored_content(lake: Lake, day: dt.date, datasets: Iterable[Dataset], required: Iterable[Dataset] = ()) -> Mapping[str, str]:
    """The content hash of each dataset's day, of those that are stored.

    Raises:
        PartitionMissing: one of those ``required`` is not.
    """
    needed, found = set(required), dict[str, str]()
    for dataset in datasets:
        try:
            found[f"{dataset}/{day}"] = lake.manifest(dataset, day).content.content_hash
        except PartitionMissing:
            if dataset in needed:
                raise
    return found


def digest_of(names: Iterable[object]) -> str:
    """The identity of a list of names or days, in any order."""
    return _digest(sorted(map(str, names)))


@dataclass(frozen=True, slots=True)
class _DayReport:
    """The report of one step and day."""

    lake: Lake
    dataset: Dataset
    day: dt.date

    def verdicts(self, inputs: Mapping[str, str]) -> Sequence[Verdict] | None:
        """The verdicts that were made from exactly these inputs, if they are stored and can be read."""
        with suppress(PartitionMissing, CorruptPartition, UnsupportedFormat):
            if self.lake.manifest(self.dataset, self.day).content.inputs == inputs:
                return verdicts_of(self.lake.read_table(self.dataset, self.day))
        return None

    def keep(self, context: dg.AssetCheckExecutionContext, verdicts: Sequence[Verdict], inputs: Mapping[str, str]) -> None:
        """Commit the report. The verdicts hold without it, so that nothing which goes wrong here may stop the day."""
        table, version = TableFrame(report_table(verdicts)), self.dataset.code_version
        try:
            self.lake.write_table(self.dataset, self.day, table, inputs=inputs, run_id=context.run.run_id, code_version=version)
        except MarketDataError as error:
            context.log.warning(f"the quality report {self.dataset} of {self.day} was not stored: {error}")


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
