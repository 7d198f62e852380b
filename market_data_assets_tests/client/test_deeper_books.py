"""Shallow books from deeper ones, where only those are stored."""

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets import MarketData, PartitionMissing, QueryError
from market_data_assets.domain.datasets import DailyFrames, TableFrame
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_25
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, lake_at, times, write_books

LISTS = ("ask_prices", "ask_amounts", "bid_prices", "bid_amounts")


def write_deep(lake, day, instrument, moments):
    """Every list counts from 1 to 25, plus 100 times the row."""
    rows = np.arange(1.0, 26.0) + 100.0 * np.arange(len(moments))[:, None]
    lists = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), 25)
    columns = {"timestamp": times(moments), "local_timestamp": times(moments), **dict.fromkeys(LISTS, lists)}
    table = pa.table(columns).cast(BOOK_SNAPSHOT_25.schema)
    lake.write_day(BOOK_SNAPSHOT_25, DailyFrames(day, {instrument: lambda: TableFrame(table)}), partial=True)


@pytest.fixture(scope="module")
def market_data(tmp_path_factory):
    """BTC has the 5-level book on Thursday and the 25-level one on both days, ETH only the 25-level one on Thursday."""
    root = tmp_path_factory.mktemp("books")
    lake = lake_at(root)
    write_books(lake, DAY, BTC, ["2024-08-08T01:00"])
    write_deep(lake, DAY, BTC, ["2024-08-08T01:00", "2024-08-08T02:00"])
    write_deep(lake, DAY, ETH, ["2024-08-08T03:00"])
    write_deep(lake, NEXT_DAY, BTC, ["2024-08-08T23:59:59", "2024-08-09T01:00"])
    return MarketData(root=root)


def test_shallow_book_is_cut_from_the_deep_one_where_only_that_is_stored(market_data):
    book = market_data.book_snapshot_ticks(ETH, "2024-08-08", "2024-08-09")
    assert book.loc[0, ["ask_price_1", "bid_amount_5"]].to_list() == [1.0, 5.0]
    assert "ask_price_6" not in book.columns
    lists = market_data.book_snapshot_ticks(ETH, "2024-08-08", "2024-08-09", flat=False, as_="arrow")
    assert lists["ask_prices"].to_pylist() == [[1.0, 2.0, 3.0, 4.0, 5.0]]


def test_own_depth_is_preferred_and_both_are_read_together_over_days_and_instruments(market_data):
    assert list(market_data.book_snapshot_ticks(BTC, "2024-08-08", "2024-08-08T12:00")["ask_price_1"]) == [101.0]
    book = market_data.book_snapshot_ticks([BTC, ETH], "2024-08-08", "2024-08-10", missing="skip", columns=["timestamp", "ask_price_2"])
    assert list(book["instrument_id"]) == [str(BTC)] * 3 + [str(ETH)]
    assert list(book["ask_price_2"]) == [102.0, 2.0, 102.0, 2.0]
    assert book["timestamp"][:3].is_monotonic_increasing
    lists = market_data.book_snapshot_ticks([BTC, ETH], "2024-08-08", "2024-08-10", missing="skip", flat=False, as_="arrow")
    assert lists.schema.field("bid_prices").type.list_size == 5


def test_deep_book_is_read_as_it_is(market_data):
    book = market_data.book_snapshot_ticks(BTC, "2024-08-08", "2024-08-08T12:00", levels=6)
    assert list(book["ask_price_6"]) == [6.0, 106.0]
    lists = market_data.book_snapshot_ticks(BTC, "2024-08-08", "2024-08-08T12:00", levels=25, flat=False, as_="arrow")
    assert lists.schema.field("bid_prices").type.list_size == 25


def test_gaps_are_those_that_no_depth_fills(market_data):
    with pytest.raises(QueryError, match=f"book_snapshot_5 lacks 2024-08-09 {ETH}"):
        market_data.book_snapshot_ticks(ETH, "2024-08-08", "2024-08-10")
    with pytest.raises(
        PartitionMissing, match="book_snapshot_5 has nothing stored for 2024-08-10; stored nearby are 2024-08-08, 2024-08-09"
    ):
        market_data.book_snapshot_ticks(ETH, "2024-08-10", "2024-08-11")
    with pytest.raises(PartitionMissing, match="first committed at"):
        market_data.book_snapshot_ticks(BTC, "2024-08-08", "2024-08-09", as_known_at="2020-01-01")
