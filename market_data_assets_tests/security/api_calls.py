"""What the code asks of Google, by the names of the methods: from the requests that the emulators' proxies have seen."""

import contextlib
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import unquote

import grpc

from market_data_assets_tests.emulators.proxy import Proxy, Recorded, Request, Send, proxying
from market_data_assets_tests.emulators.proxy_faults import Answer

_BUCKETS = r"/storage/v1/b"
_OBJECT = _BUCKETS + r"/[^/]+/o/.+"
_GCS = [
    ("POST|PUT", r"/upload/storage/v1/b/[^/]+/o.*", "storage.objects.insert"),
    ("POST", _OBJECT + "/moveTo/.+", "storage.objects.move"),
    ("POST", _OBJECT + "/(rewriteTo|copyTo)/.+", "storage.objects.rewrite"),
    ("POST", _OBJECT + "/compose", "storage.objects.compose"),
    ("GET", "(/download)?" + _OBJECT, "storage.objects.get"),
    ("DELETE", _OBJECT, "storage.objects.delete"),
    ("PATCH", _OBJECT, "storage.objects.patch"),
    ("GET", _BUCKETS + "/[^/]+/o", "storage.objects.list"),
    ("GET", _BUCKETS + "/[^/]+", "storage.buckets.get"),
    ("GET", _BUCKETS, "storage.buckets.list"),
    ("POST", _BUCKETS, "storage.buckets.insert"),
]
_PROJECT = r"(/upload|/resumable/upload)?(/bigquery/v2)?/projects/[^/]+"
_DATASET = _PROJECT + "/datasets/[^/]+"
_BIGQUERY = [
    ("POST|PUT", _PROJECT + "/jobs", "bigquery.jobs.insert"),
    ("POST", _PROJECT + "/queries", "bigquery.jobs.query"),
    ("GET", _PROJECT + "/jobs/[^/]+", "bigquery.jobs.get"),
    ("POST", _PROJECT + "/jobs/[^/]+/cancel", "bigquery.jobs.cancel"),
    ("GET", _PROJECT + "/jobs", "bigquery.jobs.list"),
    ("GET", _PROJECT + "/queries/[^/]+", "bigquery.jobs.getQueryResults"),
    ("GET", _DATASET, "bigquery.datasets.get"),
    ("PATCH", _DATASET, "bigquery.datasets.patch"),
    ("POST", _PROJECT + "/datasets", "bigquery.datasets.insert"),
    ("GET", _DATASET + "/tables", "bigquery.tables.list"),
    ("POST", _DATASET + "/tables", "bigquery.tables.insert"),
    ("GET", _DATASET + "/tables/[^/]+", "bigquery.tables.get"),
    ("PATCH", _DATASET + "/tables/[^/]+", "bigquery.tables.patch"),
    ("PUT", _DATASET + "/tables/[^/]+", "bigquery.tables.update"),
    ("DELETE", _DATASET + "/tables/[^/]+", "bigquery.tables.delete"),
    ("GET", _DATASET + "/tables/[^/]+/data", "bigquery.tabledata.list"),
]


def gcs_method(request: Recorded) -> str:
    """The method of Cloud Storage that a request calls; its verb and path where it is none that is known."""
    found = _named(_GCS, request.method, request.path)
    is_replacing = found == "storage.objects.insert" and request.query.get("ifGenerationMatch") != "0"
    # The pieces of an upload that goes on name its session and no generation: its beginning says what it replaces.
    return f"{found} replacing" if is_replacing and "upload_id" not in request.query else found


def _named(methods: list[tuple[str, str, str]], verb: str, path: str) -> str:
    for verbs, pattern, name in methods:
        if re.fullmatch(verbs, verb) and re.fullmatch(pattern, path):
            return name
    return f"{verb} {path}"


@dataclass
class NamedJobs:
    """The semantics of a proxy before BigQuery that knows each request by its method, and says what kind of job it starts."""

    def path(self, request: Request) -> str:
        found = _named(_BIGQUERY, request.method, unquote(request.path))
        if found in {"bigquery.jobs.insert", "bigquery.jobs.query", "bigquery.tables.insert", "bigquery.jobs.get"}:
            return f"{found}{self._kind(found, request)}"
        return found

    def _kind(self, method: str, request: Request) -> str:
        body = _json(request.body)
        if method == "bigquery.tables.insert":
            return " view" if "view" in body else ""
        if method == "bigquery.jobs.query":
            return " of partitions" if "INFORMATION_SCHEMA.PARTITIONS" in body["query"] else ""
        if method == "bigquery.jobs.get":
            return " that may be of another" if request.path.rpartition("/")[2].startswith("md_") else ""
        configuration = body.get("configuration", {})
        # An upload has its configuration in the first of several parts.
        if "query" not in configuration:
            return " load from bucket" if configuration.get("load", {}).get("sourceUris") else " load"
        return " query of partitions" if "INFORMATION_SCHEMA.PARTITIONS" in configuration["query"]["query"] else " query"

    def answer(self, request: Request, send: Send) -> Answer:
        return send(request)


def _json(body: bytes) -> dict:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def bigquery_calls(upstream: str) -> contextlib.AbstractContextManager[Proxy]:
    """A proxy before BigQuery's REST API; the paths of its records are names of methods."""
    return proxying(upstream, NamedJobs())


@dataclass
class ReadCalls:
    """Where a proxy before BigQuery's Storage Read API listens, and the methods that were called so far."""

    address: str
    methods: list[str]


@contextlib.contextmanager
def read_calls(upstream: str) -> Iterator[ReadCalls]:
    """A proxy before the Storage Read API at ``upstream``, host and port. Messages pass as the bytes that they are."""
    methods: list[str] = []
    with grpc.insecure_channel(upstream) as channel:

        class Forward(grpc.GenericRpcHandler):
            def service(self, details):
                methods.append("bigquery.storage." + details.method.rpartition("/")[2])
                if details.method.endswith("/ReadRows"):
                    call = channel.unary_stream(details.method)
                    return grpc.unary_stream_rpc_method_handler(lambda request, _: call(request, metadata=_routing(details)))
                single = channel.unary_unary(details.method)
                return grpc.unary_unary_rpc_method_handler(lambda request, _: single(request, metadata=_routing(details)))

        server = grpc.server(ThreadPoolExecutor(8), handlers=[Forward()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield ReadCalls(f"127.0.0.1:{port}", methods)
        finally:
            server.stop(None).wait()


def _routing(details):
    return [(name, value) for name, value in details.invocation_metadata if name.startswith("x-goog-")]
