"""The warehouse in BigQuery: a table per dataset, partitioned by UTC day, clustered by instrument."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from google.cloud.bigquery import Client

from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import QueryError, StorageFailed
from market_data_assets.storage.warehouse.base import (
    CLUSTER_COLUMN,
    PARTITION_COLUMN,
    CommittedDay,
    LoadedDay,
    QueryEstimate,
    WarehouseTable,
)
from market_data_assets.storage.warehouse.bigquery_errors import Invalid, Patience
from market_data_assets.storage.warehouse.bigquery_load import replace_day
from market_data_assets.storage.warehouse.bigquery_migration import migrate, pending
from market_data_assets.storage.warehouse.bigquery_session import BigQuerySession
from market_data_assets.storage.warehouse.bigquery_sql import in_range, with_dataset
from market_data_assets.storage.warehouse.parameters import checked_parameters

if TYPE_CHECKING:
    from google.cloud.bigquery_storage import BigQueryReadClient

_TIER = "market_data_analytics"
_STREAMS = 8


@dataclass(frozen=True, slots=True)
class BigQueryWarehouse:
    """A dataset of BigQuery in the project of its client.

    Attributes:
        client, read_client: Give the same client at every call; neither is called before it is needed.
        max_bytes_billed: A query that would scan more is refused before it runs.
        location: Where the migration creates the dataset; BigQuery's own default without one.
    """

    tables: Sequence[WarehouseTable]
    dataset: str
    client: Callable[[], Client]
    read_client: "Callable[[], BigQueryReadClient]"
    max_bytes_billed: int
    location: str | None = None
    patience: Patience = field(default_factory=Patience)

    def pending(self) -> Sequence[str]:
        """As the seam says."""
        return pending(self._session, self.tables)

    def migrate(self) -> Sequence[str]:
        """As the seam says; also creates the dataset."""
        return migrate(self._session, self.tables)

    def replace_day(self, table: WarehouseTable, day: CommittedDay) -> LoadedDay:
        """As the seam says, by one load job; straight from the lake's files where they are in a bucket."""
        return replace_day(self._session, table, day)

    def days(self, table: WarehouseTable) -> Sequence[dt.date]:
        """The days that hold rows, ascending."""
        session = self._session
        sql = (
            f"SELECT partition_id FROM {session.quoted('INFORMATION_SCHEMA.PARTITIONS')} "
            r"WHERE table_name = @table AND total_rows > 0 AND REGEXP_CONTAINS(partition_id, r'^\d{8}$') ORDER BY partition_id"
        )
        rows = session.rows(f"warehouse {table}", sql, {"table": table.name})
        return [dt.date.fromisoformat(partition) for (partition,) in rows]

    def instruments(self, table: WarehouseTable, day: dt.date) -> Mapping[str, int]:
        """Rows of one day by instrument id; none where the day was never loaded."""
        return self.counts(table, TimeRange.of_day(day)).get(day, {})

    def row_count(self, table: WarehouseTable, day: dt.date) -> int:
        """Rows of one day; 0 where it was never loaded."""
        condition, parameters = in_range(TimeRange.of_day(day))
        sql = f"SELECT COUNT(*) FROM {self._session.quoted(table.name)} WHERE {condition}"
        [(rows,)] = self._session.rows(f"warehouse {table} {day}", sql, parameters)
        return int(rows)

    def counts(
        self, table: WarehouseTable, time_range: TimeRange, instruments: Sequence[InstrumentId] | None = None
    ) -> Mapping[dt.date, Mapping[str, int]]:
        """As the seam says."""
        if time_range.end <= time_range.start or (instruments is not None and not instruments):
            return {}
        condition, parameters = in_range(time_range)
        if instruments is not None:
            condition += f" AND {CLUSTER_COLUMN} IN UNNEST(@instruments)"
            parameters["instruments"] = [str(instrument) for instrument in instruments]
        sql = (
            f"SELECT DATE({PARTITION_COLUMN}) AS day, {CLUSTER_COLUMN}, COUNT(*) FROM {self._session.quoted(table.name)} "
            f"WHERE {condition} GROUP BY 1, 2 ORDER BY 1, 2"
        )
        what = f"warehouse {table}"
        self._refuse_large(what, self._session.plan(what, sql, parameters, StorageFailed).bytes)
        counts: dict[dt.date, dict[str, int]] = {}
        for day, instrument, rows in self._session.rows(what, sql, parameters):
            counts.setdefault(day, {})[instrument] = rows
        return counts

    def read(
        self, table: WarehouseTable, instruments: Sequence[InstrumentId], time_range: TimeRange, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """As the seam says."""
        schema, ids = table.chosen(columns), list(dict.fromkeys(map(str, instruments)))
        if not ids or time_range.end <= time_range.start:
            return schema.empty_table()
        # Rows come back in the order of many streams; these two say where each belongs.
        fetched = list(dict.fromkeys([*schema.names, CLUSTER_COLUMN, PARTITION_COLUMN]))
        sql, parameters = self._selection(table, ids, time_range, fetched)
        rows = self._run(f"warehouse {table}", sql, parameters, StorageFailed, _STREAMS)
        keys = pa.table([pc.index_in(rows[CLUSTER_COLUMN], pa.array(ids)), rows[PARTITION_COLUMN]], names=["place", "time"])
        order = pc.sort_indices(keys, sort_keys=[("place", "ascending"), ("time", "ascending")])
        return rows.take(order).select(schema.names).cast(schema)

    def estimate_read(
        self, table: WarehouseTable, instruments: Sequence[InstrumentId], time_range: TimeRange, columns: Sequence[str] | None = None
    ) -> QueryEstimate:
        """As the seam says, by a dry run; BigQuery does not count on the clustering in advance, so it may bill less."""
        fetched = list(dict.fromkeys([*table.chosen(columns).names, CLUSTER_COLUMN, PARTITION_COLUMN]))
        sql, parameters = self._selection(table, list(map(str, instruments)), time_range, fetched)
        return QueryEstimate(self._session.plan(f"warehouse {table}", sql, parameters, StorageFailed).bytes)

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """As the seam says, in BigQuery's dialect; it can read whatever else the account may."""
        return self._run(f"query {sql!r}", with_dataset(sql, _TIER, self.dataset), checked_parameters(parameters), QueryError, 1)

    def estimate(self, sql: str, parameters: Mapping[str, object] | None = None) -> QueryEstimate:
        """As the seam says, by a dry run."""
        return QueryEstimate(
            self._planned(f"query {sql!r}", with_dataset(sql, _TIER, self.dataset), checked_parameters(parameters), QueryError)
        )

    @property
    def _session(self) -> BigQuerySession:
        return BigQuerySession(self.dataset, self.client, self.read_client, self.max_bytes_billed, self.location, self.patience)

    def _selection(
        self, table: WarehouseTable, ids: Sequence[str], time_range: TimeRange, columns: Sequence[str]
    ) -> tuple[str, Mapping[str, object]]:
        condition, parameters = in_range(time_range)
        listed = ", ".join(f"`{name}`" for name in columns)
        sql = f"SELECT {listed} FROM {self._session.quoted(table.name)} WHERE {condition} AND {CLUSTER_COLUMN} IN UNNEST(@instruments)"
        return sql, {**parameters, "instruments": list(ids)}

    def _run(self, what: str, sql: str, parameters: Mapping[str, object], invalid: Invalid, streams: int) -> pa.Table:
        self._refuse_large(what, self._planned(what, sql, parameters, invalid))
        return self._session.table(what, sql, parameters, invalid, streams)

    def _planned(self, what: str, sql: str, parameters: Mapping[str, object], invalid: Invalid) -> int:
        plan = self._session.plan(what, sql, parameters, invalid)
        if plan.statement != "SELECT":
            raise QueryError(f"{what}: expected one SELECT, found {plan.statement}")
        return plan.bytes

    def _refuse_large(self, what: str, planned: int) -> None:
        if planned > self.max_bytes_billed:
            raise QueryError(
                f"{what}: it would scan {planned:,} bytes, more than the {self.max_bytes_billed:,} that max_bytes_billed allows;"
                " ask for fewer days or columns"
            )
