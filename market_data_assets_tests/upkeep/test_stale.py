"""Days that would be other ones if they were made again: each cause along the chain, and nothing that is up to date."""

import datetime as dt
import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.datasets import Dataset, Finality
from market_data_assets.domain.schemas import LIQUIDATIONS, OPTIONS_CHAIN, TRADES
from market_data_assets.errors import Retryable
from market_data_assets.storage.layout import MANIFEST, partition_prefix
from market_data_assets.upkeep.scope import Scope, ranges_of
from market_data_assets.upkeep.stale import Cause, find_stale
from market_data_assets_tests.storage.by_hand import PREFIX, put_by_hand, remove_by_hand, write_ignoring_failures
from market_data_assets_tests.storage.days import BTC, DAY, ETH, NEXT, START, frame, frames
from market_data_assets_tests.upkeep.lakes import (
    CANDLES_1M,
    EVERYTHING,
    FEATURES_1M,
    TABLE,
    embedded,
    load,
    write_candles,
    write_features,
    write_trades,
)

PREVIOUS = DAY - dt.timedelta(days=1)


def causes(lake, warehouse=None, scope: Scope = EVERYTHING) -> dict[tuple[str, dt.date], list[Cause]]:
    """The causes of each day that is out of date, by the last part of its name."""
    found = find_stale(lake, warehouse, scope).days
    return {(each.dataset, each.day): [reason.cause for reason in each.reasons] for each in found}


def trades_of(lake, day: dt.date, price_rows: int = 1) -> None:
    lake.write_day(TRADES, frames({BTC: frame([START + number for number in range(price_rows)])}, day))


def test_fresh_lake_is_up_to_date(lake, tmp_path):
    write_features(lake, DAY, [DAY])
    warehouse = embedded(tmp_path)
    load(lake, warehouse)
    found = find_stale(lake, warehouse, EVERYTHING)
    assert (found.days, found.looked_at, found.unnoted, found.unreadable) == ([], 5, 5, 0)


def test_changed_raw_day_makes_all_that_is_downstream_stale(lake, tmp_path):
    write_features(lake, DAY, [DAY])
    warehouse = embedded(tmp_path)
    load(lake, warehouse)
    trades_of(lake, DAY, 3)
    assert causes(lake, warehouse) == {
        (str(CANDLES_1M), DAY): [Cause.INPUT_CHANGED],
        (str(FEATURES_1M), DAY): [Cause.DOWNSTREAM],
        (str(TABLE), DAY): [Cause.DOWNSTREAM],
    }
    [candles, *_] = find_stale(lake, None, EVERYTHING).days
    assert candles.reasons[0].detail == f"{TRADES} {DAY}"
    assert json.loads(json.dumps(candles.as_json()))["reasons"][0]["cause"] == "input_changed"


def test_features_are_stale_when_an_earlier_day_of_candles_is(lake):
    trades_of(lake, NEXT)
    write_candles(lake, NEXT)
    write_candles(lake, DAY)
    write_features(lake, NEXT, [DAY, NEXT])
    assert causes(lake) == {}
    write_candles(lake, DAY, minutes=3)
    assert causes(lake) == {(str(FEATURES_1M), NEXT): [Cause.INPUT_CHANGED]}


def test_input_that_appeared_since_makes_a_day_stale(lake):
    lake.write_day(LIQUIDATIONS, replace(frames({}), absent={BTC: "not_listed"}))
    assert causes(lake) == {(str(CANDLES_1M), DAY): [Cause.INPUT_APPEARED]}


def test_neighbour_of_a_feed_that_lacks_the_day_itself_is_no_input(lake):
    lake.write_day(LIQUIDATIONS, replace(frames({}, NEXT), absent={BTC: "not_listed"}))
    assert causes(lake) == {}


def test_earlier_candles_that_appeared_make_features_stale(lake):
    write_features(lake, DAY, [DAY])
    trades_of(lake, PREVIOUS)
    write_candles(lake, PREVIOUS)
    write_candles(lake, DAY)
    assert causes(lake)[str(FEATURES_1M), DAY] == [Cause.INPUT_CHANGED, Cause.INPUT_APPEARED]


def test_input_that_is_gone_makes_a_day_stale(lake):
    remove_by_hand(lake, PREFIX + MANIFEST)
    assert causes(lake) == {(str(CANDLES_1M), DAY): [Cause.INPUT_GONE]}


def test_provisional_day_is_stale_once_the_next_day_is_there_in_full(lake):
    write_candles(lake, DAY, finality=Finality.PROVISIONAL)
    assert causes(lake) == {}
    write_ignoring_failures(lake, frames({BTC: frame([START]), ETH: Retryable("reset")}, NEXT))
    key = (str(CANDLES_1M), DAY)
    assert causes(lake)[key] == [Cause.INPUT_APPEARED]  # made again it would have late rows more, and still be provisional
    lake.write_day(OPTIONS_CHAIN, replace(frames({}, NEXT), absent={BTC: "not_listed"}))
    trades_of(lake, NEXT)
    assert causes(lake) == {key: [Cause.PROVISIONAL]}
    [stale] = find_stale(lake, None, EVERYTHING).days
    assert stale.reasons[0].detail == f"{NEXT} is stored in full since"


def test_failed_instruments_are_named_and_what_was_made_without_them_is_downstream(lake):
    write_ignoring_failures(lake, frames({ETH: Retryable("reset")}), partial=True)
    [trades, candles] = find_stale(lake, None, EVERYTHING).days
    assert [(each.cause, each.detail) for each in trades.reasons] == [(Cause.FAILED, str(ETH))]
    assert [each.cause for each in candles.reasons] == [Cause.INPUT_CHANGED, Cause.DOWNSTREAM]


def rewritten(lake, dataset: Dataset, **changes: str) -> None:
    name = partition_prefix(dataset, DAY) + MANIFEST
    body = json.loads(bytes(lake.store.get(name).data)) | changes
    put_by_hand(lake, name, json.dumps(body).encode())


def test_other_columns_than_the_record_has_now_make_a_day_stale(lake):
    rewritten(lake, TRADES, schema_fingerprint="older")
    assert causes(lake) == {(str(TRADES), DAY): [Cause.SCHEMA_CHANGED], (str(CANDLES_1M), DAY): [Cause.DOWNSTREAM]}


@pytest.mark.parametrize(("version", "stale"), [("", False), (CANDLES_1M.code_version, False), ("1", True)])
def test_day_of_another_version_of_the_code_is_stale_where_it_says_so(lake, version, stale):
    rewritten(lake, CANDLES_1M, code_version=version)
    assert causes(lake) == ({(str(CANDLES_1M), DAY): [Cause.CODE_CHANGED]} if stale else {})


def test_version_of_the_code_names_the_columns_whose_meaning_has_changed():
    assert TRADES.code_version == "1"
    older = replace(TRADES, columns={**TRADES.columns, "price": replace(TRADES.columns["price"], version=3)})
    assert older.code_version == "3: price"


def test_day_that_cannot_be_read_is_counted_and_not_judged(lake):
    put_by_hand(lake, partition_prefix(CANDLES_1M, DAY) + MANIFEST, b"?")
    found = find_stale(lake, None, EVERYTHING)
    assert (found.days, found.unreadable) == ([], 1)


def test_scope_judges_some_days_by_the_whole_chain(lake):
    write_features(lake, DAY, [DAY])
    trades_of(lake, DAY, 3)
    assert causes(lake, scope=Scope((FEATURES_1M,))) == {(str(FEATURES_1M), DAY): [Cause.DOWNSTREAM]}
    assert causes(lake, scope=Scope(first=NEXT)) == {}
    write_trades(lake)
    assert causes(lake) == {}


def test_days_are_put_together_as_ranges():
    days = [DAY, NEXT, DAY + dt.timedelta(days=3), DAY]
    assert ranges_of(days) == [(DAY, NEXT), (days[2], days[2])]
    assert ranges_of([]) == []


@settings(max_examples=25)
@given(st.sets(st.integers(0, 30)))
def test_ranges_hold_exactly_the_days_and_never_touch(offsets):
    days = {DAY + dt.timedelta(days=offset) for offset in offsets}
    ranges = ranges_of(days)
    assert {first + dt.timedelta(days=step) for first, last in ranges for step in range((last - first).days + 1)} == days
    assert all((after[0] - before[1]).days > 1 for before, after in pairwise(ranges))
