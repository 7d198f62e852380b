"""A lake in memory that counts what is asked of its store, days that the real graph makes in it, and a store that takes nothing."""

import datetime as dt
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg

from market_data_assets.catalog import TABLES
from market_data_assets.definitions import build_definitions
from market_data_assets.defs.io_managers import LakeIOManager, WarehouseIOManager
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.runs import DayOutcome, run_day
from market_data_assets.domain.universe import Universe
from market_data_assets.preflight.backfill import Deployed
from market_data_assets.preflight.opening import open_deployed
from market_data_assets.preflight.universe import Vendor
from market_data_assets.settings import Settings
from market_data_assets.sources.base import Source
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.faults.stores import Wrapped

_WRITES = frozenset({"put", "move", "list"})
_READS = frozenset({"get", "head"})


class CountingStore(Wrapped):
    """Counts operations. It reads by ranges, as a bucket is read."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.reads_in_place = False
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __getattribute__(self, name: str) -> Any:
        if name in _WRITES | _READS:
            with object.__getattribute__(self, "_lock"):
                object.__getattribute__(self, "_counts")[name] += 1
        return object.__getattribute__(self, name)

    def take(self) -> tuple[int, int]:
        """Operations of class A and of class B since it was asked last."""
        counts, self._counts = self._counts, Counter()
        return sum(counts[name] for name in _WRITES), sum(counts[name] for name in _READS)


class ReadOnlyStore(Wrapped):
    """Refuses every change."""

    def _operation(self, change, call):
        assert not change, "a plan changes nothing"
        return call()


_LAKES: dict[str, Lake] = {}


class CountedLake(LakeResource):
    """The lake that a test has put into the list of lakes."""

    def open(self) -> Lake:
        return _LAKES[self.root]


class World:
    """A deployment with simulated markets, its lake in memory and its warehouse in a folder."""

    def __init__(self, folder: Path, instruments: str) -> None:
        self.settings = Settings.load(
            {
                "MDA_ROOT": f"memory://{folder.name}",
                "MDA_WAREHOUSE_ROOT": str(folder / "tables"),
                "MDA_INSTRUMENTS": instruments,
                "MDA_WORKERS": "2",
                "MDA_BINANCE_VISION_URL": str(folder / "klines"),
            }
        )
        self.store = CountingStore(MemoryStore())
        _LAKES[self.settings.root_url] = Lake(self.store, workers=2)

    def make(self, day: dt.date) -> DayOutcome:
        """Run every tier of a day."""
        definitions = build_definitions(self.settings)
        lake = CountedLake(root=self.settings.root_url, workers=2)
        days = LakeIOManager(lake=lake)
        tables = WarehouseIOManager(lake=lake, warehouse=definitions.resources["warehouse"].warehouse)
        resources = {**definitions.resources, "storage": lake, "lake": days, "io_manager": days, "warehouse": tables}
        counted = dg.Definitions(
            definitions.assets,
            definitions.schedules,
            definitions.sensors,
            definitions.jobs,
            resources=resources,
            asset_checks=definitions.asset_checks,
        )
        with dg.DagsterInstance.ephemeral() as instance:
            return run_day(counted, instance, day)

    def deployed(self) -> Deployed:
        """What a plan sees: a store that refuses to be changed."""
        opened = open_deployed(self.settings)
        return Deployed(Lake(ReadOnlyStore(self.store)), opened.warehouse, opened.vendor, "gs://a-bucket", "embedded")


def deployed_on(
    store: Store, folder: Path, source: Source, root_url: str = "memory://lake", kind: str = "embedded", **vendor: bool
) -> Deployed:
    """A lake as it is, an empty warehouse, and a vendor."""
    return Deployed(
        Lake(store, workers=1), EmbeddedWarehouse(folder / "tables", TABLES), Vendor(source, Universe(), **vendor), root_url, kind
    )
