"""Materializing days in this process, without a daemon or a web server."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import dagster as dg

from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.defs.assets.daily_page import DAILY_PAGE
from market_data_assets.defs.failures import root_cause
from market_data_assets.defs.jobs import DAILY_JOB, INGEST_JOB, MISSING_JOB
from market_data_assets.defs.sensors.event_walk import UNCHANGED_STATUSES
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.schemas import INSTRUMENTS, RAW

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_TICKS = [asset_key(dataset) for dataset in (INSTRUMENTS, *RAW)]
# Arrow raises Python's own while it reads a file; everything else is interrupted by Dagster's.
_INTERRUPTIONS = {dg.DagsterExecutionInterruptedError.__name__, KeyboardInterrupt.__name__}


@dataclass(frozen=True, slots=True)
class AssetOutcome:
    """What became of one asset's partition.

    Attributes:
        status: What the write said, such as ``unchanged``; empty where an asset says nothing of it.
        error: One line; None where the partition was committed.
    """

    asset: str
    rows: int = 0
    instruments: int = 0
    bytes: int = 0
    status: str = ""
    error: str | None = None

    @property
    def is_unchanged(self) -> bool:
        """There was nothing to do, or it was done and found to be the same."""
        return self.status in UNCHANGED_STATUSES


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """What became of one day: the assets in the order they finished, failures last."""

    day: dt.date
    assets: Sequence[AssetOutcome]

    @property
    def failed(self) -> bool:
        return any(asset.error is not None for asset in self.assets)


def steps_of(definitions: dg.Definitions, days: int) -> int:
    """How many steps :func:`run_days` takes for so many days."""
    daily, fetching = definitions.resolve_job_def(DAILY_JOB), definitions.resolve_job_def(INGEST_JOB).get_subset(asset_selection={*_TICKS})
    return days * len(daily.all_node_defs) + (days - 1) * len(fetching.all_node_defs)


def run_days(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    days: Sequence[dt.date],
    instruments: Sequence[str] = (),
    on_step: Callable[[dt.date, str], None] = lambda _day, _step: None,
) -> Iterator[DayOutcome]:
    """Materialize ``days``, ascending, as :func:`run_day` does each.

    The vendor's file of a day holds the last rows of the day before. So the ticks of the next day are fetched before a day is
    computed, and every day but the last is final when it is made.
    """
    fetched: Mapping[str, AssetOutcome] = {}
    for day, following in zip(days, [*days[1:], None], strict=True):
        ahead = {} if following is None else _fetch(definitions, instance, following, instruments, partial(on_step, following))
        outcome = run_day(definitions, instance, day, instruments, partial(on_step, day))
        yield replace(outcome, assets=[_as_fetched(asset, fetched) for asset in outcome.assets])
        fetched = ahead


def _fetch(
    definitions: dg.Definitions, instance: dg.DagsterInstance, day: dt.date, instruments: Sequence[str], on_step: Callable[[str], None]
) -> Mapping[str, AssetOutcome]:
    """What the vendor has of ``day``; what fails is tried again, and told, when the day itself is made."""
    result = _execute(definitions, INGEST_JOB, instance, day, instruments=instruments, on_step=on_step, only=_TICKS)
    return {outcome.asset: outcome for outcome in _materialized(result)}


def _as_fetched(outcome: AssetOutcome, fetched: Mapping[str, AssetOutcome]) -> AssetOutcome:
    """What was done for a day ahead of it, where there was nothing left to do."""
    return fetched.get(outcome.asset, outcome) if outcome.is_unchanged else outcome


def run_day(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    day: dt.date,
    instruments: Sequence[str] = (),
    on_step: Callable[[str], None] = lambda _step: None,
) -> DayOutcome:
    """Materialize every asset of ``day``, or of the instruments that match the patterns; calls ``on_step`` as each step ends.

    Raises:
        KeyboardInterrupt: it was interrupted. What was committed is intact.
    """
    result = _execute(definitions, DAILY_JOB, instance, day, instruments=instruments, on_step=on_step)
    outcomes = [*_materialized(result), *_failures(result)]
    return DayOutcome(day, outcomes if result.success else [*_reported(definitions, instance, day, outcomes), *outcomes])


def _execute(
    definitions: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    day: dt.date,
    *,
    instruments: Sequence[str] = (),
    on_step: Callable[[str], None] = lambda _step: None,
    only: Sequence[dg.AssetKey] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run a job, or some of its assets.

    Raises:
        KeyboardInterrupt: it was interrupted.
    """

    @dg.success_hook
    def succeeded(context: dg.HookContext) -> None:
        on_step(context.op.name)

    @dg.failure_hook
    def failed(context: dg.HookContext) -> None:
        on_step(context.op.name)

    config: dict[str, object] = dict(QUIET)
    if instruments:
        config["resources"] = {"selection": {"config": {"instruments": list(instruments)}}}
    hooked = definitions.resolve_job_def(job).with_hooks({succeeded, failed})
    result = hooked.execute_in_process(
        partition_key=day.isoformat(), instance=instance, run_config=config, raise_on_error=False, asset_selection=only
    )
    _require_uninterrupted(result)
    return result


def _reported(
    definitions: dg.Definitions, instance: dg.DagsterInstance, day: dt.date, outcomes: Sequence[AssetOutcome]
) -> Sequence[AssetOutcome]:
    """The report of what is missing and the day's page, which Dagster skips when something before them failed, and which are wanted most
    just then.
    """
    stored = {outcome.asset for outcome in outcomes if outcome.error is None}
    # Without instruments nobody can say what was expected; the page says even that.
    possible = [asset_key(MISSING_REPORT), DAILY_PAGE] if str(INSTRUMENTS) in stored else [DAILY_PAGE]
    wanted = [key for key in possible if key.to_user_string() not in stored]
    if not wanted:
        return []
    result = _execute(definitions, MISSING_JOB, instance, day, only=wanted)
    return [*_materialized(result), *_failures(result)]


def _require_uninterrupted(result: dg.ExecuteInProcessResult) -> None:
    """End with Ctrl-C what Ctrl-C ended: Dagster makes it a failure of the run, after which the next day would begin.

    Raises:
        KeyboardInterrupt: the run was interrupted.
    """
    errors = [event.job_failure_data.error for event in _of(result, "PIPELINE_FAILURE")]
    if any(error is not None and error.cls_name in _INTERRUPTIONS for error in errors):
        raise KeyboardInterrupt


def _materialized(result: dg.ExecuteInProcessResult) -> list[AssetOutcome]:
    outcomes = []
    for event in result.get_asset_materialization_events():
        facts = event.step_materialization_data.materialization.metadata
        outcomes.append(
            AssetOutcome(
                event.asset_key.to_user_string() if event.asset_key else "",
                rows=_number(facts, "dagster/partition_row_count"),
                instruments=_number(facts, "instruments"),
                bytes=_number(facts, "bytes"),
                status=str(facts["status"].value) if "status" in facts else "",
            )
        )
    return outcomes


def _number(facts: Mapping[str, dg.MetadataValue[Any]], key: str) -> int:
    value = facts[key].value if key in facts else 0
    return int(value) if isinstance(value, int | float) else 0


def _failures(result: dg.ExecuteInProcessResult) -> list[AssetOutcome]:
    """The steps that failed; or the run itself, where it failed before or between its steps."""
    steps = _of(result, "STEP_FAILURE")
    failures = [AssetOutcome(step.step_key or "", error=root_cause(step.step_failure_data.error)) for step in steps]
    if not result.success and not failures:
        runs = _of(result, "PIPELINE_FAILURE")
        return [AssetOutcome("the run", error=root_cause(run.job_failure_data.error)) for run in runs]
    return failures


def _of(result: dg.ExecuteInProcessResult, kind: str) -> list[dg.DagsterEvent]:
    return [event for event in result.all_events if event.event_type_value == kind]
