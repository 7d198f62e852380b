"""Adapters between Dagster and storage: partition → day, asset key → dataset, then one call to the lake or the warehouse."""

from contextlib import suppress

import dagster as dg

from market_data_assets.catalog import DATASETS, PROCESSED
from market_data_assets.defs.metadata import committed_metadata, loaded_metadata, noted_metadata
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource, WarehouseResource
from market_data_assets.domain.datasets import DailyFrames, Grain, TableFrame
from market_data_assets.errors import PartitionMissing, QueryError
from market_data_assets.storage.stored_frames import Replaced
from market_data_assets.storage.warehouse.base import WarehouseTable

_DATASETS = {dg.AssetKey(dataset.key): dataset for dataset in DATASETS}
_LOADED = {dg.AssetKey(WarehouseTable.of(dataset).key): dataset for dataset in PROCESSED}


class LakeIOManager(dg.ConfigurableIOManager):
    """Commits days to the lake and reads them back lazily."""

    lake: dg.ResourceDependency[LakeResource]

    def handle_output(self, context: dg.OutputContext, obj: DailyFrames | TableFrame) -> None:
        """Commit the output's day; what was committed becomes the partition's metadata."""
        dataset, day, lake = _DATASETS[context.asset_key], day_of_partition(context.asset_partition_key), self.lake.open()
        run, version = context.run_id, dataset.code_version
        if isinstance(obj, TableFrame):
            commit = lake.write_table(dataset, day, obj, run_id=run, code_version=version)
            context.add_output_metadata(committed_metadata(lake, dataset, day, commit))
        else:
            commit = lake.write_day(dataset, obj, partial=obj.partial, run_id=run, code_version=version)
            context.add_output_metadata(committed_metadata(lake, dataset, day, commit) | noted_metadata(obj))

    def load_input(self, context: dg.InputContext) -> DailyFrames | TableFrame:
        """One day of the input.

        Its metadata may say ``clock: exchange`` (the rows of that exchange day instead of the vendor's) and ``optional: True`` (a day
        without instruments where it was never stored).
        """
        dataset, day, lake = _DATASETS[context.asset_key], day_of_partition(context.asset_partition_key), self.lake.open()
        if dataset.grain is Grain.DAY:
            return TableFrame(lake.read_table(dataset, day))
        wishes = context.definition_metadata or {}
        try:
            return lake.read_exchange_day(dataset, day) if wishes.get("clock") == "exchange" else lake.read_day(dataset, day)
        except PartitionMissing:
            if wishes.get("optional"):
                return DailyFrames(day, {})
            raise


class WarehouseIOManager(dg.ConfigurableIOManager):
    """Replaces the day of an analytics table by the stored day of the lake."""

    lake: dg.ResourceDependency[LakeResource]
    warehouse: dg.ResourceDependency[WarehouseResource]

    def handle_output(self, context: dg.OutputContext, obj: DailyFrames) -> None:
        """Load the whole day, or leave the stored one as it was."""
        dataset, lake, warehouse = _LOADED[context.asset_key], self.lake.open(), self.warehouse.open()
        table = WarehouseTable.of(dataset)
        loaded = None
        while loaded is None:
            committed = lake.committed_day(dataset, obj.day)
            with suppress(Replaced):
                loaded = warehouse.replace_day(table, committed)
            # Another run may have committed and loaded the day since ours was read: the last load must be of the last commit.
            if lake.manifest(dataset, obj.day).content.content_hash != committed.content_hash:
                loaded = None
        context.add_output_metadata(loaded_metadata(loaded))

    def load_input(self, context: dg.InputContext) -> None:
        """Nothing downstream loads a table through Dagster; readers use ``MarketData``."""
        raise QueryError(f"{context.asset_key.to_user_string()}: assets do not read analytics tables; use MarketData")
