"""The day that a page is about: what the lake holds of it, read once."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from market_data_assets.compute.completeness.coverage import Cell, Expected, coverage, expected_of
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.errors import CorruptPartition, PartitionMissing, UnsupportedFormat
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.manifest import Manifest
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition

UNREADABLE = (CorruptPartition, UnsupportedFormat)
"""A day that is stored and cannot be read. A store that does not answer is another thing: the page is then not built."""


@dataclass(frozen=True)
class PageDay:
    """One UTC day of a lake.

    Attributes:
        workers: Files read side by side.
    """

    lake: LakeReader
    day: dt.date
    workers: int

    def manifest(self, dataset: Dataset) -> Manifest | None:
        """What is stored of a dataset; None where nothing is, or where it cannot be read."""
        if dataset not in self._manifests:
            self._manifests[dataset] = self._read(dataset)
        return self._manifests[dataset]

    def read_ahead(self, datasets: tuple[Dataset, ...]) -> None:
        """Read the manifests of some datasets side by side."""
        for_each(self.manifest, datasets)

    def table(self, dataset: Dataset) -> pa.Table | None:
        """The one table of the day of a dataset that has one; None as :meth:`manifest`.

        Raises:
            CorruptPartition: its manifest is there, and its file is not.
        """
        if self.manifest(dataset) is None:
            return None
        try:
            return self.lake.read_table(dataset, self.day)
        except PartitionMissing:
            return None

    def is_unreadable(self, dataset: Dataset) -> bool:
        """Whether a manifest is stored that cannot be read."""
        return self.manifest(dataset) is None and self._partition(dataset).is_stored()

    @cached_property
    def instruments(self) -> pa.Table | None:
        """The instruments of the day."""
        return self.table(INSTRUMENTS)

    @cached_property
    def missing(self) -> pa.Table | None:
        """The report of what is missing of the day."""
        return self.table(MISSING_REPORT)

    @cached_property
    def expected(self) -> tuple[Expected, ...]:
        """Every instrument of the day with the data types that the vendor lists it with."""
        return () if self.instruments is None else tuple(expected_of(self.instruments, self.day))

    @cached_property
    def shares(self) -> Mapping[Cell, float] | None:
        """The share that is there of each instrument and data type; None without a report of what is missing."""
        return None if self.missing is None or self.instruments is None else coverage(self.expected, self.missing)

    @cached_property
    def _manifests(self) -> dict[Dataset, Manifest | None]:
        return {}

    def _read(self, dataset: Dataset) -> Manifest | None:
        try:
            return self._partition(dataset).current().manifest
        except UNREADABLE:
            return None

    def _partition(self, dataset: Dataset) -> Partition:
        return Partition(self.lake.store, partition_prefix(dataset, self.day))


def group_of(instrument_id: str) -> str:
    """Venue and type of an instrument, such as ``BINANCE PERP``."""
    return " ".join(instrument_id.split(":")[:2])
