"""Opening a warehouse by kind. Nothing is read, created or asked over the network by that."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from market_data_assets.errors import SettingsError
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse

if TYPE_CHECKING:
    from google.cloud import bigquery


def open_warehouse(
    kind: Literal["embedded", "bigquery"],
    tables: Sequence[WarehouseTable],
    *,
    root: Path,
    project: str | None = None,
    dataset: str = "market_data_analytics",
    location: str | None = None,
    endpoint: str | None = None,
    storage_endpoint: str | None = None,
    max_bytes_billed: int = 100 * 1024**3,
    client: "Callable[[], bigquery.Client] | None" = None,
) -> Warehouse:
    """The warehouse of ``kind``: a folder at ``root``, or a dataset of BigQuery.

    Args:
        client: Makes the client of BigQuery; by default one with the machine's own credentials, or without any for an emulator.

    Raises:
        SettingsError: BigQuery without a project.
    """
    if kind == "embedded":
        return EmbeddedWarehouse(root, tables)
    if project is None:
        raise SettingsError("the BigQuery warehouse needs a project")
    # Google's libraries take a second to import, which whoever works without them does not pay.
    from market_data_assets.storage.google_clients import bigquery_client, bigquery_read_client  # noqa: PLC0415
    from market_data_assets.storage.warehouse.bigquery import BigQueryWarehouse  # noqa: PLC0415

    make = client or partial(bigquery_client, project, location=location, endpoint=endpoint)
    read = partial(bigquery_read_client, storage_endpoint)
    return BigQueryWarehouse(tables, dataset, cache(make), cache(read), max_bytes_billed, location)
