"""Mid-frequency features: from the candles of a day and of the days before it."""

from dataclasses import replace

import dagster as dg

from market_data_assets.assembly.candle_days import FeatureInputs, feature_frames
from market_data_assets.assembly.up_to_date import StoredDay, to_make_whole
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.registry import MFT_FEATURES
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.defs.specs import asset_key, out_kwargs
from market_data_assets.domain.datasets import DailyFrames, TableFrame, Unchanged
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.domain.timeframes import Timeframe


def features_asset(timeframe: Timeframe, partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """``features_{timeframe}``. Earlier days are read from the lake as far as they are stored; nulls for want of them are counted."""
    dataset = MFT_FEATURES[timeframe]

    @dg.asset(
        **out_kwargs(dataset, kinds={"parquet"}),
        ins={"candles": dg.AssetIn(asset_key(CANDLES[timeframe])), "instruments": dg.AssetIn(asset_key(INSTRUMENTS))},
        partitions_def=partitions,
        dagster_type=dg.Any,
    )
    def _features(storage: LakeResource, selection: Selection, candles: DailyFrames, instruments: TableFrame) -> DailyFrames | Unchanged:
        lake = storage.open()
        inputs = FeatureInputs.read(lake, candles.day, timeframe, instruments.table)
        frames = feature_frames(inputs, candles)
        whole = replace(frames, inputs={**frames.inputs, **instruments.inputs})
        return to_make_whole(StoredDay.find(lake, dataset, candles.day), whole, selection.computed())

    return _features


def features_assets(partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """One asset per timeframe of 1m and up."""
    return [features_asset(timeframe, partitions) for timeframe in MFT_FEATURES]
