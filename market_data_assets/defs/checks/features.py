"""Checks of the features: finite, and not null for want of look-back that should be there."""

import datetime as dt
from collections.abc import Iterator, Mapping

import dagster as dg
import pyarrow as pa

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.registry import MFT_FEATURES, look_back_days
from market_data_assets.compute.quality.features import judge_finite, missing_look_back, null_share
from market_data_assets.compute.quality.findings import Finding
from market_data_assets.defs.checks.reporting import SHOWN, Check, Judged, day_of_run, reports, selected
from market_data_assets.defs.resources import LakeResource
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.parallel import for_each

FINITE = Check(
    "values_finite", "No infinite value and no NaN; what is not known is null. Fails the run: sums of a model would be infinite, too.", True
)
WITH_LOOK_BACK = Check(
    "look_back_stored",
    "Every day that windows reach back to is stored, as far back as the lake goes; only warns: values are null for want of it, never of a"
    " shorter window. The share of nulls is in the metadata.",
)


def feature_checks() -> dg.AssetChecksDefinition:
    """The checks of every timeframe, in one step."""
    specs = [check.spec(asset_key(dataset)) for dataset in MFT_FEATURES.values() for check in (FINITE, WITH_LOOK_BACK)]

    @dg.multi_asset_check(name="features_checks", specs=specs, can_subset=True)
    def _checks(context: dg.AssetCheckExecutionContext, storage: LakeResource) -> Iterator[dg.AssetCheckResult]:
        lake = storage.open()
        for dataset in selected(context, MFT_FEATURES.values()):
            day = day_of_run(context, lake, dataset)
            yield from reports(context, day, _judge(lake, dataset, day, storage.workers))

    return _checks


def _judge(lake: Lake, dataset: Dataset, day: dt.date, workers: int) -> Mapping[tuple[Dataset, Check], Judged]:
    finite, look_back = Judged(), Judged()
    instruments = lake.instruments(dataset, day)
    tables = for_each(lambda instrument: _judge_table(str(instrument), lake.read(dataset, day, instrument)), instruments, workers)
    nulls = numbers = 0
    for rows, findings, (null, number) in tables:
        finite.add(rows, findings)
        look_back.add(rows, ())
        nulls, numbers = nulls + null, numbers + number
    missing = _missing_days(lake, dataset, day)
    if missing and nulls:
        listed = ", ".join(str(each) for each in missing[:SHOWN])
        look_back.findings.append(Finding("", "look_back_not_stored", nulls, numbers, detail=f"{len(missing)} day(s): {listed}"))
    look_back.notes["null_share"] = nulls / numbers if numbers else 0.0
    return {(dataset, FINITE): finite, (dataset, WITH_LOOK_BACK): look_back}


def _judge_table(instrument: str, table: pa.Table) -> tuple[int, list[Finding], tuple[int, int]]:
    return len(table), list(judge_finite(instrument, table)), null_share(table)


def _missing_days(lake: Lake, dataset: Dataset, day: dt.date) -> list[dt.date]:
    if dataset.timeframe is None:
        return []
    stored = lake.days(CANDLES[dataset.timeframe])
    return list(missing_look_back(day, look_back_days(dataset.timeframe), stored))
