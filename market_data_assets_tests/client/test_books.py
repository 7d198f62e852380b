import math

import pytest

from market_data_assets import MarketData, QueryError
from market_data_assets_tests.client.lakes import BTC, DAY, lake_at, write_books

START, END = "2024-08-08", "2024-08-09"


@pytest.fixture(scope="module")
def market_data(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    write_books(lake_at(root), DAY, BTC, ["2024-08-08T00:00", "2024-08-08T00:01", "2024-08-08T00:02"], nan_at=4)
    return MarketData(root=root)


def test_flat_view_has_a_column_per_side_quantity_and_level_best_first(market_data):
    frame = market_data.book_snapshot_ticks(BTC, START, END, levels=2)
    assert list(frame.columns) == [
        "timestamp",
        "local_timestamp",
        *("ask_price_1", "ask_amount_1", "bid_price_1", "bid_amount_1"),
        *("ask_price_2", "ask_amount_2", "bid_price_2", "bid_amount_2"),
    ]
    assert list(frame.loc[1, "ask_price_1":]) == [1101, 1001, 1100, 1001, 1102, 1002, 1099, 1002]


def test_missing_level_is_null_in_the_flat_view_and_nan_in_the_lists(market_data):
    flat = market_data.book_snapshot_ticks(BTC, START, END, columns=["ask_price_4", "ask_price_5"], as_="arrow")
    assert flat.to_pydict() == {"ask_price_4": [104, 1104, 2104], "ask_price_5": [None, None, None]}
    lists = market_data.book_snapshot_ticks(BTC, START, END, flat=False, columns=["ask_prices"], as_="arrow")
    assert lists["ask_prices"][0].as_py()[:4] == [101, 102, 103, 104]
    assert math.isnan(lists["ask_prices"][0].as_py()[4])


def test_window_and_columns_of_the_flat_view(market_data):
    frame = market_data.book_snapshot_ticks(BTC, "2024-08-08T00:01", "2024-08-08T00:02", columns=["bid_price_3", "timestamp"])
    assert list(frame.columns) == ["bid_price_3", "timestamp"]
    assert list(frame["bid_price_3"]) == [1098]


def test_several_ids_add_a_column(market_data):
    assert list(market_data.book_snapshot_ticks([BTC], START, END, columns=["ask_price_1"]).columns) == ["instrument_id", "ask_price_1"]
    assert list(market_data.book_snapshot_ticks([BTC], START, END, levels=1).columns)[:2] == ["instrument_id", "timestamp"]
    named = market_data.book_snapshot_ticks(BTC, START, END, columns=["ask_price_1", "instrument_id"])
    assert list(named.columns) == ["ask_price_1", "instrument_id"]


@pytest.mark.parametrize("levels", [0, 26])
def test_levels_that_are_not_stored_are_refused(market_data, levels):
    with pytest.raises(QueryError, match=f"levels {levels}: expected 1 to 25"):
        market_data.book_snapshot_ticks(BTC, START, END, levels=levels)


def test_unknown_flat_column_is_refused_with_those_that_exist(market_data):
    with pytest.raises(QueryError, match=r"no column ask_price_3; it has instrument_id, timestamp, .*ask_price_2"):
        market_data.book_snapshot_ticks(BTC, START, END, levels=2, columns=["ask_price_3"])
