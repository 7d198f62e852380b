"""Raw tier: one asset per data type, as the vendor delivered it. What is stored is not fetched again."""

import dagster as dg

from market_data_assets.assembly.up_to_date import StoredDay, to_fetch
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource, Selection, TickSource
from market_data_assets.defs.retries import RETRIED
from market_data_assets.defs.specs import asset_key, out_kwargs
from market_data_assets.domain.datasets import DailyFrames, Dataset, TableFrame, Unchanged
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.schemas import INSTRUMENTS, RAW
from market_data_assets.sources.base import fetch_day


def raw_asset(dataset: Dataset, partitions: dg.PartitionsDefinition[str], pool: str) -> dg.AssetsDefinition:
    """The day of one raw data type of every instrument listed."""
    described = out_kwargs(dataset, kinds={"parquet"})

    @dg.asset(
        **{**described, "metadata": {**described["metadata"], **RETRIED}},
        ins={"instruments": dg.AssetIn(asset_key(INSTRUMENTS))},
        partitions_def=partitions,
        dagster_type=dg.Any,
        pool=pool,
    )
    def _raw(
        context: dg.AssetExecutionContext, storage: LakeResource, ticks: TickSource, selection: Selection, instruments: TableFrame
    ) -> DailyFrames | Unchanged:
        day = day_of_partition(context.partition_key)
        listed = [Instrument.from_row(row) for row in instruments.table.to_pylist()]
        vendors = fetch_day(ticks.open(), dataset, listed, day)
        return to_fetch(StoredDay.find(storage.open(), dataset, day), vendors, selection.fetched())

    return _raw


def raw_assets(partitions: dg.PartitionsDefinition[str], pool: str) -> list[dg.AssetsDefinition]:
    """One asset per raw data type; ``pool`` limits how many ask the vendor at a time."""
    return [raw_asset(dataset, partitions, pool) for dataset in RAW]
