"""Missing data: what was expected of a day and is not there, and why."""

import dagster as dg

from market_data_assets.assembly.deliveries import find_missing
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.defs.metadata import coverage_metadata
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.specs import asset_key, out_kwargs
from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS, RAW


def missing_asset(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """The report of each day, over every raw data type; of the whole day also in a run over some instruments."""

    @dg.asset(
        **out_kwargs(MISSING_REPORT, kinds={"parquet"}),
        ins={"instruments": dg.AssetIn(asset_key(INSTRUMENTS))},
        deps=[asset_key(dataset) for dataset in RAW],
        partitions_def=partitions,
    )
    def _report(context: dg.AssetExecutionContext, storage: LakeResource, instruments: TableFrame) -> TableFrame:
        day = day_of_partition(context.partition_key)
        report = find_missing(storage.open(), instruments.table, day, storage.workers)
        context.add_output_metadata(coverage_metadata(instruments.table, report, day))
        return TableFrame(report)

    return _report
