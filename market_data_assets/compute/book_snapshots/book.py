"""The rows of a book as numpy views of their Arrow columns, in order of time."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.compute.book_snapshots.verdicts import outside_listing
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import TIMESTAMP, Quarantined
from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import BadData, SchemaDrift

CLOCKS = ("timestamp", "local_timestamp")
LEVEL_COLUMNS = ("ask_prices", "ask_amounts", "bid_prices", "bid_amounts")

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BookChunk:
    """Consecutive rows without copies: instants in µs, levels of shape (rows, levels), best first, NaN where missing."""

    first_row: int
    times: Int64s
    arrivals: Int64s
    levels: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True)
class ListedRows:
    """The rows of one UTC day within the listing, ascending by time.

    Attributes:
        levels: Levels per side that a row holds.
        quarantined: The rows outside the listing.
    """

    book: pa.Table
    levels: int
    quarantined: tuple[Quarantined, ...]


def listed_rows(book: pa.Table, contract: Contract, day: dt.date) -> ListedRows:
    """The rows of a raw book that lie within the contract's listing.

    Raises:
        SchemaDrift: the table is not a raw book.
        BadData: rows of another day.
    """
    levels = _level_count(book, contract.instrument_id)
    book = _sorted_by_time(book)
    _require_day(book, contract.instrument_id, day)
    first, stop = _rows_between(book, *contract.listed_within(day))
    return ListedRows(book.slice(first, stop - first), levels, tuple(outside_listing(book, first, stop)))


def _level_count(book: pa.Table, instrument: InstrumentId) -> int:
    """How many levels per side the rows hold.

    Raises:
        SchemaDrift: not the columns of a raw book, or nulls where none may be.
    """
    for name in (*CLOCKS, *LEVEL_COLUMNS):
        if name not in book.column_names:
            raise SchemaDrift(f"book of {instrument}: no column {name}; expected {', '.join((*CLOCKS, *LEVEL_COLUMNS))}")
        if book[name].null_count:
            raise SchemaDrift(f"book of {instrument}: {book[name].null_count} nulls in {name}, expected none")
    for name in CLOCKS:
        if book.schema.field(name).type != TIMESTAMP:
            raise SchemaDrift(f"book of {instrument}: {name} is {book.schema.field(name).type}, expected {TIMESTAMP}")
    types = {name: book.schema.field(name).type for name in LEVEL_COLUMNS}
    first = types[LEVEL_COLUMNS[0]]
    if not pa.types.is_fixed_size_list(first) or first.value_type != pa.float64() or set(types.values()) != {first}:
        raise SchemaDrift(f"book of {instrument}: levels are {types}, expected four equal fixed-size lists of double")
    return int(first.list_size)


def _sorted_by_time(book: pa.Table) -> pa.Table:
    """The rows ascending by ``timestamp``, in file order among equal times; the very same table when they are already."""
    times = _instants(book["timestamp"])
    if bool(np.all(times[1:] >= times[:-1])):
        return book
    return book.take(np.argsort(times, kind="stable"))


def _require_day(book: pa.Table, instrument: InstrumentId, day: dt.date) -> None:
    """Refuse rows of another UTC day than ``day``.

    Args:
        book: Rows ascending by time.

    Raises:
        BadData: rows of another day; the raw tier is cut into days before.
    """
    times = _instants(book["timestamp"])
    inside = np.searchsorted(times, [day_start(day), day_end(day)])
    outside = len(times) - int(inside[1] - inside[0])
    if outside:
        raise BadData(f"book of {instrument} on {day}", rows=len(times), rejected={"other_day": outside})


def _rows_between(book: pa.Table, start: int, end: int) -> tuple[int, int]:
    """First and one-past-last number of the rows in ``[start, end)`` of a table ascending by time."""
    first, stop = np.searchsorted(_instants(book["timestamp"]), [start, end])
    return int(first), int(max(first, stop))


def chunks(book: pa.Table, levels: int) -> Iterator[BookChunk]:
    """The rows chunk by chunk, as they lie in memory."""
    first_row = 0
    for batch in book.select([*CLOCKS, *LEVEL_COLUMNS]).to_batches():
        yield BookChunk(
            first_row=first_row,
            times=_instants(batch["timestamp"]),
            arrivals=_instants(batch["local_timestamp"]),
            levels={name: _level_view(batch[name], levels) for name in LEVEL_COLUMNS},
        )
        first_row += batch.num_rows


def _instants(column: "pa.ChunkedArray[Any] | pa.Array[Any]") -> Int64s:
    return column.cast(pa.int64()).to_numpy()


def _level_view(column: Any, levels: int) -> Floats:
    values = column.flatten()
    if values.null_count:
        values = values.fill_null(float("nan"))
    view: Floats = values.to_numpy().reshape(len(column), levels)
    return view
