"""The warehouse seam: the record of an analytics table, and what every warehouse does with it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

import pyarrow as pa

from market_data_assets.domain.datasets import Column, DailyFrames, Dataset
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import QueryError

PARTITION_COLUMN = "timestamp"
CLUSTER_COLUMN = "instrument_id"
_VIEWS = {"candles_24h": ("candles_1d",)}


@dataclass(frozen=True)
class WarehouseTable:
    """One analytics table: partitioned by UTC day of ``timestamp``, clustered by ``instrument_id``.

    Attributes:
        columns: Those of the dataset that are not hidden components.
        views: Other names under which the same rows can be queried.
    """

    name: str
    doc: str
    columns: Mapping[str, Column]
    views: tuple[str, ...] = ()
    tier: str = "market_data_analytics"

    @classmethod
    def of(cls, dataset: Dataset) -> "WarehouseTable":
        """The table that holds every day of ``dataset``."""
        columns = {name: dataset.columns[name] for name in dataset.visible_columns}
        return cls(dataset.name, dataset.doc, columns, _VIEWS.get(dataset.name, ()))

    @property
    def key(self) -> tuple[str, str]:
        """Tier and name: the asset key."""
        return (self.tier, self.name)

    def __str__(self) -> str:
        return f"{self.tier}.{self.name}"

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema with a ``description`` per column.

        Dictionaries are plain values, and only the partition and cluster columns are required, since a warehouse can add
        no required column later.
        """
        return pa.schema([_field(name, column) for name, column in self.columns.items()])

    def chosen(self, columns: Sequence[str] | None) -> pa.Schema:
        """The schema of some columns in their order; of all by default.

        Raises:
            QueryError: a column that the table does not have.
        """
        if columns is None:
            return self.schema
        if unknown := set(columns) - set(self.columns):
            raise QueryError.columns(str(self), unknown, self.columns)
        return pa.schema([self.schema.field(name) for name in columns])


def _field(name: str, column: Column) -> "pa.Field[pa.DataType]":
    type_ = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    description = f"{column.doc} [{column.unit}]" if column.unit else column.doc
    return pa.field(name, type_, nullable=name not in {PARTITION_COLUMN, CLUSTER_COLUMN}, metadata={"description": description})


@dataclass(frozen=True, slots=True)
class CommittedDay:
    """A day of a dataset as the lake holds it: what a load puts in place of the stored day.

    Attributes:
        frames: Its rows, read when asked for.
        version, content_hash: Those of its manifest.
        rows: As the manifest counts them.
        urls: The ``gs://`` names of all its files; none where the lake is not in a bucket.
    """

    frames: DailyFrames
    version: int
    content_hash: str
    rows: int
    urls: tuple[str, ...] = ()


class LoadStatus(StrEnum):
    """What a load did."""

    REPLACED = "replaced"
    NOOP = "noop"
    """The stored day is identical already."""
    SUPERSEDED = "superseded"
    """A newer version of the day is stored, loaded by someone else meanwhile; this one was not loaded."""


@dataclass(frozen=True, slots=True)
class LoadedDay:
    """One day of one table as it stands after a load; ``size`` is in bytes."""

    table: str
    day: dt.date
    rows: int
    instruments: int
    size: int
    status: LoadStatus


@dataclass(frozen=True, slots=True)
class QueryEstimate:
    """What a query would read, found without running it; ``bytes`` are those that the warehouse would scan."""

    bytes: int


class Warehouse(Protocol):
    """Day-partitioned analytics tables.

    Any operation may raise ``AuthError`` (no permission), ``QuotaExhausted`` or ``Retryable`` (the warehouse stayed busy or
    out of reach) and ``StorageFailed``. SQL names tables as ``candles_1m`` or ``market_data_analytics.candles_1m``, and
    values as ``@name`` parameters: text, numbers, booleans, dates, aware datetimes, and lists of those.
    """

    def pending(self) -> Sequence[str]:
        """What :meth:`migrate` would do, a line each, such as ``candles_1m: create the table``; nothing is changed.

        Raises:
            SchemaDrift: as :meth:`migrate`.
        """
        ...

    def migrate(self) -> Sequence[str]:
        """Create what is missing and add new columns; the lines of :meth:`pending` that were done.

        Columns are never removed and never change their type. Any number of migrations may run at once.

        Raises:
            SchemaDrift: a stored column has another type than the table's record.
        """
        ...

    def replace_day(self, table: WarehouseTable, day: CommittedDay) -> LoadedDay:
        """The whole stored day becomes ``day``, or stays as it was; an empty day empties the partition.

        Raises:
            BadData: rows of another day or instrument, or rows of one instrument that do not ascend in time.
            CorruptPartition: the frames hold another number of rows than the manifest says.
            TooLarge: more than one load takes.
            StorageFailed: the table does not exist, or the warehouse refused the load.
        """
        ...

    def days(self, table: WarehouseTable) -> Sequence[dt.date]:
        """The loaded days, ascending.

        The embedded warehouse lists empty ones too. BigQuery lists the days that hold rows: it cannot tell a day that was
        loaded without rows from one that was never loaded.
        """
        ...

    def instruments(self, table: WarehouseTable, day: dt.date) -> Mapping[str, int]:
        """Rows of one day by instrument id; instruments without rows are not among them.

        Raises:
            PartitionMissing: the day was never loaded, and the warehouse can tell; BigQuery cannot, and has no rows then.
        """
        ...

    def row_count(self, table: WarehouseTable, day: dt.date) -> int:
        """Rows of one day.

        Raises:
            PartitionMissing: as :meth:`instruments`.
        """
        ...

    def counts(
        self, table: WarehouseTable, time_range: TimeRange, instruments: Sequence[InstrumentId] | None = None
    ) -> Mapping[dt.date, Mapping[str, int]]:
        """Rows in a range by day and instrument id, in one query; only days and instruments that have some, ascending."""
        ...

    def read(
        self, table: WarehouseTable, instruments: Sequence[InstrumentId], time_range: TimeRange, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """The rows of some instruments in a range, instruments in the order given, ascending in time.

        Days that were never loaded have no rows here; :meth:`days` says which they are.

        Raises:
            QueryError: a column that the table does not have, or more bytes to scan than a query may.
        """
        ...

    def estimate_read(
        self, table: WarehouseTable, instruments: Sequence[InstrumentId], time_range: TimeRange, columns: Sequence[str] | None = None
    ) -> QueryEstimate:
        """What the same :meth:`read` would scan; errors as there."""
        ...

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """The rows of one SELECT over the tables and views. It can change nothing.

        Raises:
            QueryError: not a single SELECT, an unknown table or column, a value of another kind, more bytes to scan than a
                query may, or SQL that the warehouse refuses, such as a table without a filter on ``timestamp`` in BigQuery.
        """
        ...

    def estimate(self, sql: str, parameters: Mapping[str, object] | None = None) -> QueryEstimate:
        """What the same :meth:`query` would scan, without the limit; errors as there."""
        ...
