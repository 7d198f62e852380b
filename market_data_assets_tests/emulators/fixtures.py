"""The emulators as fixtures: started once per test process, with a fresh bucket and a fresh dataset for each test."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from market_data_assets_tests.emulators.bigquery import PROJECT, BigQueryServer, is_installed, running_bigquery
from market_data_assets_tests.emulators.gcs import running_gcs


@dataclass(frozen=True)
class GcsServer:
    """Where it listens, and the folder that holds a folder per bucket."""

    url: str
    folder: Path


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcsServer]:
    folder = tmp_path_factory.mktemp("gcs") / "buckets"
    with running_gcs(folder) as url:
        yield GcsServer(url, folder)


@pytest.fixture
def bucket(gcs_server: GcsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The ``gs://`` URL of an empty bucket; clients made from now on find it, and what they read is kept in the test's own folder."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server.url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return f"gs://{new_bucket(gcs_server.url)}"


def new_bucket(url: str) -> str:
    """The name of an empty bucket on the server at ``url``."""
    name = f"lake-{uuid.uuid4().hex}"
    client = storage.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": url})
    client.create_bucket(name)
    client.close()
    return name


@pytest.fixture(scope="session")
def bigquery_server(gcs_server: GcsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryServer]:
    if not is_installed():
        reason = "the BigQuery emulator is not installed; run make emulators, with a Python 3.13 or newer on the path"
        if os.environ.get("MDA_REQUIRE_EMULATORS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with running_bigquery(tmp_path_factory.mktemp("bigquery") / "tables", gcs_server.folder) as server:
        yield server


@pytest.fixture
def bigquery_dataset(bigquery_server: BigQueryServer) -> str:
    """The name of a dataset that does not exist yet."""
    return f"analytics_{uuid.uuid4().hex}"
