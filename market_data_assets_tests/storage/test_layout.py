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
    aside_name,
    daily_page_name,
    day_of_daily_page,
    day_of_prefix,
    file_name,
    kept_file_name,
    kept_manifest_name,
    kept_manifests_prefix,
    object_name,
    parse_kept_manifest_name,
    parse_object_name,
    parse_shard_object_name,
    partition_of_staged,
    partition_prefix,
    quarantine_prefix,
    shard_object_name,
    shard_of,
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


OPTION = InstrumentId.parse("DERIBIT:OPTION:XRP-USDC-0.625-230630-CALL")
OWN = Dataset("own", "own", "", {}, open_columns=True)


suffixes = st.builds(str.__add__, assets.map("@{}".format) | st.just(""), st.sampled_from(["", "~2", "~3"]))


@given(days, pairs, suffixes, st.sampled_from([TRADES, CANDLES_1M]))
def test_options_of_an_underlying_have_one_file_whose_name_gives_back_its_shard(day, pair, suffix, dataset):
    symbol = f"{pair.symbol}-{{}}-230630-CALL{suffix}"
    options = [InstrumentId.parse(f"DERIBIT:OPTION:{symbol.format(strike)}") for strike in ("0.625", "7")]
    shard = shard_of(dataset, options[0])
    names = {object_name(dataset, day, option) for option in options}
    assert names == {shard_object_name(dataset, day, shard)}
    assert parse_shard_object_name(dataset, names.pop()) == (day, shard)


def test_shard_is_named_for_venue_and_underlying():
    name = "raw_tick_data/by_date/day-2024-08-08/data_type-trades/DERIBIT:OPTION:XRP-USDC.parquet"
    assert object_name(TRADES, DAY, OPTION) == name
    for other in (object_name(TRADES, DAY, BTC), object_name(BOOK_SNAPSHOT_5, DAY, OPTION), f"{name}.parquet", name.replace("XRP", "xrp")):
        with pytest.raises((UnsafeName, UnknownInstrument)):
            parse_shard_object_name(TRADES, other)
    with pytest.raises(UnknownInstrument):
        parse_object_name(TRADES, name)
    with pytest.raises(UnsafeName, match="whole day"):
        shard_object_name(INSTRUMENTS, DAY, "DERIBIT:OPTION:XRP-USDC")


def test_strike_with_a_decimal_point_survives_the_suffix():
    assert parse_object_name(OWN, object_name(OWN, DAY, OPTION)) == (DAY, OPTION)


def test_what_is_set_aside_is_named_for_its_owner():
    assert aside_name(str(OPTION)) == f"{OPTION}.parquet"
    assert aside_name(str(OPTION), ".csv.gz") == f"{OPTION}.csv.gz"


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


@given(days, st.integers(0, 10**9), st.integers(0, 10**17))
def test_names_of_kept_manifests_give_back_their_version_and_time_and_go_by_version(day, version, committed_at):
    prefix = partition_prefix(TRADES, day)
    name = kept_manifest_name(prefix, version, committed_at)
    assert name.startswith(kept_manifests_prefix(prefix))
    assert parse_kept_manifest_name(prefix, name) == (version, committed_at)
    assert kept_file_name(prefix, "ab") == f"_revisions/{prefix}ab"


@pytest.mark.parametrize("name", ["manifest-1-2.json", "manifest-.json", "x", "manifest-00000001-0000000000000001.json/x"])
def test_names_of_other_objects_are_not_taken_for_kept_manifests(name):
    prefix = partition_prefix(TRADES, DAY)
    for start in (f"_revisions/{prefix}", prefix, ""):
        with pytest.raises(UnsafeName):
            parse_kept_manifest_name(prefix, start + name)


def test_staging_and_quarantine_lie_outside_every_partition():
    prefix = partition_prefix(TRADES, DAY)
    assert staging_prefix(prefix, "tx") == f"_staging/{prefix}tx/"
    assert quarantine_prefix(prefix) == f"_quarantine/{prefix}"


@given(days)
def test_names_of_daily_pages_give_back_their_day(day):
    assert day_of_daily_page(daily_page_name(day)) == day
    with pytest.raises(UnsafeName):
        day_of_daily_page(daily_page_name(day) + "l")


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
