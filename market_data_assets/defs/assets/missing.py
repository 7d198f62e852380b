"""Missing data: what was expected of a day and is not there, and why."""

import dagster as dg

from market_data_assets.assembly.deliveries import find_missing, report_inputs
from market_data_assets.assembly.up_to_date import StoredDay
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.defs.metadata import coverage_metadata
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.defs.shown_before import shown_before
from market_data_assets.defs.specs import asset_key, out_kwargs
from market_data_assets.domain.datasets import TableFrame, Unchanged
from market_data_assets.domain.schemas import INSTRUMENTS, RAW


def missing_asset(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """The report of each day, over every raw data type; of the whole day also in a run over some instruments."""

    @dg.asset(
        **out_kwargs(MISSING_REPORT, kinds={"parquet"}),
        ins={"instruments": dg.AssetIn(asset_key(INSTRUMENTS))},
        deps=[asset_key(dataset) for dataset in RAW],
        partitions_def=partitions,
        dagster_type=dg.Any,
    )
    def _report(
        context: dg.AssetExecutionContext, storage: LakeResource, selection: Selection, instruments: TableFrame
    ) -> TableFrame | Unchanged:
        day, lake = day_of_partition(context.partition_key), storage.open()
        inputs = {**report_inputs(lake, day), **instruments.inputs}
        stored = StoredDay.find(lake, MISSING_REPORT, day)
        if stored is None or not stored.is_made_from(inputs) or selection.refresh:
            report = find_missing(lake, instruments.table, day, storage.workers)
            context.add_output_metadata(coverage_metadata(instruments.table, report, day))
            return TableFrame(report, inputs=inputs)
        if shown_before(context.instance, context.asset_key, context.partition_key, stored.manifest.version) is None:
            context.add_output_metadata(coverage_metadata(instruments.table, lake.read_table(MISSING_REPORT, day), day))
        return Unchanged(day)

    return _report
