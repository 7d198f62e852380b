"""Row 13: clocks jump. Generations and versions alone give the order; times only grow."""

import datetime as dt
import itertools

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.storage.lake import Lake
from market_data_assets_tests.reliability.laws import check_swept
from market_data_assets_tests.reliability.places import Place
from market_data_assets_tests.storage.days import BTC, DAY, START, frame, frames, ids_of

JUMPS = [dt.timedelta(days=days) for days in (0, -400, 30, -10_000, 0)]


def test_row_13_writer_whose_clock_jumps_back_still_commits_the_later_version(place: Place):
    clock = itertools.cycle([START, START - 10**12, 0, START + 5])
    lake = Lake(place.new(), workers=1, clock=lambda: next(clock))
    for number in range(1, 7):
        assert lake.write_day(TRADES, frames({BTC: frame(range(START, START + number))})).version == number
        assert lake.read(TRADES, DAY, BTC).num_rows == number
    times = [each.committed_at for each in lake.revisions(TRADES, DAY)]
    assert times == sorted(set(times))
    for number, time in enumerate(times, 1):
        assert ids_of(lake.as_known_at(time).read(TRADES, DAY, BTC)) == list(range(number))


def test_row_13_store_whose_clock_jumps_still_holds_the_later_day(place: Place):
    store = place.new()
    generations = []
    for number, jump in enumerate(JUMPS, 1):
        with place.skewed(jump):
            assert Lake(store, workers=1).write_day(TRADES, frames({BTC: frame(range(START, START + number))})).version == number
            head = store.head("raw_tick_data/by_date/day-2024-08-08/data_type-trades/_manifest.json")
            generations.append(head.generation)
        assert Lake(store).read(TRADES, DAY, BTC).num_rows == number
    assert generations == sorted(set(generations))
    check_swept(Lake(store), [DAY])


@pytest.mark.parametrize("ahead", [dt.timedelta(days=-400), dt.timedelta(days=400)], ids=["behind", "ahead"])
def test_row_13_sweep_under_a_wrong_clock_takes_nothing_that_is_committed(place: Place, ahead):
    lake = Lake(place.new(), workers=1)
    with place.skewed(ahead):
        lake.write_day(TRADES, frames({BTC: frame([START])}))
        lake.sweep(dt.datetime.now(dt.UTC))
    lake.sweep(dt.datetime.now(dt.UTC))
    assert lake.read(TRADES, DAY, BTC).num_rows == 1
    assert lake.recover(TRADES, DAY).damaged == []
