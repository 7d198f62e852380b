"""Reading features: those that are stored, and those that are computed when they are asked for."""

import datetime as dt

import pyarrow as pa
import pytest

from market_data_assets import MarketData, PartitionMissing, QueryError
from market_data_assets.assembly.candle_days import FeatureInputs, feature_frames
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.build import from_candles
from market_data_assets.compute.mft.grid import CandleDays
from market_data_assets.compute.mft.registry import MFT_FEATURES, columns_of_group, select_features
from market_data_assets.domain.datasets import DailyFrames, TableFrame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets_tests.client.lakes import lake_at, write_instruments
from market_data_assets_tests.compute.mft.candles import BTC, DAY, HOUR, PERP, columns_of, days_before, table_of

NEXT = DAY + dt.timedelta(days=1)
AFTER = NEXT + dt.timedelta(days=1)
OPTION = InstrumentId.parse("DERIBIT:OPTION:BTC-USD-50000-240927-CALL")
DAYS = days_before(NEXT, 5)


def candles(instrument: InstrumentId, day: dt.date) -> pa.Table:
    return table_of(instrument, HOUR, columns_of(instrument, day, HOUR))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Five days of hourly candles of two perpetuals, the features of the last two, ETH missing from the last day."""
    folder = tmp_path_factory.mktemp("features")
    lake = lake_at(folder)
    for day in DAYS:
        there = [BTC] if day == NEXT else [BTC, PERP]
        frames = {each: lambda each=each, day=day: TableFrame(candles(each, day)) for each in there}
        lake.write_day(CANDLES[HOUR], DailyFrames(day, frames))
        write_instruments(lake, day, {str(BTC): "bybit", str(PERP): "bybit"})
    for day in (DAY, NEXT):
        inputs = FeatureInputs.read(lake, day, HOUR, lake.read_table(INSTRUMENTS, day))
        lake.write_day(MFT_FEATURES[HOUR], feature_frames(inputs, lake.read_day(CANDLES[HOUR], day)))
    return folder


@pytest.fixture(scope="module")
def market_data(root):
    return MarketData(root=root)


def names_not_stored() -> list[str]:
    return [name for name in columns_of_group("alpha158") if name not in MFT_FEATURES[HOUR].columns]


def test_stored_features_are_read_whole_or_by_group(market_data):
    frame = market_data.features(BTC, "1h", DAY, AFTER)
    assert list(frame.columns) == list(MFT_FEATURES[HOUR].columns)
    assert len(frame) == 48
    for group in ("technical_features", "fundamental_features"):
        assert tuple(market_data.features(BTC, "1h", DAY, AFTER, group=group).columns) == columns_of_group(group)


def test_group_that_is_not_stored_is_computed_from_the_candles_and_their_look_back(market_data):
    frame = market_data.features(BTC, "1h", DAY, NEXT, group="alpha158", as_="arrow")
    assert tuple(frame.column_names) == columns_of_group("alpha158")
    features = select_features(["alpha158"])
    days = CandleDays(BTC, {day: candles(BTC, day) for day in DAYS if day <= DAY})
    expected = from_candles(days, DAY, HOUR, features=features).frame.table
    assert frame.equals(expected.select(frame.column_names))
    assert all(frame[name].null_count < frame.num_rows for name in names_not_stored())


def test_feature_that_is_not_stored_stands_beside_stored_ones_with_their_values(market_data):
    own, stored = names_not_stored()[0], ["timestamp", "return_1", "rsi_14", "btc_beta_60", "minutes_to_funding"]
    mixed = market_data.features(BTC, "1h", DAY, AFTER, [*stored, own], as_="arrow")
    assert mixed.column_names == [*stored, own]
    assert mixed.select(stored).equals(market_data.features(BTC, "1h", DAY, AFTER, stored, as_="arrow"))


def test_range_of_computed_features_is_half_open_by_the_start_of_the_bar(market_data):
    own = names_not_stored()[0]
    whole = market_data.features(BTC, "1h", DAY, AFTER, ["timestamp", own])
    part = market_data.features(BTC, "1h", "2024-08-08T22:00", "2024-08-09T03:00", ["timestamp", own])
    assert part.equals(whole[22:27].reset_index(drop=True))
    assert market_data.features(BTC, "1h", "2024-08-08T22:30", "2024-08-08T22:45", own).empty


def test_gaps_of_computed_features_are_those_of_the_candles(market_data):
    own = names_not_stored()[0]
    with pytest.raises(QueryError, match=f"candles_1h lacks 2024-08-09 {PERP}"):
        market_data.features(PERP, "1h", DAY, AFTER, own)
    both = market_data.features([PERP, BTC], "1h", DAY, AFTER, own, missing="skip")
    assert list(both["instrument_id"].value_counts()[[str(PERP), str(BTC)]]) == [24, 48]
    with pytest.raises(PartitionMissing, match="2024-08-10"):
        market_data.features(BTC, "1h", NEXT, "2024-08-11", own)
    with pytest.raises(QueryError, match="not_computed"):
        market_data.features(OPTION, "1h", DAY, NEXT, own)


def test_as_known_at_an_instant_both_kinds_are_of_the_version_of_its_time(market_data):
    for columns in (["rsi_14"], names_not_stored()[:1]):
        with pytest.raises(PartitionMissing, match="first committed at"):
            market_data.features(BTC, "1h", DAY, NEXT, columns, as_known_at="2020-01-01")


def test_unknown_feature_group_and_timeframe_are_refused(market_data):
    with pytest.raises(QueryError, match=r"has no column rsi_13; it has rsi_14, [a-z0-9_, ]*… \d+ in all$"):
        market_data.features(BTC, "1h", DAY, NEXT, "rsi_13")
    with pytest.raises(QueryError, match="known are technical_features, fundamental_features, alpha158"):
        market_data.features(BTC, "1h", DAY, NEXT, group="alpha")
    with pytest.raises(QueryError, match="expected one of them"):
        market_data.features(BTC, "1h", DAY, NEXT, "rsi_14", group="alpha158")
    with pytest.raises(QueryError, match="they exist at 1m, 5m"):
        market_data.features(BTC, "15s", DAY, NEXT)
