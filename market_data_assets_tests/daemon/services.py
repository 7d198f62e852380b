"""The services of a machine as its supervisor runs them: code server, daemon and web server, each a process group of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
import httpx

T = TypeVar("T")
MODULE = "market_data_assets.definitions"
_LAUNCH = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Services:
    """Started on first use of each; :meth:`kill` is SIGKILL to the one process, as the kernel does it."""

    home: Path
    environment: Mapping[str, str]
    web_port: int = field(default_factory=free_port)
    code_port: int = field(default_factory=free_port)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _groups: list[int] = field(default_factory=list)

    def start(self, *names: str) -> None:
        """``code``, ``daemon``, ``web``; the code server is waited for, which the others need."""
        for name in names:
            log = (self.home / f"{name}.log").open("ab")
            clean = {key: value for key, value in os.environ.items() if not key.startswith(("MDA_", "DAGSTER_"))}
            with log:
                self._processes[name] = subprocess.Popen(
                    [sys.executable, *self._command(name)],
                    cwd=self.home,
                    env={**clean, **self.environment, "DAGSTER_HOME": str(self.home)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._groups.append(self._processes[name].pid)
            if name == "code":
                wait_until(lambda: accepts(self.code_port), f"code server of {self.home}", 60)

    def _command(self, name: str) -> Sequence[str]:
        workspace = self.home / "workspace.yaml"
        workspace.write_text(f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {self.code_port}, location_name: {MODULE}}}\n")
        if name == "code":
            return ("-m", "dagster", "api", "grpc", "-m", MODULE, "-h", "127.0.0.1", "-p", str(self.code_port))
        if name == "daemon":
            return ("-m", "dagster._daemon", "run", "-w", str(workspace))
        return ("-m", "dagster_webserver", "-w", str(workspace), "-h", "127.0.0.1", "-p", str(self.web_port))

    def kill(self, name: str) -> None:
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Every process of every group, runs of a killed code server included."""
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        for process in self._processes.values():
            process.wait()
        self._processes.clear()

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        answer = httpx.post(f"http://127.0.0.1:{self.web_port}/graphql", json={"query": query, "variables": variables or {}}, timeout=60)
        answer.raise_for_status()
        found = answer.json()
        assert "errors" not in found, found
        return found["data"]

    def launch_backfill(self, keys: Sequence[dg.AssetKey], days: Sequence[str]) -> str:
        """What the button of the UI sends; the backfill's id."""
        wait_until(lambda: accepts(self.web_port), "web server", 60)
        params = {"assetSelection": [{"path": list(key.path)} for key in keys], "partitionNames": list(days)}
        found = self.graphql(_LAUNCH, {"params": params})["launchPartitionBackfill"]
        assert found["__typename"] == "LaunchBackfillSuccess", found
        return str(found["backfillId"])

    def log(self, name: str) -> str:
        """The last lines of a service's output."""
        return "\n".join((self.home / f"{name}.log").read_text(errors="replace").splitlines()[-40:])


@contextmanager
def services_at(home: Path, environment: Mapping[str, str]) -> Iterator[Services]:
    """Services that are gone at the end, whatever happened."""
    services = Services(home, environment)
    try:
        yield services
    finally:
        services.stop()


def accepts(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_until(found: Callable[[], T], what: str, seconds: float) -> T:
    """The first true answer.

    Raises:
        TimeoutError: none in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = found()
        if answer:
            return answer
        time.sleep(0.5)
    raise TimeoutError(f"{what}: not within {seconds:.0f} s")
