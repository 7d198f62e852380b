"""The proxies as fixtures: one per test process, without rules and with an empty record for each test."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from market_data_assets_tests.emulators.bigquery import BigQueryServer
from market_data_assets_tests.emulators.fixtures import GcsServer, new_bucket
from market_data_assets_tests.emulators.gcs_proxy import ExactGcs
from market_data_assets_tests.emulators.proxy import Forwarded, Proxy, proxying


@dataclass
class GcsProxy(Proxy):
    """The proxy before the GCS emulator; ``gcs`` switches its moves and sets its clock."""

    gcs: ExactGcs

    def reset(self) -> None:
        super().reset()
        self.gcs.reset()


@pytest.fixture(scope="session")
def _gcs_proxy(gcs_server: GcsServer) -> Iterator[GcsProxy]:
    gcs = ExactGcs()
    with proxying(gcs_server.url, gcs) as proxy:
        yield GcsProxy(proxy.url, proxy.rules, proxy.requests, gcs)


@pytest.fixture
def gcs_proxy(_gcs_proxy: GcsProxy) -> Iterator[GcsProxy]:
    """The proxy before the GCS emulator: exact, and with whatever faults the test adds to its rules."""
    _gcs_proxy.reset()
    yield _gcs_proxy
    _gcs_proxy.reset()


@pytest.fixture
def exact_bucket(gcs_proxy: GcsProxy, gcs_server: GcsServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ``gs://`` URL of an empty bucket behind the proxy; clients made from now on find it."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_proxy.url)
    return f"gs://{new_bucket(gcs_server.url)}"


@pytest.fixture(scope="session")
def _bigquery_proxy(bigquery_server: BigQueryServer) -> Iterator[Proxy]:
    with proxying(bigquery_server.url, Forwarded()) as proxy:
        yield proxy


@pytest.fixture
def bigquery_proxy(_bigquery_proxy: Proxy) -> Iterator[Proxy]:
    """The proxy before the REST API of the BigQuery emulator."""
    _bigquery_proxy.reset()
    yield _bigquery_proxy
    _bigquery_proxy.reset()
