"""Instrument availability: which instruments were listed on a day."""

import dagster as dg

from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import TickSource
from market_data_assets.defs.specs import out_kwargs
from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS


def instruments_asset(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """The instruments of each day, from the vendor's metadata."""

    @dg.asset(**out_kwargs(INSTRUMENTS, kinds={"parquet"}), partitions_def=partitions, pool="vendor")
    def _instruments(context: dg.AssetExecutionContext, ticks: TickSource) -> TableFrame:
        return ticks.open().instruments(day_of_partition(context.partition_key)).frame()

    return _instruments
