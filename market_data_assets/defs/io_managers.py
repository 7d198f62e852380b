"""Adapters between Dagster and storage: partition → day, asset key → dataset, then one call to the lake or the warehouse."""

import datetime as dt
from contextlib import AbstractContextManager, nullcontext, suppress

import dagster as dg

from market_data_assets.catalog import DATASETS, PROCESSED
from market_data_assets.defs.metadata import UNCHANGED, committed_metadata, loaded_metadata, noted_metadata, stored_metadata
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource, WarehouseResource
from market_data_assets.defs.retries import RETRIED, Retries
from market_data_assets.defs.shown_before import shown_before
from market_data_assets.domain.datasets import DailyFrames, Dataset, Grain, TableFrame, Unchanged
from market_data_assets.errors import PartitionMissing, QueryError
from market_data_assets.storage.day_commit import Commit
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stored_frames import Replaced
from market_data_assets.storage.warehouse.base import LoadedDay, Warehouse, WarehouseTable

_DATASETS = {dg.AssetKey(dataset.key): dataset for dataset in DATASETS}
_LOADED = {dg.AssetKey(WarehouseTable.of(dataset).key): dataset for dataset in PROCESSED}


class LakeIOManager(dg.ConfigurableIOManager):
    """Commits days to the lake and reads them back lazily."""

    lake: dg.ResourceDependency[LakeResource]
    retries: int = 0
    retry_seconds: float = 0.0

    def handle_output(self, context: dg.OutputContext, obj: DailyFrames | TableFrame | Unchanged) -> None:
        """Commit the output's day, or leave it where it is up to date; what is stored becomes the partition's metadata."""
        dataset, day, lake = _DATASETS[context.asset_key], day_of_partition(context.asset_partition_key), self.lake.open()
        if isinstance(obj, Unchanged):
            version = lake.manifest(dataset, day).version
            shown = shown_before(context.step_context.instance, context.asset_key, context.asset_partition_key, version)
            context.add_output_metadata(stored_metadata(lake, dataset, day) if shown is None else {**shown, "status": UNCHANGED})
            return
        with _retrying(context, Retries(self.retries, self.retry_seconds)):
            commit = self._write(lake, dataset, day, obj, context.run_id)
        notes = noted_metadata(obj) if isinstance(obj, DailyFrames) else {}
        context.add_output_metadata(committed_metadata(lake, dataset, day, commit) | notes)

    def _write(self, lake: Lake, dataset: Dataset, day: dt.date, obj: DailyFrames | TableFrame, run: str) -> Commit:
        version = dataset.code_version
        if isinstance(obj, TableFrame):
            return lake.write_table(dataset, day, obj, inputs=obj.inputs, run_id=run, code_version=version)
        return lake.write_day(dataset, obj, partial=obj.partial, run_id=run, code_version=version)

    def load_input(self, context: dg.InputContext) -> DailyFrames | TableFrame:
        """One day of the input.

        Its metadata may say ``clock: exchange`` (the rows of that exchange day instead of the vendor's) and ``optional: True`` (a day
        without instruments where it was never stored).
        """
        dataset, day, lake = _DATASETS[context.asset_key], day_of_partition(context.asset_partition_key), self.lake.open()
        if dataset.grain is Grain.DAY:
            own = {f"{dataset}/{day}": lake.manifest(dataset, day).content.content_hash}
            return TableFrame(lake.read_table(dataset, day), inputs=own)
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
    retries: int = 0
    retry_seconds: float = 0.0

    def handle_output(self, context: dg.OutputContext, obj: DailyFrames) -> None:
        """Load the whole day, or leave the stored one as it was."""
        with _retrying(context, Retries(self.retries, self.retry_seconds)):
            loaded = _load(self.lake.open(), self.warehouse.open(), _LOADED[context.asset_key], obj.day)
        context.add_output_metadata(loaded_metadata(loaded))

    def load_input(self, context: dg.InputContext) -> None:
        """Nothing downstream loads a table through Dagster; readers use ``MarketData``."""
        raise QueryError(f"{context.asset_key.to_user_string()}: assets do not read analytics tables; use MarketData")


def _load(lake: Lake, warehouse: Warehouse, dataset: Dataset, day: dt.date) -> LoadedDay:
    table = WarehouseTable.of(dataset)
    loaded = None
    while loaded is None:
        committed = lake.committed_day(dataset, day)
        with suppress(Replaced):
            loaded = warehouse.replace_day(table, committed)
        # Another run may have committed and loaded the day since ours was read: the last load must be of the last commit.
        if lake.manifest(dataset, day).content.content_hash != committed.content_hash:
            loaded = None
    return loaded


def _retrying(context: dg.OutputContext, retries: Retries) -> AbstractContextManager[None]:
    """Another attempt of the step where the output says that there may be one; see :data:`RETRIED`."""
    if not (context.definition_metadata or {}).keys() >= RETRIED.keys():
        return nullcontext()
    return retries.after(context.step_context.previous_attempt_count)
