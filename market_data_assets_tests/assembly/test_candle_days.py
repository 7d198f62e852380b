"""What features are computed from: the stored candles of a day and of its look-back, and what is said of those that are not there."""

import datetime as dt

import pytest

from market_data_assets.assembly.candle_days import FeatureInputs, feature_frames
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.registry import MFT_FEATURES, select_features
from market_data_assets.domain.datasets import DailyFrames, TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.errors import BadData, PartitionIncomplete, PartitionMissing, Retryable
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.client.lakes import write_instruments
from market_data_assets_tests.compute.mft.candles import BTC, DAY, HOUR, PERP, columns_of, table_of

BEFORE = DAY - dt.timedelta(days=1)
FEATURES = select_features(["return_1", "ema_distance_5", "btc_beta_60"])


def candles(instrument, day):
    return TableFrame(table_of(instrument, HOUR, columns_of(instrument, day, HOUR)))


def lake_with(found):
    """Candles, or the error in place of them, by day and instrument; both perpetuals are listed on DAY."""

    def load(instrument, day, error):
        if error is not None:
            raise error
        return candles(instrument, day)

    lake = Lake(MemoryStore(), workers=1)
    for day, of_day in found.items():
        frames = {each: lambda each=each, day=day, error=error: load(each, day, error) for each, error in of_day.items()}
        try:
            lake.write_day(CANDLES[HOUR], DailyFrames(day, frames))
        except PartitionIncomplete:
            continue
    write_instruments(lake, DAY, {str(BTC): "bybit", str(PERP): "bybit"})
    return lake


def inputs(lake, features=FEATURES):
    return FeatureInputs.read(lake, DAY, HOUR, lake.read_table(INSTRUMENTS, DAY), features)


def test_day_and_stored_look_back_are_the_inputs():
    lake = lake_with({BEFORE: {BTC: None, PERP: None}, DAY: {BTC: None, PERP: None}})
    found = inputs(lake)
    assert list(found.days) == [BEFORE, DAY]
    assert dict(found.inputs).keys() == {f"{CANDLES[HOUR]}/{BEFORE}", f"{CANDLES[HOUR]}/{DAY}"}
    assert found.compute(PERP).frame.table["ema_distance_5"].null_count == 0
    assert list(inputs(lake, select_features(["alpha158_kmid"])).days) == [DAY]


def test_day_itself_must_be_stored():
    with pytest.raises(PartitionMissing, match=str(DAY)):
        inputs(lake_with({BEFORE: {BTC: None}}))


@pytest.mark.parametrize("before", [{}, {BTC: None}, {BTC: None, PERP: BadData("file", rows=1, rejected={"price": 1})}])
def test_look_back_that_is_absent_or_was_set_aside_gives_nulls_that_are_counted(before):
    lake = lake_with({BEFORE: before, DAY: {BTC: None, PERP: None}} if before else {DAY: {BTC: None, PERP: None}})
    frames = feature_frames(inputs(lake), lake.read_day(CANDLES[HOUR], DAY))
    table = frames[PERP].read()
    assert table["ema_distance_5"].null_count > 0
    (note,) = frames.notes
    assert note["ema_distance_5"] == table["ema_distance_5"].null_count


def test_look_back_that_failed_fails_the_instrument_rather_than_pass_for_absent():
    lake = lake_with({BEFORE: {BTC: None, PERP: Retryable("no answer")}, DAY: {BTC: None, PERP: None}})
    with pytest.raises(Retryable, match="no answer"):
        inputs(lake).compute(PERP)
    assert inputs(lake).compute(BTC).frame.table.num_rows == 24


def test_features_of_a_day_are_written_with_what_they_are_made_from():
    lake = lake_with({DAY: {BTC: None, PERP: None}})
    found = FeatureInputs.read(lake, DAY, HOUR, lake.read_table(INSTRUMENTS, DAY))
    frames = feature_frames(found, lake.read_day(CANDLES[HOUR], DAY))
    commit = lake.write_day(MFT_FEATURES[HOUR], frames)
    assert (commit.instruments, commit.rows) == (2, 48)
    assert dict(commit.manifest.content.inputs) == dict(found.inputs)
    assert len(frames.notes) == 2
