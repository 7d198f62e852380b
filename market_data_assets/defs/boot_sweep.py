"""Runs whose process ended without a word, after a reboot or a kill: reported failed, and what they held of the pools is freed.

Such a run would stay "started" for ever and keep others out of its pools. Queued runs stay in the queue.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from dagster._core.storage.dagster_run import RunRecord

from market_data_assets.defs.run_workers import Worker, boot_time, worker_of

_LEFT_BEHIND = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
# Daemons write one every 30 s.
_HEARTBEAT_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class SweptRun:
    """One run that was left behind.

    Attributes:
        partition: Its day, where it has one.
        was: The status in which it was found.
        became: The status it has now: FAILURE, or CANCELED where it was being cancelled.
        slots: How many places in pools it held.
    """

    run_id: str
    job: str
    partition: str | None
    was: str
    became: str
    slots: int

    def __str__(self) -> str:
        day = f" of {self.partition}" if self.partition else ""
        freed = f", {self.slots} pool slot(s) freed" if self.slots else ""
        return f"run {self.run_id[:8]}{day} ({self.job}) was {self.was}, its process is gone: {self.became}{freed}"


def daemon_is_alive(instance: dg.DagsterInstance, now: dt.datetime) -> bool:
    """Whether a daemon of this instance said within the last 90 s that it is there, and this machine has not been started since."""
    booted = boot_time() or 0.0
    beats = [heartbeat.timestamp for heartbeat in instance.get_daemon_heartbeats().values()]
    return any(beat > booted and now.timestamp() - beat < _HEARTBEAT_SECONDS for beat in beats)


def sweep_runs(instance: dg.DagsterInstance, now: dt.datetime) -> Sequence[SweptRun]:
    """Report every run failed whose process is gone, and free its slots; the oldest first.

    A run that has named no process yet is left to the daemon where one is alive: it may be about to start. Safe at any time, also beside
    a daemon and beside `market-data run`, whose process is there.
    """
    records = instance.get_run_records(filters=dg.RunsFilter(statuses=_LEFT_BEHIND), ascending=True)
    dead = {Worker.GONE} if daemon_is_alive(instance, now) else {Worker.GONE, Worker.UNKNOWN}
    return [_sweep(instance, record) for record in records if worker_of(instance, record.dagster_run.run_id) in dead]


def _sweep(instance: dg.DagsterInstance, record: RunRecord) -> SweptRun:
    run = record.dagster_run
    message = "The process of this run is gone: the machine was restarted, or it was killed."
    if run.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, message=message)
        became = dg.DagsterRunStatus.CANCELED
    else:
        instance.report_run_failed(run, message=message)
        became = dg.DagsterRunStatus.FAILURE
    log = instance.event_log_storage
    slots = 0
    for pool in log.get_concurrency_keys():
        slots += sum(claim.run_id == run.run_id for claim in log.get_concurrency_info(pool).claimed_slots)
    log.free_concurrency_slots_for_run(run.run_id)
    return SweptRun(run.run_id, run.job_name, run.tags.get("dagster/partition"), run.status.value, became.value, slots)
