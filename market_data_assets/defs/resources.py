"""Resources: where days are kept, where ticks come from, and which instruments a run is about.

Those of Google Cloud are in :mod:`market_data_assets.defs.google`.
"""

from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, SecretStr

from market_data_assets.assembly.up_to_date import WHOLE_DAY, Wanted
from market_data_assets.catalog import TABLES
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.base import Source
from market_data_assets.sources.binance_vision import BinanceVisionSource
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.opening import open_source
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.warehouse.base import Warehouse
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse


class LakeResource(dg.ConfigurableResource[Lake]):
    """The lake: every tier's days under one root, on the local disk or in memory."""

    root: str
    workers: int

    def open(self) -> Lake:
        """The lake at ``root``, one per process."""
        return _open_lake(self.root, self.workers)


@lru_cache
def _open_lake(root: str, workers: int) -> Lake:
    return Lake(open_store(root), workers=workers)


class WarehouseResource(dg.ConfigurableResource[Warehouse]):
    """The embedded warehouse: a folder of day files per analytics table."""

    root: str

    def open(self) -> Warehouse:
        """The warehouse with its tables created, one per process."""
        return _open_warehouse(self.root)


@lru_cache
def _open_warehouse(root: str) -> Warehouse:
    warehouse = EmbeddedWarehouse(Path(root), TABLES)
    warehouse.migrate()
    return warehouse


class TickSource(dg.ConfigurableResource[Source]):
    """Where instruments and ticks come from."""

    source: str
    venues: list[str]
    instruments: list[str]
    data_types: list[str]
    tardis_datasets_url: str
    tardis_api_url: str
    tardis_api_key: str | None
    binance_vision_url: str
    cache: str

    def open(self, limits: Limits | None = None) -> Source:
        """The vendor of this deployment, limited to its universe; ``limits`` other than its own for who cannot wait for it."""
        universe = Universe(tuple(self.venues), tuple(self.instruments), tuple(self.data_types))
        return open_source(
            self.source,
            universe,
            Path(self.cache),
            tardis_datasets_url=self.tardis_datasets_url,
            tardis_api_url=self.tardis_api_url,
            tardis_api_key=None if self.tardis_api_key is None else SecretStr(self.tardis_api_key),
            binance_vision_url=self.binance_vision_url,
            limits=limits,
        )

    def exchange_candles(self) -> BinanceVisionSource:
        """The exchange's own candles, to compare with, wherever the ticks come from. A check does not wait long for them."""
        limits = Limits(connect_seconds=5, total_seconds=60, attempts=2)
        return BinanceVisionSource(self.binance_vision_url, Universe(), Path(self.cache), limits=limits)


class Selection(dg.ConfigurableResource[Any]):
    """What one run is about; set in run config to work on some of a day. Such a run merges into the stored day."""

    instruments: list[str] = Field(default=[], description="Patterns of instrument ids; all instruments without any.")
    refresh: bool = Field(default=False, description="Fetch and compute also what is stored and up to date.")
    whole_day: bool = Field(
        default=False,
        description="The two above limit what is fetched alone: whatever is out of date of the day by then is computed, of any instrument.",
    )

    def computed(self) -> Wanted:
        """What is computed from ticks."""
        return WHOLE_DAY if self.whole_day else self.fetched()

    def fetched(self) -> Wanted:
        """What is asked of the vendor: the instruments that match any of the patterns."""
        patterns = [pattern.upper() for pattern in self.instruments]
        if not patterns:
            return Wanted(refresh=self.refresh)
        return Wanted(lambda instrument: any(fnmatchcase(str(instrument), pattern) for pattern in patterns), self.refresh)
