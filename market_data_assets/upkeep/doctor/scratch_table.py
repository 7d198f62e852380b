"""A table of its own in the warehouse, for as long as the checks take."""

import datetime as dt
import shutil
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, cast

import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP, Column, DailyFrames, TableFrame
from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import StorageFailed
from market_data_assets.storage.warehouse.base import CommittedDay, Warehouse, WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse

DAY = dt.date(2024, 8, 8)
VALUES = (1.0, 2.0, 3.0)
_INSTRUMENT = InstrumentId.parse("BINANCE:PERP:BTC-USDT")
_COLUMNS = {
    "timestamp": Column(TIMESTAMP, "UTC", "start of the bucket"),
    "instrument_id": Column(pa.string(), "", "canonical id"),
    "value": Column(pa.float64(), "", "any number"),
}


@dataclass(frozen=True, slots=True)
class ScratchTable:
    """A table that nobody else knows, and the warehouse of the deployment as if it had no other."""

    warehouse: Warehouse
    table: WarehouseTable

    @classmethod
    def create(cls, warehouse: Warehouse, cleanup: ExitStack) -> "ScratchTable":
        """Make the table; it is dropped when ``cleanup`` ends.

        Raises:
            StorageFailed: the dataset does not exist: a check creates a table, never more.
        """
        table = WarehouseTable(f"doctor_probe_{uuid.uuid4().hex[:8]}", "A table of market-data doctor, dropped when it ends.", _COLUMNS)
        # Both kinds of warehouse are records that hold their tables.
        alone = cast("Warehouse", replace(cast("Any", warehouse), tables=(table,)))
        if any(line.endswith(": create the dataset") for line in alone.pending()):
            raise StorageFailed("the BigQuery dataset does not exist; run market-data migrate first")
        scratch = cls(alone, table)
        cleanup.callback(scratch.drop)
        alone.migrate()
        return scratch

    def drop(self) -> None:
        """Remove the table and its rows.

        Raises:
            AuthError, Retryable, StorageFailed: BigQuery refused.
        """
        if isinstance(self.warehouse, EmbeddedWarehouse):
            shutil.rmtree(self.warehouse.root / self.table.name, ignore_errors=True)
            return
        from market_data_assets.storage.warehouse.bigquery import BigQueryWarehouse  # noqa: PLC0415
        from market_data_assets.storage.warehouse.bigquery_errors import refusals  # noqa: PLC0415

        assert isinstance(self.warehouse, BigQueryWarehouse)  # there are two kinds
        client = self.warehouse.client()
        with refusals(f"dropping the BigQuery table {self.warehouse.dataset}.{self.table.name}"):
            client.delete_table(f"{client.project}.{self.warehouse.dataset}.{self.table.name}", not_found_ok=True)

    def day(self, values: Sequence[float], *, version: int, urls: Sequence[str] = ()) -> CommittedDay:
        """A day of one instrument with these values, a second apart. Its content hash is of no other day ever."""
        frames = {_INSTRUMENT: lambda: TableFrame(rows(values))} if values else {}
        return CommittedDay(DailyFrames(DAY, frames), version, uuid.uuid4().hex * 2, len(values), tuple(urls))


def rows(values: Sequence[float]) -> pa.Table:
    """The rows of the day, ascending in time."""
    times = pa.array([day_start(DAY) + second * 1_000_000 for second in range(len(values))], pa.int64()).cast(TIMESTAMP)
    return pa.table({"timestamp": times, "instrument_id": [str(_INSTRUMENT)] * len(values), "value": pa.array(values, pa.float64())})
