"""A raw asset failed → the report of what is missing, which Dagster skips in such a run, and which is wanted most just then."""

import dagster as dg

from market_data_assets.defs.automation import Automation, trigger
from market_data_assets.defs.day_runs import PARTITION_TAG
from market_data_assets.defs.jobs import JOBS, MISSING_JOB
from market_data_assets.domain.schemas import RAW

NAME = "report_after_failure"
_RETRY_TAG = "dagster/will_retry"
_RAW_STEPS = frozenset("__".join(dataset.key) for dataset in RAW)


def report_after_failure(automation: Automation) -> dg.SensorDefinition:
    """The report of each day of which a run failed at a raw asset; what it lists is then asked for again, as of any other day."""

    @dg.run_failure_sensor(
        name=NAME,
        request_jobs=[job for job in JOBS if job.name == MISSING_JOB],
        default_status=automation.of_sensors,
        description="After a run in which a raw asset failed: the report of what is missing of that day, which the run itself could not"
        " make. At most five runs a tick; none for a run that is tried again as a whole.",
    )
    def _failed(context: dg.RunFailureSensorContext) -> dg.RunRequest | dg.SkipReason:
        run = context.dagster_run
        day = run.tags.get(PARTITION_TAG)
        failed = {event.step_key for event in context.get_step_failure_events()}
        if day is None or not failed & _RAW_STEPS:
            return dg.SkipReason(f"run {run.run_id} of {run.job_name} did not fail at a raw asset of a day")
        if run.tags.get(_RETRY_TAG) == "true":
            return dg.SkipReason(f"run {run.run_id} of {run.job_name} is tried again")
        return dg.RunRequest(run_key=f"report:{run.run_id}", job_name=MISSING_JOB, partition_key=day, tags=dict(trigger(NAME)))

    return _failed
