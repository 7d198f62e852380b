"""Evaluating a sensor of the real graph on a real instance, as the daemon does, and running what it asks for."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from market_data_assets.defs.runs import QUIET
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset


@dataclass
class Ticker:
    """One sensor; keeps the cursor from one tick to the next."""

    repository: dg.RepositoryDefinition
    instance: dg.DagsterInstance
    name: str
    cursor: str | None = None
    skipped: str | None = field(default=None, init=False)

    def tick(self) -> Sequence[dg.RunRequest]:
        """What one evaluation asks for; ``skipped`` says why it is nothing."""
        sensor = self.repository.get_sensor_def(self.name)
        resources = {key: self.repository.get_top_level_resources()[key] for key in sensor.required_resource_keys}
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, repository_def=self.repository, sensor_name=self.name, resources=resources
        ) as context:
            done = sensor.evaluate_tick(context)
        self.cursor, self.skipped = done.cursor, done.skip_message
        return done.run_requests or []

    def run(self, request: dg.RunRequest, only: Sequence[Dataset]) -> bool:
        """Whether the run that was asked for succeeds in this process; of its assets those of ``only``, to be quick."""
        job = request.job_name or self.repository.get_sensor_def(self.name).job_name
        return execute(self.repository, self.instance, job, str(request.partition_key), only, tags=request.tags)


def execute(
    repository: dg.RepositoryDefinition,
    instance: dg.DagsterInstance,
    job: str,
    partition: str,
    only: Sequence[Dataset],
    *,
    tags: Mapping[str, str] | None = None,
) -> bool:
    """Whether a run of some assets of a job, without their checks, succeeds."""
    done = repository.get_job(job).execute_in_process(
        instance=instance,
        partition_key=partition,
        tags=dict(tags or {}),
        run_config=QUIET,
        asset_selection=[asset_key(each) for each in only],
    )
    return done.success


def report(instance: dg.DagsterInstance, dataset: Dataset, *days: dt.date, status: str = "committed") -> None:
    """Materializations as of a run that made nothing else."""
    for day in days:
        event = dg.AssetMaterialization(asset_key(dataset), partition=day.isoformat(), metadata={"status": status})
        instance.report_runless_asset_event(event)


def add_run(
    instance: dg.DagsterInstance,
    day: dt.date,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.NOT_STARTED,
    *,
    job: str = "daily",
    instruments: Sequence[str] = (),
) -> str:
    """A run of the day as it stands in the instance; nothing is executed."""
    config = {"resources": {"selection": {"config": {"instruments": list(instruments)}}}} if instruments else {}
    run = dg.DagsterRun(job_name=job, status=status, run_config=config, tags={"dagster/partition": day.isoformat()})
    instance.add_run(run)
    return run.run_id


def days_of(requests: Sequence[dg.RunRequest]) -> list[str]:
    return [str(request.partition_key) for request in requests]
