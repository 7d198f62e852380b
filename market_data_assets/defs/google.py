"""The lake in a bucket and the warehouse in BigQuery, with the clients that dagster-gcp makes.

Imported only by a deployment that uses them: Google's libraries take a second to import.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import dagster as dg
from dagster_gcp import BigQueryResource, GCSResource
from google.cloud import bigquery

from market_data_assets.catalog import TABLES
from market_data_assets.defs.resources import LakeResource, WarehouseResource
from market_data_assets.storage.google_clients import bigquery_client, pooled
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.stores.probe import probe_compare_and_swap
from market_data_assets.storage.warehouse.base import Warehouse
from market_data_assets.storage.warehouse.opening import open_warehouse


class BucketLakeResource(LakeResource):
    """The lake in a bucket of Google Cloud Storage, with the credentials of the environment."""

    gcs: dg.ResourceDependency[GCSResource]
    read_cache: str
    read_cache_bytes: int

    def open(self) -> Lake:
        """The lake at ``root``, one per process, once the bucket has shown that it honours preconditions."""
        return _open_lake(self.root, self.workers, self.gcs.project, self.read_cache, self.read_cache_bytes)


@lru_cache
def _open_lake(root: str, workers: int, project: str | None, read_cache: str, read_cache_bytes: int) -> Lake:
    store = open_store(root, GCSResource(project=project).get_client)
    probe_compare_and_swap(store)
    return Lake(store, workers=workers, cache=RangeCache(Path(read_cache), read_cache_bytes))


class BigQueryClients(BigQueryResource):
    """Clients of BigQuery; of an emulator, which asks for no credentials, where an endpoint is given."""

    endpoint: str | None = None

    @contextmanager
    def get_client(self) -> Iterator[bigquery.Client]:
        """A client; it stays open after the context, as dagster-gcp's own do."""
        if self.endpoint is None or self.project is None:
            with super().get_client() as client:
                yield client
        else:
            yield bigquery_client(self.project, self.location, self.endpoint)


class BigQueryWarehouseResource(WarehouseResource):
    """A dataset of BigQuery. Its tables are made by ``market-data migrate``, never by a run."""

    clients: dg.ResourceDependency[BigQueryClients]
    dataset: str
    storage_endpoint: str | None
    max_bytes_billed: int

    def open(self) -> Warehouse:
        """The warehouse, one per process."""
        clients = self.clients
        return _open_warehouse(
            project=clients.project,
            location=clients.location,
            endpoint=clients.endpoint,
            dataset=self.dataset,
            storage_endpoint=self.storage_endpoint,
            max_bytes_billed=self.max_bytes_billed,
        )


@lru_cache
def _open_warehouse(
    *, project: str | None, location: str | None, endpoint: str | None, dataset: str, storage_endpoint: str | None, max_bytes_billed: int
) -> Warehouse:
    clients = BigQueryClients(project=project, location=location, endpoint=endpoint)

    def client() -> bigquery.Client:
        with clients.get_client() as made:
            return pooled(made)

    return open_warehouse(
        "bigquery",
        TABLES,
        root=Path(),
        project=project,
        dataset=dataset,
        location=location,
        endpoint=endpoint,
        storage_endpoint=storage_endpoint,
        max_bytes_billed=max_bytes_billed,
        client=client,
    )
