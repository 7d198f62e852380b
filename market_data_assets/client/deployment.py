"""One deployment as a reader sees it: its lake, its warehouse, and the way from a request to rows."""

import datetime as dt
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from market_data_assets.client.frames import As, check_as, to_frame
from market_data_assets.client.plan import OnMissing, Shelf
from market_data_assets.client.reading import Read
from market_data_assets.client.request import Columns, Ids, choose_columns, parse_ids
from market_data_assets.client.shelves import LakeShelf, WarehouseShelf
from market_data_assets.client.stacking import INSTRUMENT_COLUMN
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange, to_instant
from market_data_assets.errors import QueryError, SettingsError
from market_data_assets.settings import Settings
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse

Time = str | dt.date | dt.datetime
From = Literal["lake", "warehouse"]


class Deployment:
    """Where one deployment's data is. The kinds of reads that the package offers are built on it.

    Args:
        settings: Those of the environment and ``market_data.toml`` by default, as the graph has them.
        root: Read the lake at this path or URL instead, without any settings.
    """

    def __init__(self, settings: Settings | None = None, *, root: str | Path | None = None) -> None:
        if settings is not None and root is not None:
            raise SettingsError("MarketData takes settings or root, not both")
        self._settings = Settings.at(root) if root is not None else settings or Settings.load()

    @cached_property
    def _lake(self) -> Lake:
        return Lake(open_store(self._settings.root_url), workers=self._settings.workers)

    @cached_property
    def _warehouse(self) -> Warehouse:
        if self._settings.warehouse != "embedded":
            raise SettingsError(f"MDA_WAREHOUSE {self._settings.warehouse!r}: only the embedded warehouse can be read; or read the lake")
        return EmbeddedWarehouse(self._settings.warehouse_root, [])

    def _lake_at(self, as_known_at: Time | None) -> LakeReader:
        """The lake now, or as it was at an instant."""
        return self._lake if as_known_at is None else self._lake.as_known_at(to_instant(as_known_at))

    def _shelf(self, dataset: Dataset, source: From, as_known_at: Time | None = None) -> Shelf:
        if source == "lake":
            return LakeShelf(self._lake_at(as_known_at), dataset)
        if source != "warehouse" or dataset.timeframe is None:
            raise QueryError(f"source {source!r} of {dataset}: expected lake" + ("" if dataset.timeframe is None else " or warehouse"))
        if as_known_at is not None:
            raise QueryError(f"{dataset} as known at {as_known_at}: only the lake keeps earlier revisions, not the warehouse")
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
        as_known_at: Time | None = None,
        shelf: Shelf | None = None,
    ) -> Read:
        """What to read of a dataset, from its place in the lake or the warehouse unless a ``shelf`` is given."""
        if components and source != "lake":
            raise QueryError(f"components of {dataset}: only the lake has them, not the {source}")
        instruments, several = parse_ids(ids)
        stored = list(dataset.columns) if components else list(dataset.visible_columns)
        allowed = stored if INSTRUMENT_COLUMN in stored else [INSTRUMENT_COLUMN, *stored]
        chosen = choose_columns(str(dataset), columns, allowed, stored)
        if several and INSTRUMENT_COLUMN not in chosen:
            chosen = [INSTRUMENT_COLUMN, *chosen]
        if shelf is None:
            shelf = self._shelf(dataset, source, as_known_at)
        schema = shelf.table.schema if isinstance(shelf, WarehouseShelf) else dataset.schema
        return Read(shelf, schema, instruments, time_range, chosen, missing, self._settings.workers)

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
