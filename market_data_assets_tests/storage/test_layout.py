"""Object names: exactly the documented paths, reversible, and never outside their folder."""

import datetime as dt
import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.assets import asset_code
from market_data_assets.domain.datasets import Dataset, Grain
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, INSTRUMENTS, TRADES
from market_data_assets.errors import UnknownInstrument, UnsafeName
from market_data_assets.storage.layout import (
    day_of_prefix,
    file_name,
    object_name,
    parse_object_name,
    partition_of_staged,
    partition_prefix,
    quarantine_prefix,
    staging_prefix,
)
from market_data_assets.storage.names import checked_name

DAY = dt.date(2024, 8, 8)
BTC = InstrumentId.parse("BINANCE:PERP:BTC-USDT")
CANDLES_1M = Dataset("processed_candles", "candles_1m", "", {}, partition="timeframe-1m")

days = st.dates(min_value=dt.date(1000, 1, 1))
assets = st.text("ABXYZ019.$%/\\:@~-é中Ω ", min_size=1, max_size=8).filter(str.strip).map(asset_code)
pairs = st.builds(lambda base, quote: InstrumentId.parse(f"DERIBIT:SPOT_PAIR:{base}-{quote}"), assets, assets)


@pytest.mark.parametrize(
    ("dataset", "instrument", "expected"),
    [
        (TRADES, BTC, "raw_tick_data/by_date/day-2024-08-08/data_type-trades/BINANCE:PERP:BTC-USDT.parquet"),
        (BOOK_SNAPSHOT_5, BTC, "raw_tick_data/by_date/day-2024-08-08/data_type-book_snapshot_5/BINANCE:PERP:BTC-USDT.parquet"),
        (CANDLES_1M, BTC, "processed_candles/by_date/day-2024-08-08/timeframe-1m/BINANCE:PERP:BTC-USDT.parquet"),
        (INSTRUMENTS, None, "instrument_availability/by_date/day-2024-08-08/instruments.parquet"),
    ],
)
def test_objects_have_their_documented_names(dataset, instrument, expected):
    assert object_name(dataset, DAY, instrument) == expected


@given(days, pairs, st.sampled_from([TRADES, BOOK_SNAPSHOT_5, CANDLES_1M]))
def test_names_give_back_their_day_and_instrument(day, instrument, dataset):
    assert parse_object_name(dataset, object_name(dataset, day, instrument)) == (day, instrument)
    assert day_of_prefix(dataset, partition_prefix(dataset, day)) == day


@given(days)
def test_names_of_whole_days_give_back_their_day(day):
    assert parse_object_name(INSTRUMENTS, object_name(INSTRUMENTS, day)) == (day, None)


def test_strike_with_a_decimal_point_survives_the_suffix():
    option = InstrumentId.parse("DERIBIT:OPTION:XRP-USDC-0.625-230630-CALL")
    assert parse_object_name(TRADES, object_name(TRADES, DAY, option)) == (DAY, option)


@given(days, pairs)
def test_names_stay_in_their_partition(day, instrument):
    name = object_name(TRADES, day, instrument)
    assert posixpath.normpath(name) == name
    assert posixpath.dirname(name) + "/" == partition_prefix(TRADES, day)


@given(pairs, pairs)
def test_different_instruments_have_different_names(one, other):
    assert (file_name(TRADES, one) == file_name(TRADES, other)) == (one == other)


@given(days, st.uuids(), pairs)
def test_staged_names_tell_their_partition(day, tx, instrument):
    prefix = partition_prefix(TRADES, day)
    assert partition_of_staged(staging_prefix(prefix, tx.hex) + file_name(TRADES, instrument)) == prefix


def test_staging_and_quarantine_lie_outside_every_partition():
    prefix = partition_prefix(TRADES, DAY)
    assert staging_prefix(prefix, "tx") == f"_staging/{prefix}tx/"
    assert quarantine_prefix(prefix) == f"_quarantine/{prefix}"


@pytest.mark.parametrize(
    "name",
    [
        "raw_tick_data/by_date/day-2024-08-08/data_type-book/X.parquet",
        "raw_tick_data/by_date/day-2024-8-8/data_type-trades/X.parquet",
        "x",
        "",
    ],
)
def test_names_of_something_else_are_refused(name):
    with pytest.raises((UnsafeName, UnknownInstrument)):
        parse_object_name(TRADES, name)


@pytest.mark.parametrize("tier", ["..", "/etc", "a/../b", "", "a\0b", "a\nb", "x" * 300])
def test_record_that_would_leave_the_root_is_refused(tier):
    with pytest.raises(UnsafeName):
        partition_prefix(Dataset(tier, "name", "", {}), DAY)


def test_instrument_is_asked_for_exactly_where_there_is_one_file_each():
    assert INSTRUMENTS.grain is Grain.DAY
    with pytest.raises(UnsafeName, match="one file for the whole day"):
        object_name(INSTRUMENTS, DAY, BTC)
    with pytest.raises(UnsafeName, match="one file per instrument"):
        object_name(TRADES, DAY)


@given(st.text(max_size=40))
def test_accepted_names_stay_below_any_root(name):
    try:
        checked_name(name)
    except UnsafeName:
        return
    path = posixpath.normpath(posixpath.join("/root", name))
    assert path == f"/root/{name}"
    assert "\0" not in name


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.hidden", "a\\b", "a\x7f", "é" * 200, "\ud800", "a/" * 600 + "a"]
)
def test_names_that_no_store_may_get_are_refused(name):
    with pytest.raises(UnsafeName):
        checked_name(name)
