"""The record of a plan: what a backfill would make, and what that takes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from market_data_assets.client.costs import GIB, Price, Rates
from market_data_assets.preflight.downloads import Downloads
from market_data_assets.preflight.growth import Growth
from market_data_assets.preflight.limits import Limit
from market_data_assets.preflight.operations import Operations
from market_data_assets.preflight.pace import Pace
from market_data_assets.preflight.stored import State
from market_data_assets.preflight.universe import Origin

BUCKET_MONTH = Price(0.020, GIB, "byte kept for a month", "Cloud Storage pricing, Standard class, single region, US, 2026")
WAREHOUSE_MONTH = Price(0.020, GIB, "logical byte kept for a month", "BigQuery active storage pricing, US, 2026")


@dataclass(frozen=True, slots=True)
class TablePlan:
    """One table over the range.

    Attributes:
        states: Partitions of the range by state.
        to_make: Those that a run over the days to make would commit, or load, anew.
        files: That would be written, at most: an instrument whose ticks turn out to be the same keeps its file.
        growth: Rows and bytes that are added; of a table of BigQuery the logical bytes, at most.
        downloads: What the vendor would deliver for it.
    """

    tier: str
    name: str
    states: Mapping[State, int]
    to_make: int
    files: int
    growth: Growth
    downloads: Downloads = field(default_factory=Downloads)

    @property
    def partitions(self) -> int:
        """Days of the range."""
        return sum(self.states.values())

    @property
    def stored(self) -> int:
        """Partitions of the range that are stored in whatever state."""
        return self.partitions - self.states.get(State.MISSING, 0)


@dataclass(frozen=True, slots=True)
class Duration:
    """How long it would take.

    Attributes:
        seconds: None where nothing tells.
        basis: What it is taken from, for the reader.
    """

    seconds: float | None
    basis: str


@dataclass(frozen=True)
class BackfillPlan:
    """A backfill that was not run.

    Attributes:
        days: Of the range, ascending.
        to_make: Those of them that lack anything, or could be made final. What is stored and up to date of them stays.
        origins: Where the instruments of the days to make are known from, and of how many days.
        on_bucket: Whether operations and bytes of the lake are billed.
        warehouse: ``embedded`` or ``bigquery``.
        pace: As measured; None where no day has been run as a whole.
        free: Bytes on the lake's disk; None where it is on none.
        refused: Days to make that the vendor would not deliver for want of a key.
    """

    days: Sequence[dt.date]
    to_make: Sequence[dt.date]
    instruments: int
    origins: Mapping[Origin, int]
    tables: Sequence[TablePlan]
    operations: Operations
    duration: Duration
    pace: Pace | None
    limits: Sequence[Limit]
    on_bucket: bool
    warehouse: str
    free: int | None
    refused: int = 0
    rates: Rates = field(default_factory=Rates)

    @property
    def downloads(self) -> Downloads:
        """Of all data types."""
        return sum((table.downloads for table in self.tables), Downloads())

    @property
    def lake_growth(self) -> Growth:
        """Of all tables of the lake."""
        return sum((table.growth for table in self.tables if not self.is_loaded(table)), Growth())

    @property
    def warehouse_growth(self) -> Growth:
        """Of all analytics tables."""
        return sum((table.growth for table in self.tables if self.is_loaded(table)), Growth())

    @property
    def loads(self) -> int:
        """Load jobs of BigQuery, which are free; 0 with an embedded warehouse."""
        return sum(table.to_make for table in self.tables if self.is_loaded(table)) if self.warehouse == "bigquery" else 0

    @property
    def operation_dollars(self) -> float:
        """Of the store operations on a bucket."""
        return self.operations.dollars(self.rates)

    @property
    def monthly_dollars(self) -> float:
        """Of what is kept afterwards and is billed."""
        bucket = BUCKET_MONTH.of(self.lake_growth.bytes) if self.on_bucket else 0.0
        return bucket + (WAREHOUSE_MONTH.of(self.warehouse_growth.bytes) if self.warehouse == "bigquery" else 0.0)

    @property
    def exceeded(self) -> Sequence[Limit]:
        """The limits that are too low."""
        return [limit for limit in self.limits if limit.is_exceeded]

    @staticmethod
    def is_loaded(table: TablePlan) -> bool:
        """Whether a table is the warehouse's, not the lake's."""
        return table.tier == "market_data_analytics"
