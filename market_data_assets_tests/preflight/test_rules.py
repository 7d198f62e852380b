"""The rules of a plan one by one: states, sizes, pace, operations, limits, and how amounts are written."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.catalog import TABLES
from market_data_assets.client.costs import Rates
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.registry import MFT_FEATURES
from market_data_assets.domain.schemas import INSTRUMENTS, RAW, TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.preflight.durations import time_text
from market_data_assets.preflight.growth import Growth, growth_of, logical_bytes
from market_data_assets.preflight.limits import bucket_limits, disk_limits, warehouse_limits
from market_data_assets.preflight.neighbours import NEIGHBOURS, Neighbours, nearest
from market_data_assets.preflight.operations import Operations, commit_of
from market_data_assets.preflight.pace import SAMPLED_DAYS, measured_pace
from market_data_assets.preflight.space import free_bytes
from market_data_assets.preflight.stored import State
from market_data_assets.preflight.work import LAKE, files_of
from market_data_assets.upkeep.scope import ranges_of
from market_data_assets.upkeep.stored_days import Size
from market_data_assets_tests.preflight.records import DAY, instrument, run_of, stored_day

BTC, ETH = "BINANCE:PERP:BTC-USDT", "BINANCE:PERP:ETH-USDT"
ONE_DAY = dt.timedelta(days=1)
MINUTE = Timeframe.parse("1m")


def test_sizes_are_medians_of_the_same_instrument_then_of_its_like() -> None:
    sizes = {(TRADES, DAY + ONE_DAY * number): {BTC: Size(rows, rows * 10)} for number, rows in enumerate((1, 5, 100))}
    neighbours = Neighbours.of(sizes)
    assert neighbours.days == 3
    assert neighbours.size(TRADES, BTC) == neighbours.size(TRADES, ETH) == Size(5, 50)
    assert neighbours.size(TRADES, "BINANCE:SPOT_PAIR:BTC-USDT") is None
    assert neighbours.size(INSTRUMENTS, None) is None


def test_growth_counts_what_no_neighbour_tells_apart_from_the_sum() -> None:
    neighbours = Neighbours.of({(TRADES, DAY): {BTC: Size(7, 70)}})
    listed = [instrument(BTC, "trades"), instrument("BINANCE:SPOT_PAIR:BTC-USDT", "trades"), instrument(ETH, "liquidations")]
    assert growth_of(neighbours, TRADES, [listed, listed]) == Growth(14, 140, 2)


@given(st.sets(st.integers(-400, 400)), st.integers(-50, 50), st.integers(0, 50))
def test_neighbours_are_the_closest_days(offsets, start, length) -> None:
    first, last = DAY + ONE_DAY * start, DAY + ONE_DAY * (start + length)
    days = [DAY + ONE_DAY * offset for offset in sorted(offsets)]
    chosen = nearest(days, first, last)
    assert len(chosen) == min(len(days), NEIGHBOURS)

    def distance(day):
        return max((first - day).days, (day - last).days, 0)

    assert max(map(distance, chosen), default=0) <= min((distance(day) for day in days if day not in chosen), default=1_000)


def test_pace_is_the_median_of_the_last_days_that_one_run_made() -> None:
    stored = {}
    for number in range(SAMPLED_DAYS + 5):
        # The first five days were slow, and are too old to count.
        stored |= run_of(DAY + ONE_DAY * number, start=number * 10_000, seconds_a_step=100 if number < 5 else 2, rows=1_000)
    pace = measured_pace(stored)
    assert pace is not None
    assert pace.days == SAMPLED_DAYS
    assert pace.seconds_per_day == 2 * (len(LAKE) - 1)
    assert pace.seconds_per_row == pace.seconds_per_day / (1_000 * len(RAW))
    assert pace.tiers["raw_tick_data"] == 2 * len(RAW)
    assert sum(pace.tiers.values()) == pace.seconds_per_day


def test_days_of_several_runs_or_without_some_table_or_without_ticks_tell_no_pace() -> None:
    mixed = run_of(DAY, 0, 1, 10)
    mixed[TRADES, DAY] = stored_day(run_id="another", rows=10)
    partly = {place: found for place, found in run_of(DAY + ONE_DAY, 0, 1, 10).items() if place[0] is not TRADES}
    assert measured_pace({**mixed, **partly, **run_of(DAY + 2 * ONE_DAY, 0, 1, 0), **run_of(DAY + 3 * ONE_DAY, 0, 1, 5, run_id="")}) is None


@pytest.mark.parametrize(("state", "writes"), [(State.MISSING, 2 * 3 + 4), (State.STALE, 3 * 3 + 5), (State.COMPLETE, 2)])
def test_commits_take_the_writes_of_the_protocol(state, writes) -> None:
    assert commit_of(state, 3).writes == writes


def test_listings_are_billed_by_page() -> None:
    assert commit_of(State.COMPLETE, 998).writes == 2
    assert commit_of(State.COMPLETE, 999).writes == 3


def test_operations_cost_what_a_bucket_bills() -> None:
    assert Operations(10_000, 100_000).dollars(Rates()) == pytest.approx(0.05 + 0.04)


def test_contracts_of_an_underlying_are_one_file_and_have_no_features() -> None:
    chain = [instrument(f"DERIBIT:OPTION:BTC-USD-{strike}-240927-CALL", "trades", "options_chain") for strike in (50_000, 60_000)]
    assert files_of(TRADES, chain) == files_of(CANDLES[MINUTE], chain) == 1
    assert files_of(MFT_FEATURES[MINUTE], chain) == 0
    assert files_of(INSTRUMENTS, []) == 1


def test_limits_that_would_be_exceeded_are_named() -> None:
    limits = warehouse_limits(days=2_000, tables=14, partitions=12_000, seconds=None)
    assert [limit.what for limit in limits if limit.is_exceeded] == ["load jobs of a table a day", "partitions of a table"]
    a_week = warehouse_limits(days=2_000, tables=14, partitions=2_000, seconds=7 * 86_400)
    assert [limit for limit in a_week if limit.is_exceeded] == []
    assert str(disk_limits(11, 10)[0]) == "bytes on the disk: 11 of 10"
    assert disk_limits(11, None) == bucket_limits(10**9, None) == ()
    assert bucket_limits(10**6, 100)[0].is_exceeded


def test_bigquery_bills_eight_bytes_a_number_and_the_text_of_an_id() -> None:
    table = TABLES[0]
    assert logical_bytes(table, 2) == 2 * logical_bytes(table, 1) > 2 * 8 * (len(table.columns) - 5)


def test_consecutive_days_are_shown_as_ranges_of() -> None:
    days = [DAY, DAY + ONE_DAY, DAY + 3 * ONE_DAY]
    assert ranges_of(days) == [(DAY, DAY + ONE_DAY), (DAY + 3 * ONE_DAY, DAY + 3 * ONE_DAY)]
    assert ranges_of([]) == []


def test_only_a_disk_has_room_that_can_be_told(tmp_path) -> None:
    assert free_bytes((tmp_path / "not/there/yet").as_uri()) > 0
    assert free_bytes("gs://bucket") is free_bytes("memory://x") is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5_940, "99 min"), (11_400, "3 h 10 min"), (864_000, "10.0 days")],
)
def test_times_are_written_for_people(seconds, text) -> None:
    assert time_text(seconds) == text
