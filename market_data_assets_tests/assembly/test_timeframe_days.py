"""Candles that are made again: exactly those instruments are computed that would be others, and the day is as if made from nothing."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.assembly.up_to_date import WHOLE_DAY, StoredDay, Wanted, to_fetch
from market_data_assets.domain.datasets import Finality
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import NotListed, Retryable, SchemaDrift
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.upkeep.scope import Scope
from market_data_assets.upkeep.stale import find_stale
from market_data_assets_tests.assembly.rerun_lakes import FOUR_HOURS, HOUR, LISTED, MINUTE, TABLES, RerunLake
from market_data_assets_tests.storage.by_hand import put_by_hand, remove_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, NEXT, SOL, START, frame, frames

BEFORE = DAY - dt.timedelta(days=1)
MORNING = [START, START + MINUTE]
EVENING = [START + 1439 * MINUTE]
TOMORROW = START + 1440 * MINUTE
CANDLES = Scope(tuple(TABLES.values()))
ONLY_ETH = Wanted(lambda instrument: instrument == ETH)
AGAIN = Wanted(refresh=True)


def made() -> RerunLake:
    lake = RerunLake()
    lake.trade({BTC: MORNING, ETH: MORNING, SOL: []})
    assert lake.make() == {str(BTC), str(ETH), str(SOL)}
    return lake


def is_stale(lake: RerunLake) -> bool:
    return bool(find_stale(lake.lake, None, CANDLES).days)


def remade(lake: RerunLake) -> list[str]:
    """The candles of the same ticks on a lake where there were none."""
    for table in TABLES.values():
        prefix = partition_prefix(table, DAY)
        for each in list(lake.store.list(prefix)):
            remove_by_hand(lake.lake, each.name)
    lake.make()
    return list(lake.content())


def test_nothing_is_read_and_nothing_written_where_nothing_has_changed():
    lake = made()
    assert not is_stale(lake)
    assert lake.make() == set()
    assert (lake.unchanged, lake.store.puts) == (True, [])


CHANGES = {
    "ticks restated": (lambda lake: lake.trade({BTC: MORNING, ETH: MORNING[:1], SOL: []}), {ETH}),
    "one instrument planted": (lambda lake: lake.trade({SOL: MORNING}, partial=True), {SOL}),
    "late rows in the next day": (lambda lake: lake.trade({BTC: [TOMORROW], ETH: [*EVENING, TOMORROW]}, NEXT), {ETH}),
    "next day without a row of this one": (lambda lake: lake.trade({BTC: [TOMORROW]}, NEXT), set()),
    "early rows in the day before": (lambda lake: lake.trade({SOL: [START - MINUTE, START]}, BEFORE), {SOL}),
    "contract size": (lambda lake: lake.list_instruments({ETH: 10.0}), {ETH}),
    "ticks absent now": (lambda lake: lake.trade({ETH: NotListed("gone")}, partial=True), set()),
    "ticks set aside now": (lambda lake: lake.trade({ETH: SchemaDrift("html")}, partial=True), set()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_exactly_the_instruments_that_a_change_is_about_are_computed_again(change):
    plant, affected = CHANGES[change]
    lake = made()
    before = lake.digests()
    plant(lake)
    assert is_stale(lake)
    assert lake.make() == set(map(str, affected))
    after = lake.digests()
    assert all(after[str(each)] == before[str(each)] for each in LISTED if each not in affected and str(each) in after)
    assert not is_stale(lake)
    assert lake.make() == set()
    assert lake.unchanged
    assert list(lake.content()) == remade(lake)


def test_provisional_day_becomes_final_without_reading_a_tick():
    lake = made()
    assert lake.lake.manifest(TABLES[HOUR], DAY).content.finality is Finality.PROVISIONAL
    lake.trade({each: [TOMORROW] for each in LISTED}, NEXT)
    assert lake.make() == set()
    assert lake.lake.manifest(TABLES[HOUR], DAY).content.finality is Finality.FINAL
    assert not [name for name in lake.store.puts if name.endswith(".parquet") and not name.startswith("_revisions")]


def test_refresh_computes_what_it_is_asked_for_although_it_is_up_to_date():
    lake = made()
    before = lake.content()
    assert lake.make(AGAIN) == {str(BTC), str(ETH), str(SOL)}
    assert lake.make(Wanted(ONLY_ETH.includes, refresh=True)) == {str(ETH)}
    assert lake.content() == before


def test_rows_of_older_code_or_columns_are_computed_again(monkeypatch):
    lake = made()
    assert lake.make() == set()
    # As it is after an upgrade which raised the version of a column; the registry is frozen, its cached version is not.
    monkeypatch.setitem(TABLES[HOUR].__dict__, "code_version", "2: close")
    assert is_stale(lake)
    assert lake.make() == {str(BTC), str(ETH), str(SOL)}
    assert not is_stale(lake)
    assert lake.make() == set()


def test_run_over_one_instrument_commits_the_whole_day_where_the_others_are_up_to_date():
    lake = made()
    lake.trade({ETH: MORNING[:1]}, partial=True)
    assert lake.make(ONLY_ETH) == {str(ETH)}
    assert not is_stale(lake)
    assert lake.make() == set()


def test_run_over_one_instrument_leaves_the_day_stale_while_others_are():
    lake = made()
    before = lake.digests()
    lake.trade({BTC: MORNING[:1], ETH: MORNING[:1], SOL: []})
    assert lake.make(ONLY_ETH) == {str(ETH)}
    assert lake.digests()[str(BTC)] == before[str(BTC)]
    assert is_stale(lake)
    assert lake.make() == {str(BTC)}
    assert not is_stale(lake)
    assert list(lake.content()) == remade(lake)


def test_day_of_which_a_part_was_made_from_ticks_that_are_gone_again_is_stale():
    lake = made()
    before = lake.digests()
    lake.trade({BTC: MORNING[:1], ETH: MORNING[:1], SOL: []})
    lake.make(ONLY_ETH)
    lake.trade({BTC: MORNING, ETH: MORNING, SOL: []})
    assert is_stale(lake)
    assert lake.make() == {str(ETH)}
    assert lake.digests() == before
    assert not is_stale(lake)


def test_first_run_over_one_instrument_does_not_speak_for_the_others():
    lake = RerunLake()
    lake.trade({BTC: MORNING, ETH: MORNING, SOL: []})
    assert lake.make(ONLY_ETH) == {str(ETH)}
    assert is_stale(lake)
    assert lake.make() == {str(BTC), str(SOL)}
    assert not is_stale(lake)


def test_failed_ticks_fail_the_candles_until_they_are_there():
    lake = RerunLake()
    lake.trade({BTC: MORNING, ETH: Retryable("reset"), SOL: MORNING})
    assert lake.make() == {str(BTC), str(SOL)}
    assert [entry.instrument_id for entry in lake.lake.manifest(TABLES[HOUR], DAY).content.failed] == [str(ETH)]
    assert is_stale(lake)
    assert lake.make() == set()
    assert not lake.unchanged
    lake.trade({ETH: MORNING}, partial=True)
    assert lake.make(ONLY_ETH) == {str(ETH)}
    assert not lake.lake.manifest(TABLES[HOUR], DAY).content.failed
    assert not is_stale(lake)


def test_file_whose_last_fetch_failed_is_fetched_again_although_the_former_one_is_stored():
    lake = made()
    lake.trade({ETH: Retryable("reset")}, partial=True)
    assert str(ETH) in {entry.instrument_id for entry in lake.lake.manifest(TRADES, DAY).content.files}
    vendors = frames({BTC: frame(MORNING), ETH: frame(MORNING), SOL: frame([])})
    assert list(to_fetch(StoredDay.find(lake.lake, TRADES, DAY), vendors, WHOLE_DAY)) == [ETH]


def test_one_timeframe_that_was_never_made_is_made_alone():
    lake = RerunLake()
    lake.trade({BTC: MORNING})
    lake.make(tables={HOUR: TABLES[HOUR]})
    before = lake.lake.manifest(TABLES[HOUR], DAY).version
    assert lake.make() == {str(BTC)}
    assert lake.lake.manifest(TABLES[HOUR], DAY).version == before
    assert lake.digests(TABLES[FOUR_HOURS]).keys() == {str(BTC)}


def test_file_that_was_damaged_by_hand_is_made_again_and_no_other():
    lake = made()
    name = f"{partition_prefix(TABLES[FOUR_HOURS], DAY)}{ETH}.parquet"
    good = bytes(lake.store.get(name).data)
    put_by_hand(lake.lake, name, b"?" * len(good))
    assert lake.make() == {str(ETH)}
    assert bytes(lake.store.get(name).data) == good


def test_instrument_that_has_no_ticks_any_more_goes():
    lake = made()
    lake.trade({BTC: MORNING, SOL: []})
    assert lake.make() == set()
    assert lake.digests().keys() == {str(BTC), str(SOL)}


def test_run_over_one_instrument_leaves_another_that_has_no_ticks_any_more_to_a_whole_run():
    lake = made()
    lake.trade({BTC: MORNING, ETH: MORNING[:1]})
    assert lake.make(ONLY_ETH) == {str(ETH)}
    assert str(SOL) in lake.digests()
    assert is_stale(lake)


TIMES = st.lists(st.sampled_from([START - MINUTE, *MORNING, *EVENING, TOMORROW]), max_size=3).map(sorted)
TICKS = st.one_of(TIMES, st.sampled_from([NotListed("gone"), SchemaDrift("html")]))
STEPS = st.one_of(
    st.tuples(st.just("trade"), st.sampled_from([BEFORE, DAY, NEXT]), st.dictionaries(st.sampled_from(LISTED), TICKS)),
    st.tuples(st.just("list"), st.sampled_from(LISTED), st.sampled_from([1.0, 10.0])),
    st.tuples(st.just("make"), st.sampled_from([WHOLE_DAY, ONLY_ETH, AGAIN]), st.none()),
)


@settings(max_examples=8, deadline=None)
@given(st.lists(STEPS, max_size=6))
def test_whatever_happened_before_a_run_makes_the_day_that_it_would_make_from_nothing(steps):
    lake = made()
    for what, which, how in steps:
        if what == "trade":
            lake.trade(how, which, partial=True)
        elif what == "list":
            lake.list_instruments({which: how})
        else:
            lake.make(which)
    stale = is_stale(lake)
    lake.make()
    assert lake.unchanged == (not stale)
    assert not is_stale(lake)
    assert list(lake.content()) == remade(lake)
