"""The deployment that is looked at, opened as far as the checks need it, and what they share."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property

from market_data_assets.deployment import open_lake, open_warehouse
from market_data_assets.settings import Settings
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.warehouse.base import Warehouse
from market_data_assets.upkeep.doctor.scratch_table import VALUES, ScratchTable


@dataclass
class Subject:
    """One deployment.

    Attributes:
        environ: The environment that the settings were read from.
        may_write: Whether checks may write, each below a name of its own.
        cleanup: What is to be removed in the end.
    """

    settings: Settings
    environ: Mapping[str, str]
    may_write: bool = False
    cleanup: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def lake(self) -> Lake:
        """The lake of the settings."""
        return open_lake(self.settings)

    @property
    def store(self) -> Store:
        """The lake's store."""
        return self.lake.store

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse of the settings."""
        return open_warehouse(self.settings)

    def new_table(self) -> ScratchTable:
        """An empty table that nobody else knows, dropped in the end."""
        return ScratchTable.create(self.warehouse, self.cleanup)

    @cached_property
    def loaded_table(self) -> ScratchTable:
        """A table with a day of three rows, for checks that only read."""
        scratch = self.new_table()
        scratch.warehouse.replace_day(scratch.table, scratch.day(VALUES, version=1))
        return scratch

    @property
    def needs_google(self) -> bool:
        """Whether anything of the deployment is in Google Cloud."""
        return self.settings.root_url.startswith("gs://") or self.settings.warehouse == "bigquery"
