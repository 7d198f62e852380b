"""MarketData: what a trading service reads stored market data with, without Dagster. Its parts are the modules beside it."""

import datetime as dt
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.client.books import book_of, flat_columns, flatten
from market_data_assets.client.filling import NEEDED, forward_fill
from market_data_assets.client.frames import As, check_as, to_frame
from market_data_assets.client.listing import Choice, Listing
from market_data_assets.client.plan import OnMissing, ReadPlan, Shelf, plan_read
from market_data_assets.client.reading import Read
from market_data_assets.client.request import Columns, Ids, choose_columns, parse_ids
from market_data_assets.client.shelves import LakeShelf, WarehouseShelf
from market_data_assets.client.stacking import INSTRUMENT_COLUMN
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange, day_of, day_start, parse_day, to_datetime
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import QueryError, SettingsError
from market_data_assets.settings import Settings
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse

Time = str | dt.date | dt.datetime
From = Literal["lake", "warehouse"]


class MarketData:
    """Reads the lake and the warehouse of one deployment. Safe to share between threads.

    Ids are canonical (``BINANCE:PERP:BTC-USDT``), in any case and with the aliases of types; one, or several in a list.
    Times are UTC text, dates or aware datetimes; a range is half-open, ``[start, end)``, on the exchange's clock.
    Frames are ``pandas`` by default, or ``polars``, ``lazy`` (polars) or ``arrow``; rows are by instrument in the order
    asked for, ascending in time. Only the columns and row groups that are asked for are decoded.

    A read either covers its whole range or says what is missing: ``missing="raise"`` (the default) refuses a range in
    which a day, or an instrument on a day on which it was listed, is not stored; ``missing="skip"`` reads the rest, and
    :meth:`explain` lists what it would skip.

    Every read may raise QueryError (something that does not exist: an instrument, a column, a naive time),
    UnknownInstrument (text that is not an id), PartitionMissing (days that are not stored) and CorruptPartition.

    Args:
        settings: Those of the environment and ``market_data.toml`` by default, as the graph has them.
        root: Read the lake at this path or URL instead, without any settings.
    """

    def __init__(self, settings: Settings | None = None, *, root: str | Path | None = None) -> None:
        if settings is not None and root is not None:
            raise SettingsError("MarketData takes settings or root, not both")
        self._settings = Settings.at(root) if root is not None else settings or Settings.load()

    def instruments(
        self,
        day: str | dt.date,
        venue: str | None = None,
        instrument_type: str | InstrumentType | None = None,
        *,
        base: str | None = None,
        quote: str | None = None,
        columns: Columns = None,
        as_: As = "pandas",
    ) -> Any:
        """Every instrument that was listed at any moment of the UTC day, one row each, ordered by id.

        Args:
            venue: Our name of a venue, or a vendor's name of a part of it (``binance-futures``), in any case.
            base: Asset as listed or in canonical form: ``SHIB`` finds 1000SHIB too.
        """
        check_as(as_)
        chosen = choose_columns(str(INSTRUMENTS), columns, list(INSTRUMENTS.columns), list(INSTRUMENTS.columns))
        kind = None if instrument_type is None else InstrumentType.parse(instrument_type)
        return self._listing.of(parse_day(day), Choice(venue, kind, base, quote), tuple(chosen), as_)

    def trades(self, ids: Ids, start: Time, end: Time, columns: Columns = None, *, missing: OnMissing = "raise", as_: As = "pandas") -> Any:
        """Trades as the venue reported them; several ids add an ``instrument_id`` column."""
        check_as(as_)
        return to_frame(self._read(TRADES, ids, TimeRange.parse(start, end), columns=columns, missing=missing).run(), as_)

    def book_snapshot_ticks(
        self,
        ids: Ids,
        start: Time,
        end: Time,
        *,
        levels: int = 5,
        flat: bool = True,
        columns: Columns = None,
        missing: OnMissing = "raise",
        as_: As = "pandas",
    ) -> Any:
        """The book after each change of its best levels; several ids add an ``instrument_id`` column.

        Args:
            levels: How many levels the flat view has.
            flat: One column per side, quantity and level (``ask_price_1`` is the best, null where missing); otherwise the
                four list columns as stored: all levels, best first, NaN where missing.
        """
        check_as(as_)
        book = book_of(levels)
        if not flat:
            return to_frame(self._read(book, ids, TimeRange.parse(start, end), columns=columns, missing=missing).run(), as_)
        view = flat_columns(book, levels)
        chosen = choose_columns(f"{book} (flat)", columns, [INSTRUMENT_COLUMN, *view], list(view))
        stored = [view[name].column if name in view else name for name in chosen]
        table = self._read(book, ids, TimeRange.parse(start, end), columns=stored, missing=missing).run()
        return to_frame(flatten(table, view, chosen), as_)

    def candles(
        self,
        ids: Ids,
        timeframe: str | Timeframe,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        fill: Literal["ffill"] | None = None,
        components: bool = False,
        source: From = "lake",
        missing: OnMissing = "raise",
        as_: As = "pandas",
    ) -> Any:
        """Candles whose bucket starts in the range.

        Args:
            fill: ``ffill`` carries the last close, from the start of the first day on, into the prices of buckets that are
                known to have had no trades; never over ``no_data`` or a missing bucket. ``bucket_status`` tells them apart.
            components: Also offer the hidden columns that make merging exact; only the lake has them.
        """
        # The registries of computed tables are read where they are needed: trades and instruments do without them.
        from market_data_assets.compute.candles.registry import CANDLES  # noqa: PLC0415

        check_as(as_)
        length = Timeframe.parse(timeframe)
        read = self._read(
            CANDLES[length], ids, TimeRange.parse(start, end), columns=columns, missing=missing, source=source, components=components
        )
        if fill is None:
            return to_frame(read.run(), as_)
        if fill != "ffill":
            raise QueryError(f"fill {fill!r}: expected ffill or None")
        return to_frame(_filled(read, length), as_)

    def book_snapshots(
        self,
        ids: Ids,
        timeframe: str | Timeframe,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        components: bool = False,
        source: From = "lake",
        missing: OnMissing = "raise",
        as_: As = "pandas",
    ) -> Any:
        """The last book and the book features of each bucket that starts in the range; arguments as for :meth:`candles`."""
        from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS  # noqa: PLC0415

        check_as(as_)
        dataset = BOOK_SNAPSHOTS[Timeframe.parse(timeframe)]
        return to_frame(
            self._read(
                dataset, ids, TimeRange.parse(start, end), columns=columns, missing=missing, source=source, components=components
            ).run(),
            as_,
        )

    def explain(self, dataset: str, ids: Ids, start: Time, end: Time, *, source: From = "lake") -> ReadPlan:
        """What a read of ``dataset`` (such as ``trades`` or ``candles_1m``) touches, and what is missing; nothing is decoded."""
        from market_data_assets.catalog import DATASETS  # noqa: PLC0415

        known = {one.name: one for one in DATASETS if one is not INSTRUMENTS}
        if dataset not in known:
            raise QueryError(f"dataset {dataset!r} is not known; stored are {', '.join(known)}")
        return plan_read(self._shelf(known[dataset], source), parse_ids(ids)[0], TimeRange.parse(start, end))

    @cached_property
    def _lake(self) -> Lake:
        return Lake(open_store(self._settings.root_url), workers=self._settings.workers)

    @cached_property
    def _listing(self) -> Listing:
        return Listing(self._lake)

    @cached_property
    def _warehouse(self) -> Warehouse:
        if self._settings.warehouse != "embedded":
            raise SettingsError(f"MDA_WAREHOUSE {self._settings.warehouse!r}: only the embedded warehouse can be read; or read the lake")
        return EmbeddedWarehouse(self._settings.warehouse_root, [])

    def _shelf(self, dataset: Dataset, source: From) -> Shelf:
        if source == "lake":
            return LakeShelf(self._lake, dataset)
        if source != "warehouse" or dataset.timeframe is None:
            raise QueryError(f"source {source!r} of {dataset}: expected lake" + ("" if dataset.timeframe is None else " or warehouse"))
        return WarehouseShelf(self._warehouse, WarehouseTable.of(dataset))

    def _read(
        self,
        dataset: Dataset,
        ids: Ids,
        time_range: TimeRange,
        *,
        columns: Columns,
        missing: OnMissing,
        source: From = "lake",
        components: bool = False,
    ) -> Read:
        if components and source != "lake":
            raise QueryError(f"components of {dataset}: only the lake has them, not the {source}")
        instruments, several = parse_ids(ids)
        stored = list(dataset.columns) if components else list(dataset.visible_columns)
        allowed = stored if INSTRUMENT_COLUMN in stored else [INSTRUMENT_COLUMN, *stored]
        chosen = choose_columns(str(dataset), columns, allowed, stored)
        if several and INSTRUMENT_COLUMN not in chosen:
            chosen = [INSTRUMENT_COLUMN, *chosen]
        shelf = self._shelf(dataset, source)
        schema = shelf.table.schema if isinstance(shelf, WarehouseShelf) else dataset.schema
        return Read(shelf, schema, instruments, time_range, chosen, missing, self._settings.workers)


def _filled(read: Read, timeframe: Timeframe) -> pa.Table:
    """The read with prices filled from the start of its first day on."""
    since = TimeRange(day_start(day_of(read.time_range.start)), read.time_range.end)
    wide = replace(read, columns=list(dict.fromkeys([*read.columns, *NEEDED])), time_range=since)
    table = forward_fill(wide.run(), timeframe)
    start = pa.scalar(to_datetime(read.time_range.start), table.schema.field("timestamp").type)
    return table.filter(pc.greater_equal(table["timestamp"], start)).select(list(read.columns))
