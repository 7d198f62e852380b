import datetime as dt

import pytest

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.schemas import TRADES
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets.upkeep.tick_days import TickDays
from market_data_assets_tests.defs.sensors.days import AFTER, BEFORE, DAY, store_candles, store_trades, trades

NOON = 43_200.0


@pytest.fixture
def lake() -> Lake:
    return Lake(MemoryStore(), workers=1)


def is_behind(lake: Lake, day: dt.date = DAY) -> bool:
    return TickDays(lake.store).is_behind(day)


def has_late_rows(lake: Lake, day: dt.date = DAY) -> bool:
    return TickDays(lake.store).has_late_rows(day)


def test_a_day_without_ticks_is_neither_behind_nor_late(lake: Lake) -> None:
    assert not is_behind(lake)
    assert not has_late_rows(lake)


def test_ticks_without_candles_are_behind_and_candles_of_them_are_not(lake: Lake) -> None:
    store_trades(lake, DAY, btc=trades(DAY, NOON))
    assert is_behind(lake)
    assert not has_late_rows(lake)
    store_candles(lake, DAY)
    assert not is_behind(lake)
    assert not has_late_rows(lake)


def test_candles_are_behind_once_their_ticks_have_changed(lake: Lake) -> None:
    store_trades(lake, DAY, btc=trades(DAY, NOON))
    store_candles(lake, DAY)
    store_trades(lake, DAY, btc=trades(DAY, NOON, NOON + 1))
    assert is_behind(lake)


def test_candles_are_behind_while_their_last_timeframe_is_missing(lake: Lake) -> None:
    store_trades(lake, DAY, btc=trades(DAY, NOON))
    store_candles(lake, DAY, *list(CANDLES)[:-1])
    assert is_behind(lake)
    store_candles(lake, DAY)
    assert not is_behind(lake)


def test_the_day_after_makes_a_provisional_day_final(lake: Lake) -> None:
    store_trades(lake, DAY, btc=trades(DAY, NOON))
    store_candles(lake, DAY)
    store_trades(lake, AFTER, btc=trades(AFTER, NOON))
    assert has_late_rows(lake)
    store_candles(lake, DAY)
    assert not has_late_rows(lake)


def test_a_day_before_that_holds_no_row_of_the_day_is_not_late(lake: Lake) -> None:
    store_trades(lake, AFTER, btc=trades(AFTER, NOON))
    store_trades(lake, DAY, btc=trades(DAY, NOON))
    store_candles(lake, DAY)
    store_trades(lake, BEFORE, btc=trades(BEFORE, NOON))
    assert not has_late_rows(lake)


def test_a_day_before_whose_recorder_ran_behind_brings_rows(lake: Lake) -> None:
    store_trades(lake, AFTER, btc=trades(AFTER, NOON))
    store_trades(lake, DAY, btc=trades(DAY, NOON))
    store_candles(lake, DAY)
    store_trades(lake, BEFORE, btc=trades(BEFORE, NOON, 86_400.5))
    assert has_late_rows(lake)
    store_candles(lake, DAY)
    assert not has_late_rows(lake)


@pytest.mark.parametrize(
    ("first", "second", "late"),
    [
        pytest.param((-0.5, NOON), (-0.5, -0.25, NOON), True, id="a late row is new"),
        pytest.param((-0.5, NOON), (NOON,), True, id="a late row is gone"),
        pytest.param((NOON,), (NOON, NOON + 1), False, id="only rows of the other day changed"),
    ],
)
def test_a_restated_neighbour_matters_where_its_file_holds_rows_of_the_day(
    lake: Lake, first: tuple[float, ...], second: tuple[float, ...], *, late: bool
) -> None:
    store_trades(lake, DAY, btc=trades(DAY, NOON), eth=trades(DAY, NOON))
    # The file of the other instrument holds a late row throughout, and does not change.
    store_trades(lake, AFTER, btc=trades(AFTER, *first), eth=trades(AFTER, -0.5, NOON))
    store_candles(lake, DAY)
    store_trades(lake, AFTER, btc=trades(AFTER, *second), eth=trades(AFTER, -0.5, NOON))
    assert has_late_rows(lake) is late


def test_identity_changes_with_the_ticks_and_with_nothing_else(lake: Lake) -> None:
    store_trades(lake, DAY, btc=trades(DAY, NOON))
    before = TickDays(lake.store).identity(DAY)
    store_candles(lake, DAY)
    assert TickDays(lake.store).identity(DAY) == before
    store_trades(lake, AFTER, btc=trades(AFTER, NOON))
    assert TickDays(lake.store).identity(DAY) != before


def test_a_manifest_that_cannot_be_read_asks_for_nothing(lake: Lake) -> None:
    store_trades(lake, DAY, btc=trades(DAY, NOON))
    store_candles(lake, DAY)
    store_trades(lake, AFTER, btc=trades(AFTER, -0.5, NOON))
    name = f"{lake.manifest(TRADES, AFTER).partition}_manifest.json"
    head = lake.store.head(name)
    assert head is not None
    lake.store.put(name, b"{", if_generation=head.generation)
    assert not has_late_rows(lake)
