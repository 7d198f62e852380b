"""BigQuery's tables, partitions and load jobs as it documents them, in memory behind its REST API, for what an emulator cannot show:
jobs that fail, hang or lose rows, and dry runs that say bytes. Its SQL is the few queries that a load asks.
"""

import io
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client

from market_data_assets.storage.google_clients import pooled
from market_data_assets.storage.warehouse.bigquery import BigQueryWarehouse
from market_data_assets.storage.warehouse.bigquery_errors import Patience
from market_data_assets_tests.emulators.proxy import Proxy, Request, Send, proxying
from market_data_assets_tests.emulators.proxy_faults import Answer, error_body

PROJECT = "exact-project"
_BOUNDARY = re.compile(r'boundary="?([^";]+)')
QUICK = Patience(deadline_seconds=5, pause_seconds=0.002, job_seconds=20)

Judge = Callable[[str], dict[str, Any] | None]
"""Given a job's id: the error it ends with, None where it succeeds."""


def fails(reason: str, *messages: str) -> dict[str, Any]:
    """The status of a job that ends with an error."""
    errors = [{"reason": reason, "message": message} for message in messages or [f"it is {reason}"]]
    return {"errorResult": errors[0], "errors": errors}


@dataclass
class ExactBigQuery:
    """The server's state, which tests may look at and change.

    Attributes:
        partitions: Rows by dataset, table and day (YYYYMMDD).
        changed: When a partition was last written, ms.
        jobs: Resources by id, in the order of their creation.
        judge: Decides how a load ends.
        spoil: What a load that succeeds really writes of its rows.
        held: Ids of loads that stay running; ``release`` ends them.
        dry_run_bytes: What every dry run says.
    """

    tables: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    partitions: dict[tuple[str, str, str], pa.Table] = field(default_factory=dict)
    changed: dict[tuple[str, str, str], int] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    judge: Judge = lambda _: None
    spoil: Callable[[str, pa.Table], pa.Table] = lambda _, rows: rows
    held: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    dry_run_bytes: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._clock = itertools.count(1_723_075_200_000)
        self._waiting: dict[str, bytes] = {}

    def path(self, request: Request) -> str:
        return request.path

    def answer(self, request: Request, send: Send) -> Answer:
        with self._lock:
            status, body = self._answer(request)
        if status != 200:
            return Answer(status, {"Content-Type": "application/json"}, error_body(status, *body))
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def release(self, job_id: str) -> None:
        """Let a held load end now."""
        with self._lock:
            self.held.discard(job_id)
            self._run(job_id, self._waiting.pop(job_id))

    def load(self, job_id: str, dataset: str, table: str, day: str, rows: pa.Table) -> None:
        """A load by someone else."""
        sink = io.BytesIO()
        pq.write_table(rows, sink)
        target = {"projectId": PROJECT, "datasetId": dataset, "tableId": f"{table}${day}"}
        with self._lock:
            self._insert({"jobReference": {"jobId": job_id}, "configuration": {"load": {"destinationTable": target}}}, sink.getvalue())

    def _answer(self, request: Request) -> tuple[int, Any]:  # noqa: PLR0911  # one per request that is served
        path = request.path.partition("/projects/")[2]
        if request.path.startswith("/upload/"):
            described, content = _parts(request)
            return self._insert(described, content)
        body = json.loads(request.body) if request.body else {}
        match [request.method, *path.split("/")[1:]]:
            case ["POST", "datasets"]:
                return self._create((body["datasetReference"]["datasetId"], ""), body)
            case ["POST", "datasets", dataset, "tables"]:
                return self._create(
                    (dataset, body["tableReference"]["tableId"]), {"location": "US", "type": "VIEW" if "view" in body else "TABLE", **body}
                )
            case ["GET", "datasets", dataset]:
                return self._found(self.tables.get((dataset, "")))
            case ["GET", "datasets", dataset, "tables", table]:
                return self._found(self.tables.get((dataset, table)))
            case ["PATCH", "datasets", dataset, "tables", table]:
                return self._patch((dataset, table), body, request.headers.get("if-match", ""))
            case ["POST", "jobs"] if "load" in body["configuration"]:
                sources = body["configuration"]["load"]["sourceUris"]
                return self._insert(body, self.files[sources[0]])
            case ["POST", "jobs"]:
                query = {"totalBytesProcessed": str(self.dry_run_bytes), "statementType": "SELECT"}
                return 200, {
                    **body,
                    "status": {"state": "DONE"},
                    "statistics": {"totalBytesProcessed": str(self.dry_run_bytes), "query": query},
                }
            case ["GET", "jobs"]:
                return 200, {"jobs": [job for job in self.jobs.values() if _asked_for(job, request.query)]}
            case ["GET", "jobs", job_id]:
                return self._found(self.jobs.get(job_id))
            case ["POST", "queries"]:
                return 200, self._queried(body)
        raise AssertionError(f"{request.method} {request.path} is not served")

    def _found(self, resource: dict[str, Any] | None) -> tuple[int, Any]:
        return (200, resource) if resource is not None else (404, ("Not found", "notFound"))

    def _create(self, key: tuple[str, str], resource: dict[str, Any]) -> tuple[int, Any]:
        if key in self.tables:
            return 409, ("Already Exists", "duplicate")
        self.tables[key] = {**resource, "etag": str(next(self._clock))}
        return 200, self.tables[key]

    def _patch(self, key: tuple[str, str], changes: dict[str, Any], etag: str) -> tuple[int, Any]:
        if etag != self.tables[key]["etag"]:
            return 412, ("Precondition check failed", "conditionNotMet")
        self.tables[key] = {**self.tables[key], **changes, "etag": str(next(self._clock))}
        return 200, self.tables[key]

    def _insert(self, described: dict[str, Any], content: bytes) -> tuple[int, Any]:
        job_id = described["jobReference"]["jobId"]
        if job_id in self.jobs:
            return 409, (f"Already Exists: Job {job_id}", "duplicate")
        now = str(next(self._clock))
        self.jobs[job_id] = {
            "jobReference": {"projectId": PROJECT, "jobId": job_id, "location": "US"},
            "configuration": {"jobType": "LOAD", **described["configuration"]},
            "status": {"state": "RUNNING"},
            "statistics": {"creationTime": now, "startTime": now, "load": {}},
        }
        if job_id in self.held:
            self._waiting[job_id] = content
        else:
            self._run(job_id, content)
        return 200, self.jobs[job_id]

    def _run(self, job_id: str, content: bytes) -> None:
        job = self.jobs[job_id]
        failure = self.judge(job_id)
        if failure is None:
            target = job["configuration"]["load"]["destinationTable"]
            table, _, day = target["tableId"].partition("$")
            key, rows = (target["datasetId"], table, day), pq.read_table(io.BytesIO(content))
            self.partitions[key], self.changed[key] = self.spoil(job_id, rows), next(self._clock)
            job["statistics"]["load"] = {"outputRows": str(rows.num_rows), "outputBytes": str(rows.nbytes)}
        job["statistics"]["endTime"] = str(next(self._clock))
        job["status"] = {"state": "DONE", **(failure or {})}

    def _queried(self, body: dict[str, Any]) -> dict[str, Any]:
        values = {each["name"]: each["parameterValue"]["value"] for each in body["queryParameters"]}
        dataset = body["defaultDataset"]["datasetId"]
        if "last_modified_time" in body["query"]:
            changed = self.changed.get((dataset, values["table"], values["partition"]))
            return _rows("TIMESTAMP", [] if changed is None else [[changed * 1000]])
        table = re.search(r"\.(\w+)` WHERE", body["query"])[1]
        rows = self.partitions.get((dataset, table, values["start"][:10].replace("-", "")))
        counted = [0, 0] if rows is None else [rows.num_rows, len(rows["instrument_id"].unique())]
        return _rows("INTEGER", [counted])


def _asked_for(job: dict[str, Any], query: dict[str, str]) -> bool:
    created = int(job["statistics"]["creationTime"])
    in_state = query.get("stateFilter", "").upper() in {"", job["status"]["state"]}
    return in_state and int(query.get("minCreationTime", 0)) <= created <= int(query.get("maxCreationTime", 2**62))


def _rows(type_: str, rows: list[list[int]]) -> dict[str, Any]:
    width = max(map(len, rows), default=1)
    return {
        "jobReference": {"projectId": PROJECT, "jobId": "query", "location": "US"},
        "jobComplete": True,
        "schema": {"fields": [{"name": f"f{place}_", "type": type_} for place in range(width)]},
        "rows": [{"f": [{"v": str(value)} for value in row]} for row in rows],
        "totalRows": str(len(rows)),
    }


def _parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """The description and the file of a multipart upload."""
    boundary = b"--" + _BOUNDARY.search(request.headers["content-type"])[1].encode()
    _, described, content, _ = request.body.split(boundary, 3)
    return json.loads(described.partition(b"\r\n\r\n")[2]), content.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


@dataclass
class Bench:
    """The server, the proxy that it answers through, with rules for what goes wrong, and warehouses on it."""

    server: ExactBigQuery
    proxy: Proxy

    def warehouse(self, tables: Any, dataset: str = "analytics", *, max_bytes_billed: int = 10**9) -> BigQueryWarehouse:
        options = ClientOptions(api_endpoint=self.proxy.url)
        client = pooled(Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options))
        return BigQueryWarehouse(tables, dataset, lambda: client, lambda: None, max_bytes_billed, patience=QUICK)


@contextmanager
def running_exactly() -> Iterator[Bench]:
    server = ExactBigQuery()
    with proxying("http://127.0.0.1:1", server) as proxy:
        yield Bench(server, proxy)
