"""Run failure → notification: what failed, why, and where to look, told once for each run."""

import dagster as dg

from market_data_assets.defs.automation import Automation
from market_data_assets.defs.day_runs import PARTITION_TAG
from market_data_assets.defs.failures import root_cause
from market_data_assets.defs.notifier import NotificationFailed, Notifier

_NOTIFIED_TAG = "market_data/notified"
_RETRY_TAG = "dagster/will_retry"
_SHOWN = 3
_LISTED = 50
_LONGEST = 300
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def failure_notification(automation: Automation) -> dg.SensorDefinition:
    """Every failed run of this code location, in the order they failed; on from the start where there is somebody to tell."""

    @dg.run_failure_sensor(
        name="failure_notification",
        default_status=dg.DefaultSensorStatus.RUNNING if automation.notifies else automation.of_sensors,
        description="Tells the webhook MDA_NOTIFY_URL of each failed run: what failed, the first line of why, and a link. Without a URL"
        " it stands in the log only. At most five runs a tick; what cannot be delivered in three attempts is logged and let go.",
    )
    def _failed(context: dg.RunFailureSensorContext, notifier: Notifier) -> None:
        run, instance = context.dagster_run, context.instance
        # Dagster's cursor moves on after the tick: one that was cut short between two runs tells of the first again.
        if _NOTIFIED_TAG in _tags_now(instance, run.run_id):
            return
        message = failure_message(context, notifier)
        try:
            outcome = "sent" if notifier.send(message) else "nobody to tell"
        except NotificationFailed as error:
            outcome = f"not delivered: {error}"
        context.log.info("%s (%s)", message["text"], outcome)
        instance.add_run_tags(run.run_id, {_NOTIFIED_TAG: outcome})

    return _failed


def failure_message(context: dg.RunFailureSensorContext, notifier: Notifier) -> dict[str, object]:
    """What is told of a failed run.

    Returns:
        ``text``, one line as Slack takes it; ``job``, ``day`` (None for a run of no partition), ``run_id``, ``url`` of its page, and
        ``failures``: of each failed step its name and the first line of the root cause, the first fifty.
    """
    run = context.dagster_run
    failures = _failures(context)
    day, url = run.tags.get(PARTITION_TAG), notifier.run_url(run.run_id)
    listed = [{"step": step, "error": error} for step, error in failures[:_LISTED]]
    shown = "; ".join(f"{step}: {error}" for step, error in failures[:_SHOWN])
    more = f"; and {len(failures) - _SHOWN} more" if len(failures) > _SHOWN else ""
    head = f"{run.job_name}{f' of {day}' if day else ''} failed{_retried(run)}: {_counted(failures)}"
    return {"text": _escaped(f"{head}. {shown}{more}. {url}"), "job": run.job_name, "day": day, "run_id": run.run_id, "url": url} | {
        "failures": listed
    }


def _failures(context: dg.RunFailureSensorContext) -> list[tuple[str, str]]:
    """Step and error of each failed step; of the run as a whole where it failed before or between its steps."""
    steps = [(event.step_key or "", _line(event.step_failure_data.error)) for event in context.get_step_failure_events()]
    # A step that was tried again has an event for its last attempt alone, but a resumed run may repeat one.
    if steps:
        return list(dict(steps).items())
    event = context.failure_event
    error = event.job_failure_data.error
    return [("the run", _line(error) if error is not None else (event.message or "failed").splitlines()[0][:_LONGEST])]


def _line(error: object) -> str:
    text = root_cause(error)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _counted(failures: list[tuple[str, str]]) -> str:
    return "1 step" if len(failures) == 1 else f"{len(failures)} steps"


def _retried(run: dg.DagsterRun) -> str:
    return " and will be retried" if run.tags.get(_RETRY_TAG) == "true" else ""


def _tags_now(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    run = instance.get_run_by_id(run_id)
    return {} if run is None else dict(run.tags)


def _escaped(text: str) -> str:
    """Slack reads these three characters as markup."""
    return "".join(_ESCAPES.get(character, character) for character in text)
