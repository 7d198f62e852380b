"""The instruments of a day, filtered. Answers are kept in memory by the version of the day, since services ask again and again."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa

from market_data_assets.client.frames import As, to_frame
from market_data_assets.client.request import markets_named
from market_data_assets.domain.assets import fold_upper
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.domain.venues import find_markets
from market_data_assets.storage.lake_reader import LakeReader

_DAYS_KEPT, _ANSWERS_KEPT = 8, 64


@dataclass(frozen=True, slots=True)
class Choice:
    """Which instruments; None is any.

    Attributes:
        venue: Our name of a venue, or a vendor's name of a part of it.
        base: Asset as listed or in canonical form.
    """

    venue: str | None = None
    instrument_type: InstrumentType | None = None
    base: str | None = None
    quote: str | None = None

    def of(self, table: pa.Table) -> pa.Table:
        """The rows that match everything.

        Raises:
            QueryError: no such venue.
        """
        for columns, allowed in self._conditions():
            matches = [any(value in allowed for value in row) for row in zip(*(table[name].to_pylist() for name in columns), strict=True)]
            table = table.filter(pa.array(matches, pa.bool_()))
        return table

    def _conditions(self) -> list[tuple[tuple[str, ...], frozenset[str]]]:
        """Columns of which one must hold one of some values."""
        conditions = []
        if self.venue is not None:
            conditions.append(_of_venue(self.venue))
        if self.instrument_type is not None:
            conditions.append((("instrument_type",), frozenset({str(self.instrument_type)})))
        if self.base is not None:
            conditions.append((("base_asset", "base_asset_canonical"), frozenset({fold_upper(self.base.strip())})))
        if self.quote is not None:
            conditions.append((("quote_asset",), frozenset({fold_upper(self.quote.strip())})))
        return conditions


def _of_venue(name: str) -> tuple[tuple[str, ...], frozenset[str]]:
    markets = markets_named(name)
    venue = markets[0].venue
    if markets == find_markets(venue):
        return (("venue",), frozenset({venue}))
    return (("tardis_exchange",), frozenset(market.exchange for market in markets))


class Listing:
    """The instruments table of one lake, as it is now or as it was known at an instant."""

    def __init__(self, lake: LakeReader) -> None:
        self._lake = lake
        self._tables = lru_cache(_DAYS_KEPT)(self._load)
        self._answers = lru_cache(_ANSWERS_KEPT)(self._choose)

    def of(self, day: dt.date, choice: Choice, columns: tuple[str, ...], as_: As) -> Any:
        """The chosen rows and columns of a day, in a frame that is the caller's own.

        Raises:
            QueryError: no such venue.
            PartitionMissing: the day is not stored.
        """
        version = self._lake.manifest(INSTRUMENTS, day).tx
        frame = self._answers((day, version), choice, columns, as_)
        return frame.copy() if as_ == "pandas" else frame

    def _choose(self, day: tuple[dt.date, str], choice: Choice, columns: tuple[str, ...], as_: As) -> Any:
        return to_frame(choice.of(self._tables(day)).select(list(columns)), as_)

    def _load(self, day: tuple[dt.date, str]) -> pa.Table:
        """The table of a day; its version is part of the key, so that a new version is another entry."""
        return self._lake.read_table(INSTRUMENTS, day[0])
