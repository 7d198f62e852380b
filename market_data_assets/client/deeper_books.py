"""Shallow books where only deeper ones are stored: the best levels of those (DECISIONS, D05)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from market_data_assets.client.lake_shelf import LakeShelf
from market_data_assets.client.stored_days import Parts, Piece, StoredDay, StoredDays, StoredFile, look_up_each, read_each
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import PartitionMissing
from market_data_assets.storage.lake_reader import LakeReader


class BookShelf:
    """Books of one depth, with those of greater depths for each instrument-day that has none of its own.

    Args:
        books: The depth asked for, then deeper ones, ascending.
        at_a_time: Days looked up, and files decoded, side by side.
    """

    def __init__(self, lake: LakeReader, books: Sequence[Dataset], at_a_time: int) -> None:
        self._at_a_time = at_a_time
        self._shelves = [LakeShelf(lake, book) for book in books]

    @property
    def name(self) -> str:
        """The depth that is asked for."""
        return self._shelves[0].name

    @property
    def spills(self) -> bool:
        """Always: vendors cut days by arrival."""
        return True

    def days(self) -> Sequence[dt.date]:
        """The days of any depth, ascending."""
        return sorted({day for shelf in self._shelves for day in shelf.days()})

    def look_up(self, days: Sequence[dt.date]) -> StoredDays:
        """Each day at every depth that is stored."""
        return look_up_each(self._day, days, self._at_a_time)

    def read(self, pieces: Sequence[Piece], columns: Sequence[str], time_range: TimeRange) -> Parts:
        """The rows of each instrument-day in the range, at the depth asked for."""
        return read_each(lambda piece: self._rows(piece, columns, time_range), pieces, self._at_a_time)

    def _day(self, day: dt.date) -> StoredDay:
        stored = self._stored(day)
        return _BookDay(list(stored.values())) if stored else self._shelves[0].day(day)

    def _rows(self, piece: Piece, columns: Sequence[str], time_range: TimeRange) -> pa.Table:
        wanted = self._shelves[0].dataset.schema
        stored = self._stored(piece.day)
        shelf = next(shelf for shelf in self._shelves if shelf.name in stored and stored[shelf.name].file(piece.instrument) is not None)
        table = shelf.rows(piece, columns, time_range)
        for position, field in enumerate(table.schema):
            if field.type != wanted.field(field.name).type:
                table = table.set_column(position, wanted.field(field.name), _best(table.column(position), wanted.field(field.name).type))
        return table

    def _stored(self, day: dt.date) -> Mapping[str, StoredDay]:
        found = {}
        for shelf in self._shelves:
            try:
                found[shelf.name] = shelf.day(day)
            except PartitionMissing:
                continue
        return found


@dataclass(frozen=True, slots=True)
class _BookDay:
    depths: Sequence[StoredDay]

    def file(self, instrument: InstrumentId) -> StoredFile | None:
        return next((file for day in self.depths if (file := day.file(instrument)) is not None), None)

    def reason(self, instrument: InstrumentId) -> str | None:
        return next((reason for day in self.depths if (reason := day.reason(instrument)) is not None), None)

    def instruments(self) -> Sequence[str]:
        return sorted({name for day in self.depths for name in day.instruments()})


def _best(levels: "pa.ChunkedArray[Any]", shallow: Any) -> "pa.ChunkedArray[Any]":
    """The first levels of lists that have more."""
    depth = levels.type.list_size
    chunks = [chunk.flatten().to_numpy().reshape(-1, depth)[:, : shallow.list_size].ravel() for chunk in levels.chunks]  # type: ignore[attr-defined]  # the stubs lack it
    return pa.chunked_array([pa.FixedSizeListArray.from_arrays(pa.array(values), type=shallow) for values in chunks], shallow)
