"""BigQuery without Google: an emulator over DuckDB on loopback, in a Python environment of its own."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable
from market_data_assets.storage.warehouse.opening import open_warehouse
from market_data_assets_tests.emulators.servers import free_port, running

PROJECT = "test-project"
ENVIRONMENT = Path(os.environ.get("EMULATORS", Path(__file__).parents[2] / ".venv-emulators"))


@dataclass(frozen=True)
class BigQueryServer:
    """Where it listens: the REST API as a URL, the Storage API (gRPC) as host and port."""

    url: str
    storage: str


def is_installed() -> bool:
    return (ENVIRONMENT / "bin" / "local-bigquery").is_file()


@contextlib.contextmanager
def running_bigquery(folder: Path, buckets: Path) -> Iterator[BigQueryServer]:
    """A server that keeps its tables in ``folder`` and finds ``gs://bucket/name`` at ``buckets/bucket/name``."""
    http, grpc = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        ENVIRONMENT / "bin" / "python",
        Path(__file__).with_name("bigquery_server.py"),
        *("--host", "127.0.0.1", "--port", str(http), "--grpc-port", str(grpc)),
        *("--project", PROJECT, "--data-dir", folder),
    ]
    with running(command, [http, grpc], folder.with_suffix(".log"), {"GCS_LOCAL_ROOT": str(buckets)}):
        yield BigQueryServer(f"http://127.0.0.1:{http}", f"127.0.0.1:{grpc}")


def emulated_warehouse(server: BigQueryServer, dataset: str, tables: Sequence[WarehouseTable]) -> Warehouse:
    """The warehouse in a dataset of the emulator, not migrated yet."""
    return open_warehouse(
        "bigquery", tables, root=Path(), project=PROJECT, dataset=dataset, endpoint=server.url, storage_endpoint=server.storage
    )
