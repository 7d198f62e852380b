"""Checks of the warehouse: its tables hold the rows of the lake."""

from collections.abc import Iterator

import dagster as dg

from market_data_assets.catalog import PROCESSED
from market_data_assets.compute.quality.counts import judge_counts
from market_data_assets.defs.checks.reporting import Check, Judged, report
from market_data_assets.defs.io_managers import WarehouseIOManager
from market_data_assets.defs.partitions import day_of_partition
from market_data_assets.defs.resources import LakeResource
from market_data_assets.storage.warehouse.base import WarehouseTable

SAME_ROWS = Check(
    "row_counts_agree",
    "Every instrument has as many rows in the warehouse as the manifest of the lake says. Fails the run: whoever reads the one or the"
    " other would see different days.",
    True,
)


def warehouse_checks() -> dg.AssetChecksDefinition:
    """One check for each analytics table, from counts alone."""
    tables = {dg.AssetKey(WarehouseTable.of(dataset).key): dataset for dataset in PROCESSED}

    @dg.multi_asset_check(name="warehouse_checks", specs=[SAME_ROWS.spec(key) for key in tables], can_subset=True)
    def _checks(
        context: dg.AssetCheckExecutionContext, storage: LakeResource, warehouse: dg.ResourceParam[WarehouseIOManager]
    ) -> Iterator[dg.AssetCheckResult]:
        lake, loaded, run = storage.open(), warehouse.warehouse.open(), context.op_execution_context
        for key in sorted({check.asset_key for check in context.selected_asset_check_keys}):
            dataset = tables[key]
            day = day_of_partition(run.partition_key) if run.has_partition_key else max(lake.days(dataset))
            files = lake.manifest(dataset, day).content.files
            said = {str(entry.instrument_id): entry.rows for entry in files if entry.rows}
            counted = loaded.instruments(WarehouseTable.of(dataset), day)
            judged = Judged(len(said), sum(said.values()), list(judge_counts({"manifest": said, "warehouse": counted})))
            yield report(SAME_ROWS, key, day, judged)

    return _checks
