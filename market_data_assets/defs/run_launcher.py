"""Dagster's launcher for one machine, which also notices that the process of a run is gone."""

import time
from typing import Any

from dagster import DagsterRun
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

from market_data_assets.defs.run_workers import Worker, worker_of

# Ten times what a code server takes to start.
_PATIENCE_SECONDS = 120.0


class WatchedRunLauncher(DefaultRunLauncher):
    """Runs are processes of the code server, which reports those that die; of a code server that died with them, run monitoring asks here.

    A run whose code server was killed goes on without it, and ends as if nothing had happened. A run that died with its code server is
    reported once that is there again, or after two minutes: Dagster tries only once to launch the retry, and needs it for that.
    """

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self._gone_since: dict[str, float] = {}

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        if worker_of(self._instance, run.run_id) is not Worker.GONE:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        since = self._gone_since.get(run.run_id)
        if since is None:
            # Its code server has until the next look to say so itself, and says more: the signal.
            self._gone_since[run.run_id] = time.monotonic()
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if not self._code_server_answers(run) and time.monotonic() - since < _PATIENCE_SECONDS:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        del self._gone_since[run.run_id]
        return CheckRunHealthResult(WorkerStatus.FAILED, "the process of the run is gone")

    def _code_server_answers(self, run: DagsterRun) -> bool:
        client = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
        if client is None:
            return True
        try:
            client.ping("")
        except DagsterUserCodeUnreachableError:
            return False
        return True
