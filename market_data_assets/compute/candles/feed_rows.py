"""The rows of a feed beside trades that belong to an instrument-day, and those set aside."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import Dataset, Quarantined
from market_data_assets.domain.days import day_end, day_start
from market_data_assets.errors import BadData, SchemaDrift

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FeedRows:
    """A feed's rows of one instrument-day.

    Attributes:
        quarantined: The rows set aside, one record per reason.
    """

    table: pa.Table
    quarantined: tuple[Quarantined, ...] = ()

    def without(self, bad: Bools, reason: str) -> "FeedRows":
        """The other rows; those that are bad go aside with their reason."""
        if not bad.any():
            return self
        aside = self.table.filter(pa.array(bad))
        record = Quarantined(reason, len(aside), aside.append_column("reason", pa.repeat(reason, len(aside))))
        return FeedRows(self.table.filter(pa.array(~bad)), (*self.quarantined, record))


def check_rows(rows: pa.Table, dataset: Dataset, columns: Iterable[str], contract: Contract, day: dt.date) -> None:
    """Refuses rows that are not those of the feed on the day.

    Args:
        columns: Those that must be there beside the clocks, with the types of the dataset.

    Raises:
        SchemaDrift: columns missing or of another type, or nulls where there must be none.
        BadData: rows of another day.
    """
    what = f"{dataset.name} of {contract.instrument_id} on {day}"
    needed = ("timestamp", "local_timestamp", *columns)
    if missing := [name for name in needed if name not in rows.column_names]:
        raise SchemaDrift(f"{what}: missing columns {missing}")
    for name in needed:
        expected = dataset.columns[name]
        if (found := rows.schema.field(name).type) not in {expected.type, *expected.alternatives}:
            raise SchemaDrift(f"{what}: column {name} is {found}, expected {expected.type}")
        if rows[name].null_count and not expected.nullable:
            raise SchemaDrift(f"{what}: nulls in {name}, expected none")
    times = instants(rows["timestamp"])
    if other := int(np.count_nonzero((times < day_start(day)) | (times >= day_end(day)))):
        raise BadData(f"{what}: exchange times", rows=len(rows), rejected={"other_day": other})


def rows_while_listed(rows: pa.Table, dataset: Dataset, columns: Iterable[str], contract: Contract, day: dt.date) -> FeedRows:
    """The rows of the day while the instrument was listed; the others are set aside as ``outside_listing``.

    Raises:
        SchemaDrift, BadData: as :func:`check_rows`.
    """
    check_rows(rows, dataset, columns, contract, day)
    times = instants(rows["timestamp"])
    start, end = contract.listed_within(day)
    return FeedRows(rows).without((times < start) | (times >= end), "outside_listing")


def instants(column: "pa.ChunkedArray[Any]") -> npt.NDArray[np.int64]:
    """µs UTC, of a column without nulls."""
    return np.asarray(column.cast(pa.int64()).to_numpy())


def numbers(column: "pa.ChunkedArray[Any]") -> npt.NDArray[np.float64]:
    """Doubles, NaN for null; µs UTC of a column of instants."""
    whole = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    return np.asarray(whole.to_numpy(), np.float64)


def listed_buckets(starts: npt.NDArray[np.int64], length: int, contract: Contract, day: dt.date) -> Bools:
    """Which buckets lie at least partly within the listing."""
    start, end = contract.listed_within(day)
    return np.asarray((starts + length > start) & (starts < end))
