"""Monthly views: the daily tables of a month regrouped by venue, instrument, type or timeframe. Not part of the daily job."""

import dagster as dg

from market_data_assets.assembly.views import VIEWS, View, days_of_month, read_month
from market_data_assets.catalog import MFT, PROCESSED
from market_data_assets.defs.jobs import VIEWS_GROUP
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.specs import OWNERS, asset_key
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.storage.commit import Status
from market_data_assets.storage.views import stored_values, view_prefix

_DATASETS = (*PROCESSED, *MFT)


def view_asset(view: View, partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """One view; a run writes every value's month anew from the days that are stored."""

    @dg.asset(
        key=["views", view.name],
        group_name=VIEWS_GROUP,
        description=f"{view.doc}: all days of the month that are stored, one file per table, by instrument, then in time.",
        deps=[asset_key(dataset) for dataset in (INSTRUMENTS, *_DATASETS)],
        partitions_def=partitions,
        kinds={"parquet"},
        io_manager_key="lake",
        owners=OWNERS,
    )
    def _view(context: dg.AssetExecutionContext, storage: LakeResource) -> dg.MaterializeResult[None]:
        lake, first = storage.open(), day_of_partition(context.partition_key)
        month = read_month(lake, first, _DATASETS)
        values = month.files(view)
        commits = []
        # Whatever was there before and has nothing any more is emptied.
        for value in sorted({*values, *stored_values(lake.store, view.name, first)}):
            prefix = view_prefix(view.name, view.label, value, first)
            commits.append(lake.write_view(prefix, values.get(value, {}), month.inputs, run_id=context.run.run_id))
        days = month.days()
        return dg.MaterializeResult(
            metadata={
                "dagster/partition_row_count": sum(commit.rows for commit in commits),
                "bytes": sum(commit.bytes for commit in commits),
                "files": sum(len(commit.manifest.content.files) for commit in commits),
                "values": len(values),
                "changed": sum(commit.status is Status.COMMITTED for commit in commits),
                "days": len(days),
                "days_without_data": [str(day) for day in days_of_month(first) if day not in days],
            }
        )

    return _view


def view_assets(partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """One asset per view."""
    return [view_asset(view, partitions) for view in VIEWS]
