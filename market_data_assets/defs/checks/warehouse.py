"""Checks of the warehouse: its tables hold the rows of the lake."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

import dagster as dg

from market_data_assets.catalog import PROCESSED
from market_data_assets.compute.quality.counts import judge_counts
from market_data_assets.defs.checks.reporting import Check, Judged
from market_data_assets.defs.checks.steps import Evidence, Judgements, Step, check_results, digest_of, stored_content
from market_data_assets.defs.io_managers import WarehouseIOManager
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.domain.datasets import Dataset
from market_data_assets.errors import PartitionMissing
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable

SAME_ROWS = Check(
    "row_counts_agree",
    "Every instrument has as many rows in the warehouse as the manifest of the lake says. Fails the run: whoever reads the one or the"
    " other would see different days.",
    True,
)


_DATASETS = {dg.AssetKey(WarehouseTable.of(dataset).key): dataset for dataset in PROCESSED}
_STEP = Step("warehouse", dict.fromkeys(_DATASETS, (SAME_ROWS,)))


def warehouse_checks() -> dg.AssetChecksDefinition:
    """One check for each analytics table, from counts alone."""

    @dg.multi_asset_check(name="warehouse_checks", specs=_STEP.specs, can_subset=True)
    def _checks(
        context: dg.AssetCheckExecutionContext, storage: LakeResource, selection: Selection, warehouse: dg.ResourceParam[WarehouseIOManager]
    ) -> Iterator[dg.AssetCheckResult]:
        lake, loaded = storage.open(), warehouse.warehouse.open()
        day = _STEP.day(context, lake, _DATASETS)
        # What is judged are the counts of the warehouse, and only it can say whether they have changed: they are asked for once.
        counts = _counts(loaded, day, {_DATASETS[key] for key in _STEP.selected(context)})

        def inputs() -> Mapping[str, str]:
            said = {f"{WarehouseTable.of(dataset)}/{day}": digest_of(rows.items()) for dataset, rows in counts.items()}
            return {**stored_content(lake, day, counts, counts), **said}

        yield from check_results(context, _STEP, lake, day, Evidence(inputs, lambda: _judge(lake, counts, day)), anew=selection.refresh)

    return _checks


def _counts(warehouse: Warehouse, day: dt.date, required: Collection[Dataset]) -> Mapping[Dataset, Mapping[str, int]]:
    """Rows by instrument in each table that has the day.

    Raises:
        PartitionMissing: one of those ``required`` has not.
    """
    found: dict[Dataset, Mapping[str, int]] = {}
    for dataset in PROCESSED:
        try:
            found[dataset] = warehouse.instruments(WarehouseTable.of(dataset), day)
        except PartitionMissing:
            if dataset in required:
                raise
    return found


def _judge(lake: Lake, counts: Mapping[Dataset, Mapping[str, int]], day: dt.date) -> Judgements:
    judged: dict[tuple[dg.AssetKey, Check], Judged] = {}
    for dataset, counted in counts.items():
        files = lake.manifest(dataset, day).content.files
        said = {str(entry.instrument_id): entry.rows for entry in files if entry.rows}
        findings = list(judge_counts({"manifest": said, "warehouse": counted}))
        judged[dg.AssetKey(WarehouseTable.of(dataset).key), SAME_ROWS] = Judged(len(said), sum(said.values()), findings)
    return judged
