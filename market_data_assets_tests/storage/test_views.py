"""Months of a view: their names, and how they are committed."""

import datetime as dt
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.errors import UnsafeName
from market_data_assets.storage.commit import Status
from market_data_assets.storage.layout import MANIFEST, SUCCESS
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets.storage.views import parse_view_prefix, stored_values, view_prefix, write_view
from market_data_assets_tests.storage.view_files import view_file

AUGUST = dt.date(2024, 8, 1)
PREFIX = "views/by_instrument_id/instrument-BINANCE:PERP:BTC-USDT/year-2024/month-08/"
CLOCK = count().__next__


def tables(*numbers):
    return lambda: iter([pa.table({"number": [number]}) for number in numbers])


def write(store, files, inputs=None, prefix=PREFIX):
    return write_view(store, prefix, files, inputs or {"candles/2024-08-08": "hash"}, clock=CLOCK)


@pytest.mark.parametrize(
    "value", ["BINANCE:PERP:BTC-USDT", "DERIBIT:OPTION:BTC-USD-60000.5-250328-PUT", "OKX:PERP:BTC-USDT@USDC", "1m", "a-b=c d"]
)
def test_prefix_has_an_inverse(value):
    prefix = view_prefix("by_instrument_id", "instrument", value, dt.date(2024, 8, 31))
    assert prefix == f"views/by_instrument_id/instrument-{value}/year-2024/month-08/"
    assert parse_view_prefix(prefix) == ("by_instrument_id", "instrument", value, AUGUST)


@given(st.text(), st.dates())
def test_any_value_round_trips_or_is_refused(value, day):
    try:
        prefix = view_prefix("by_venue", "venue", value, day)
    except UnsafeName:
        return
    assert parse_view_prefix(prefix) == ("by_venue", "venue", value, day.replace(day=1))


@pytest.mark.parametrize("value", ["", "a/b", "../..", "a\\b", "a\nb", "é" * 200])
def test_value_that_could_leave_its_folder_or_is_none_is_refused(value):
    with pytest.raises(UnsafeName):
        view_prefix("by_venue", "venue", value, AUGUST)


@pytest.mark.parametrize(
    "prefix",
    [
        PREFIX.removesuffix("/"),
        PREFIX.replace("month-08", "month-13"),
        PREFIX.replace("year-2024", "year-0000"),
        PREFIX.replace("views", "view"),
        PREFIX.replace("instrument-BINANCE", "instrument-a/BINANCE"),
    ],
)
def test_other_text_is_no_prefix(prefix):
    with pytest.raises(UnsafeName, match="expected views/by_"):
        parse_view_prefix(prefix)


def test_files_of_a_month_are_committed_together_and_read_by_name():
    store = MemoryStore()
    commit = write(store, {"candles_1m": tables(1, 2), "candles_1h": tables(3)})
    assert (commit.status, commit.rows, commit.version) == (Status.COMMITTED, 3, 1)
    assert [entry.row_groups for entry in commit.manifest.content.files] == [1, 2]
    assert {each.name for each in store.list(PREFIX)} == {
        PREFIX + name for name in ("candles_1m.parquet", "candles_1h.parquet", MANIFEST, SUCCESS)
    }
    assert view_file(store, PREFIX, "candles_1m")["number"].to_pylist() == [1, 2]


def test_same_month_again_is_a_noop_and_another_replaces_it():
    store = MemoryStore()
    write(store, {"candles_1m": tables(1), "candles_1h": tables(3)})
    assert write(store, {"candles_1m": tables(1), "candles_1h": tables(3)}).status is Status.NOOP
    commit = write(store, {"candles_1m": tables(1, 2)})
    assert (commit.status, commit.version) == (Status.COMMITTED, 2)
    assert view_file(store, PREFIX, "candles_1m").num_rows == 2
    assert not [each.name for each in store.list(PREFIX) if "candles_1h" in each.name]


def test_values_of_a_month_are_those_that_were_ever_written():
    store = MemoryStore()
    write(store, {"candles_1m": tables(1)})
    write(store, {}, prefix=view_prefix("by_instrument_id", "instrument", "BINANCE:PERP:ETH-USDT", AUGUST))
    write(store, {"candles_1m": tables(1)}, prefix=view_prefix("by_instrument_id", "instrument", "OKX:PERP:ETH-USDT", dt.date(2024, 9, 1)))
    store.put("views/by_instrument_id/notes/readme.txt", b"", if_generation=0)
    assert stored_values(store, "by_instrument_id", AUGUST) == ["BINANCE:PERP:BTC-USDT", "BINANCE:PERP:ETH-USDT"]
    assert stored_values(store, "by_venue", AUGUST) == []


def test_file_without_rows_keeps_its_columns():
    store = MemoryStore()
    write(store, {"candles_1m": lambda: iter([pa.schema([pa.field("number", pa.int64())]).empty_table()])})
    assert view_file(store, PREFIX, "candles_1m").schema.names == ["number"]
