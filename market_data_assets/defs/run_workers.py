"""The process that executes a run, as the run's own events name it: still there on this machine, or gone."""

import os
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from dagster import DagsterEventType, DagsterInstance

# A process writes its first event after it started; the two clocks agree to within a tick.
_TOLERANCE_SECONDS = 2.0


class Worker(StrEnum):
    """What is known of the process of a run."""

    UNKNOWN = "unknown"
    RUNNING = "running"
    GONE = "gone"


def worker_of(instance: DagsterInstance, run_id: str) -> Worker:
    """Whether a process of the run is there: UNKNOWN until the run has named one.

    A process that has the number but started after the run named it is another one: numbers are given anew, above all after a reboot.
    """
    found = Worker.UNKNOWN
    for entry in instance.all_logs(run_id, of_type={DagsterEventType.ENGINE_EVENT}):
        facts = entry.dagster_event.engine_event_data.metadata if entry.dagster_event is not None else {}
        if "pid" not in facts:
            continue
        if _runs_since(int(str(facts["pid"].value)), entry.timestamp):
            return Worker.RUNNING
        found = Worker.GONE
    return found


def boot_time() -> float | None:
    """Unix seconds at which this machine started; None where it does not tell."""
    with suppress(OSError):
        for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
            if line.startswith("btime "):
                return float(line.split()[1])
    return None


def _runs_since(pid: int, instant: float) -> bool:
    booted = boot_time()
    if booted is None:
        return _exists(pid)
    try:
        # The name of the program, in parentheses, may hold anything; what follows it may not.
        facts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    state, started = facts[0], booted + int(facts[19]) / os.sysconf("SC_CLK_TCK")
    return state not in {"Z", "X"} and started <= instant + _TOLERANCE_SECONDS


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
