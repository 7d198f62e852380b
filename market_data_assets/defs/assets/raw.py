"""Raw tier: one asset per data type, as the vendor delivered it."""

import dagster as dg

from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import Selection, TickSource
from market_data_assets.defs.specs import asset_key, out_kwargs
from market_data_assets.domain.datasets import DailyFrames, Dataset, TableFrame
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.schemas import INSTRUMENTS, RAW
from market_data_assets.sources.base import fetch_day


def raw_asset(dataset: Dataset, partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """The day of one raw data type of every instrument listed."""

    @dg.asset(
        **out_kwargs(dataset, kinds={"parquet"}),
        ins={"instruments": dg.AssetIn(asset_key(INSTRUMENTS))},
        partitions_def=partitions,
        pool="vendor",
    )
    def _raw(context: dg.AssetExecutionContext, ticks: TickSource, selection: Selection, instruments: TableFrame) -> DailyFrames:
        listed = [Instrument.from_row(row) for row in instruments.table.to_pylist()]
        return selection.of(fetch_day(ticks.open(), dataset, listed, day_of_partition(context.partition_key)))

    return _raw


def raw_assets(partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """One asset per raw data type."""
    return [raw_asset(dataset, partitions) for dataset in RAW]
