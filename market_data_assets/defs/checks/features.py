"""Checks of the features: finite, and not null for want of look-back that should be there."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import dagster as dg
import pyarrow as pa

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.registry import MFT_FEATURES, look_back_days
from market_data_assets.compute.quality.features import judge_finite, missing_look_back, null_share
from market_data_assets.compute.quality.findings import Finding
from market_data_assets.defs.checks.reporting import SHOWN, Check, Judged
from market_data_assets.defs.checks.steps import Evidence, Judgements, Step, check_results, digest_of, stored_content
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset
from market_data_assets.errors import PartitionMissing
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


_DATASETS = {asset_key(dataset): dataset for dataset in MFT_FEATURES.values()}
_STEP = Step("features", dict.fromkeys(_DATASETS, (FINITE, WITH_LOOK_BACK)))


def feature_checks() -> dg.AssetChecksDefinition:
    """The checks of every timeframe, in one step."""

    @dg.multi_asset_check(name="features_checks", specs=_STEP.specs, can_subset=True)
    def _checks(context: dg.AssetCheckExecutionContext, storage: LakeResource, selection: Selection) -> Iterator[dg.AssetCheckResult]:
        lake = storage.open()
        day = _STEP.day(context, lake, _DATASETS)
        required = [_DATASETS[key] for key in _STEP.selected(context)]
        evidence = Evidence(lambda: _inputs(lake, day, required), lambda: judge_features(lake, day, storage.workers))
        yield from check_results(context, _STEP, lake, day, evidence, anew=selection.refresh)

    return _checks


def judge_features(lake: Lake, day: dt.date, workers: int) -> Judgements:
    """What both checks find in every table that is stored."""
    judged: dict[tuple[dg.AssetKey, Check], Judged] = {}
    for key, dataset in _DATASETS.items():
        with suppress(PartitionMissing):
            finite, look_back = _judge(lake, dataset, day, workers)
            judged |= {(key, FINITE): finite, (key, WITH_LOOK_BACK): look_back}
    return judged


def _inputs(lake: Lake, day: dt.date, required: Sequence[Dataset]) -> Mapping[str, str]:
    """The tables of the day, and the days of look-back that each lacks; of the others no more is read than that they are stored."""
    missing = {f"{dataset}/missing_look_back": digest_of(_missing_days(lake, dataset, day)) for dataset in _DATASETS.values()}
    return {**stored_content(lake, day, _DATASETS.values(), required), **missing}


def _judge(lake: Lake, dataset: Dataset, day: dt.date, workers: int) -> tuple[Judged, Judged]:
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
    return finite, look_back


def _judge_table(instrument: str, table: pa.Table) -> tuple[int, list[Finding], tuple[int, int]]:
    return len(table), list(judge_finite(instrument, table)), null_share(table)


def _missing_days(lake: Lake, dataset: Dataset, day: dt.date) -> list[dt.date]:
    if dataset.timeframe is None:
        return []
    stored = lake.days(CANDLES[dataset.timeframe])
    return list(missing_look_back(day, look_back_days(dataset.timeframe), stored))
