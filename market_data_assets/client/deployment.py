"""One deployment as a reader sees it: its lake, its warehouse, and the way from a request to rows."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from market_data_assets.client.choosing import Wanted, choose
from market_data_assets.client.costs import Rates
from market_data_assets.client.frames import As, check_as, to_frame
from market_data_assets.client.lake_shelf import LakeShelf
from market_data_assets.client.plan import OnMissing, check_missing
from market_data_assets.client.reading import Read
from market_data_assets.client.request import Columns, Ids, choose_columns, parse_ids
from market_data_assets.client.stacking import INSTRUMENT_COLUMN
from market_data_assets.client.stored_days import Shelf
from market_data_assets.client.warehouse_shelf import WarehouseShelf
from market_data_assets.deployment import open_warehouse
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange, to_instant
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import QueryError, SettingsError
from market_data_assets.settings import Settings
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.parallel import PARALLEL
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable

Time = str | dt.date | dt.datetime
From = Literal["auto", "lake", "warehouse"]
"""``auto`` is whichever has the range, and of two that have it the one that costs less."""


class Deployment:
    """Where one deployment's data is. The kinds of reads that the package offers are built on it.

    Args:
        settings: Those of the environment and ``market_data.toml`` by default, as the graph has them.
        root: Read the lake at this path or URL instead, without any settings.
        rates: Prices and speeds by which the lake or the warehouse is chosen.
    """

    def __init__(self, settings: Settings | None = None, *, root: str | Path | None = None, rates: Rates | None = None) -> None:
        if settings is not None and root is not None:
            raise SettingsError("MarketData takes settings or root, not both")
        self._settings = Settings.at(root) if root is not None else settings or Settings.load()
        self._rates = rates or Rates()

    @cached_property
    def _lake(self) -> Lake:
        settings = self._settings
        cache = RangeCache(settings.read_cache, settings.read_cache_bytes) if settings.read_cache_bytes else None
        return Lake(open_store(settings.root_url), workers=settings.workers, cache=cache)

    @cached_property
    def _warehouse(self) -> Warehouse:
        return open_warehouse(self._settings)

    @cached_property
    def _at_a_time(self) -> int:
        """Days looked up and files decoded side by side: a bucket answers slowly, and as often as it is asked."""
        return self._settings.workers if self._lake.store.reads_in_place else max(self._settings.workers, PARALLEL)

    def _lake_at(self, as_known_at: Time | None) -> LakeReader:
        """The lake now, or as it was at an instant."""
        return self._lake if as_known_at is None else self._lake.as_known_at(to_instant(as_known_at))

    def _read(
        self,
        dataset: Dataset,
        ids: Ids,
        time_range: TimeRange,
        *,
        columns: Columns = None,
        missing: OnMissing = "raise",
        source: From = "lake",
        components: bool = False,
        as_known_at: Time | None = None,
        shelf: Shelf | None = None,
    ) -> Read:
        """What to read of a dataset, from its place in the lake or the warehouse unless a ``shelf`` is given."""
        check_missing(missing)
        if source not in get_args(From):
            raise QueryError(f"source {source!r} of {dataset}: expected one of {', '.join(get_args(From))}")
        instruments, several = parse_ids(ids)
        chosen = _columns(dataset, columns, components=components, several=several)
        if shelf is None and source == "warehouse":
            table = self._table(dataset, instruments, components=components, as_known_at=as_known_at)
            return Read(table, table.table.schema, instruments, time_range, chosen, missing)
        lake = LakeShelf(self._lake_at(as_known_at), dataset, self._at_a_time)
        read = Read(shelf or lake, dataset.schema, instruments, time_range, chosen, missing)
        only_lake = components or as_known_at is not None or not self._has_warehouse
        if shelf is not None or source == "lake" or only_lake:
            return read
        wanted = Wanted(instruments, time_range, read.decoded)
        cheaper, plan = choose(wanted, lake, lambda: self._table(dataset, instruments), self._rates)
        return replace(read, shelf=cheaper, plan=plan)

    @property
    def _has_warehouse(self) -> bool:
        """Whether the warehouse is known to hold days of this lake.

        A folder on this machine is, beside a lake on this machine. Beside one that is elsewhere, it may be left from a demo.
        """
        return self._settings.warehouse != "embedded" or self._settings.root_url.startswith("file:")

    def _table(
        self, dataset: Dataset, instruments: Sequence[InstrumentId], *, components: bool = False, as_known_at: Time | None = None
    ) -> WarehouseShelf:
        """The analytics table of a dataset.

        Raises:
            QueryError: there is none, or it has not what is asked for.
        """
        from market_data_assets.catalog import PROCESSED  # noqa: PLC0415

        if dataset not in PROCESSED:
            raise QueryError(f"source 'warehouse' of {dataset}: only the lake has it")
        if components:
            raise QueryError(f"components of {dataset}: only the lake has them, not the warehouse")
        if as_known_at is not None:
            raise QueryError(f"{dataset} as known at {as_known_at}: only the lake keeps earlier revisions, not the warehouse")
        local = self._settings.warehouse == "embedded"
        limit = None if local else self._settings.bigquery.max_bytes_billed
        return WarehouseShelf(self._warehouse, WarehouseTable.of(dataset), instruments, local, limit)

    def _ticks(
        self,
        dataset: Dataset,
        ids: Ids,
        span: tuple[Time, Time],
        columns: Columns,
        *,
        missing: OnMissing,
        as_known_at: Time | None,
        as_: As,
    ) -> Any:
        """Rows of a raw data type as a frame."""
        check_as(as_)
        read = self._read(dataset, ids, TimeRange.parse(*span), columns=columns, missing=missing, as_known_at=as_known_at)
        return to_frame(read.run(), as_)


def _columns(dataset: Dataset, columns: Columns, *, components: bool, several: bool) -> Sequence[str]:
    """The columns of a read, with the id where several instruments are asked for."""
    stored = list(dataset.columns) if components else list(dataset.visible_columns)
    allowed = stored if INSTRUMENT_COLUMN in stored else [INSTRUMENT_COLUMN, *stored]
    chosen = choose_columns(str(dataset), columns, allowed, stored)
    return [INSTRUMENT_COLUMN, *chosen] if several and INSTRUMENT_COLUMN not in chosen else chosen
