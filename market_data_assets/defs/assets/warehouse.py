"""Warehouse tier: each processed table of a day, loaded whole into its analytics table."""

import dagster as dg

from market_data_assets.catalog import PROCESSED
from market_data_assets.defs.retries import RETRIED
from market_data_assets.defs.specs import asset_key, table_kwargs
from market_data_assets.domain.datasets import DailyFrames, Dataset
from market_data_assets.storage.warehouse.base import WarehouseTable


def warehouse_asset(dataset: Dataset, partitions: dg.PartitionsDefinition[str], kind: str) -> dg.AssetsDefinition:
    """One table of a ``kind`` of warehouse; a run replaces its day by the whole stored day of ``dataset``."""
    table, described = WarehouseTable.of(dataset), table_kwargs(dataset, kinds={kind})

    @dg.asset(
        **{**described, "metadata": {**described["metadata"], **RETRIED}},
        ins={"frames": dg.AssetIn(asset_key(dataset))},
        partitions_def=partitions,
        pool=f"warehouse_{table.name}",
    )
    def _table(frames: DailyFrames) -> DailyFrames:
        return frames

    return _table


def warehouse_assets(partitions: dg.PartitionsDefinition[str], kind: str) -> list[dg.AssetsDefinition]:
    """One asset per table: candles and book snapshots in every timeframe."""
    return [warehouse_asset(dataset, partitions, kind) for dataset in PROCESSED]
