"""Asset checks: each reads one day and reports what `compute.quality` finds."""

import datetime as dt

import dagster as dg

from market_data_assets.compute.quality import RowCounts, fell_silent
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import RAW
from market_data_assets.errors import PartitionMissing
from market_data_assets.storage.lake import Lake

_DAYS_BEFORE = 7
_SHOWN = 20


def active_check(dataset: Dataset) -> dg.AssetChecksDefinition:
    """Warns of instruments whose file is empty although they usually trade; the day stands as it was delivered."""

    # Without a partitions_def, which Dagster 1.13 still calls a preview: the run's partition says which day.
    @dg.asset_check(
        asset=asset_key(dataset),
        name="usually_active_instruments_have_rows",
        description=f"Instruments with rows on most of the {_DAYS_BEFORE} days before have some on this day.",
    )
    def _active(context: dg.AssetCheckExecutionContext, storage: LakeResource) -> dg.AssetCheckResult:
        lake, run = storage.open(), context.op_execution_context
        day = day_of_partition(run.partition_key) if run.has_partition_key else max(lake.days(dataset))
        before = [day - dt.timedelta(days=back) for back in range(1, _DAYS_BEFORE + 1)]
        silent = fell_silent(_rows(lake, dataset, day), [_rows(lake, dataset, each) for each in before])
        return dg.AssetCheckResult(
            passed=not silent,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"day": day.isoformat(), "silent": len(silent), "instruments": [str(each) for each in silent[:_SHOWN]]},
        )

    return _active


def _rows(lake: Lake, dataset: Dataset, day: dt.date) -> RowCounts:
    try:
        files = lake.manifest(dataset, day).content.files
    except PartitionMissing:
        return {}
    return {InstrumentId.parse(entry.instrument_id): entry.rows for entry in files if entry.instrument_id is not None}


CHECKS = [active_check(dataset) for dataset in RAW]
