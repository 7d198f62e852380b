"""Instrument availability: which instruments were listed on a day."""

import dagster as dg

from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import TickSource
from market_data_assets.defs.retries import RETRIED, Retries
from market_data_assets.defs.specs import out_kwargs
from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS


def instruments_asset(partitions: dg.PartitionsDefinition[str], pool: str, retries: Retries) -> dg.AssetsDefinition:
    """The instruments of each day, from the vendor's metadata, asked for in every run."""
    described = out_kwargs(INSTRUMENTS, kinds={"parquet"})

    @dg.asset(**{**described, "metadata": {**described["metadata"], **RETRIED}}, partitions_def=partitions, pool=pool)
    def _instruments(context: dg.AssetExecutionContext, ticks: TickSource) -> TableFrame:
        with retries.after(context.retry_number):
            return ticks.open().instruments(day_of_partition(context.partition_key)).frame()

    return _instruments
