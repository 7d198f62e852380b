import pandas as pd
import pyarrow as pa
import pytest

from market_data_assets import MarketData, QueryError
from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, buckets, lake_at, write_buckets

MINUTE = Timeframe.parse("1m")
DATASET = CANDLES[MINUTE]
BOOKS = BOOK_SNAPSHOTS[MINUTE]
STARTS = [f"2024-08-08T00:0{minute}" for minute in range(6)]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Six minutes: traded, none, none, no data, none, traded. The same of ETH, always traded; and one minute of the next day."""
    root = tmp_path_factory.mktemp("lake")
    closes = [10.0, None, None, None, None, 20.0]
    status = ["traded", "no_trades", "no_trades", "no_data", "no_trades", "traded"]
    btc = buckets(DATASET, BTC, STARTS, open=closes, high=closes, low=closes, close=closes, bucket_status=status)
    eth = buckets(DATASET, ETH, STARTS)
    first = {BTC: btc, ETH: eth}
    later = {one: buckets(DATASET, one, ["2024-08-09T00:00"]) for one in (BTC, ETH)}
    lake = lake_at(root)
    warehouse = EmbeddedWarehouse(root / "market_data_analytics", [WarehouseTable.of(DATASET)])
    warehouse.migrate()
    for day, frames in ((DAY, first), (NEXT_DAY, later)):
        write_buckets(lake, DATASET, day, frames)
        warehouse.replace_day(WarehouseTable.of(DATASET), lake.committed_day(DATASET, day))
    write_buckets(lake, BOOKS, DAY, {BTC: buckets(BOOKS, BTC, STARTS)})
    return root


@pytest.fixture
def market_data(root):
    return MarketData(root=root)


def test_candles_have_every_visible_column_and_no_component(market_data):
    frame = market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09")
    assert list(frame.columns) == list(DATASET.visible_columns)
    assert not any(name.startswith("_") for name in frame.columns)
    assert list(frame["instrument_id"].unique()) == [str(BTC)]
    assert str(frame["timestamp"].dtype) == "datetime64[us, UTC]"


def test_components_come_when_they_are_asked_for(market_data):
    hidden = next(name for name, column in DATASET.columns.items() if column.hidden)
    assert hidden in market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09", components=True).columns
    assert list(market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09", [hidden], components=True).columns) == [hidden]
    with pytest.raises(QueryError, match=f"no column {hidden}"):
        market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09", [hidden])


@pytest.mark.parametrize("name", ["1m", "60s", MINUTE])
def test_timeframe_is_taken_in_any_spelling(market_data, name):
    assert len(market_data.candles(BTC, name, "2024-08-08", "2024-08-09", "close")) == 6


def test_timeframe_that_is_not_stored_is_refused_with_those_that_are(market_data):
    with pytest.raises(QueryError, match="'2m' is not known; stored are 15s, 1m"):
        market_data.candles(BTC, "2m", "2024-08-08", "2024-08-09")


def test_bucket_belongs_to_the_range_that_holds_its_start(market_data):
    frame = market_data.candles(BTC, "1m", "2024-08-08T00:01", "2024-08-08T00:03", ["timestamp"])
    assert list(frame["timestamp"]) == [pd.Timestamp("2024-08-08T00:01", tz="UTC"), pd.Timestamp("2024-08-08T00:02", tz="UTC")]


def test_several_ids_always_come_with_their_ids(market_data):
    frame = market_data.candles([ETH, BTC], "1m", "2024-08-08T00:00", "2024-08-08T00:02", ["timestamp", "close"])
    assert list(frame["instrument_id"]) == [str(ETH)] * 2 + [str(BTC)] * 2


def test_storage_order_is_by_instrument_then_time_over_several_days(market_data):
    frame = market_data.candles([BTC, ETH], "1m", "2024-08-08", "2024-08-10", ["timestamp"])
    assert list(frame["instrument_id"]) == [str(BTC)] * 7 + [str(ETH)] * 7
    assert frame.groupby("instrument_id")["timestamp"].is_monotonic_increasing.all()


def test_empty_buckets_stay_null_unless_filling_is_asked_for(market_data):
    frame = market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09", "close")
    assert list(frame["close"].isna()) == [False, True, True, True, True, False]


def test_filling_carries_the_close_over_buckets_without_trades_and_never_over_no_data(market_data):
    frame = market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09", ["open", "close"], fill="ffill")
    expected = [10, 10, 10, None, None, 20]
    assert [None if pd.isna(value) else value for value in frame["close"]] == expected
    assert [None if pd.isna(value) else value for value in frame["open"]] == expected
    assert list(frame.columns) == ["open", "close"]


def test_filling_a_window_starts_from_the_day_not_from_the_window(market_data):
    frame = market_data.candles(BTC, "1m", "2024-08-08T00:02", "2024-08-08T00:04", "close", fill="ffill")
    assert list(frame["close"].fillna(-1)) == [10, -1]


def test_unknown_way_of_filling_is_refused(market_data):
    with pytest.raises(QueryError, match="fill 'zero': expected ffill or None"):
        market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09", fill="zero")


def test_warehouse_and_lake_hold_the_same_candles(market_data):
    ranges = [("2024-08-08", "2024-08-10"), ("2024-08-08T00:02", "2024-08-09T00:01")]
    for start, end in ranges:
        lake, warehouse = (
            market_data.candles([ETH, BTC], "1m", start, end, source=source, as_="arrow") for source in ("lake", "warehouse")
        )
        assert warehouse.to_pydict() == lake.to_pydict()


def test_warehouse_offers_no_components_and_no_ticks(market_data):
    with pytest.raises(QueryError, match="only the lake has them"):
        market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09", components=True, source="warehouse")
    with pytest.raises(QueryError, match="source 'warehouse' of raw_tick_data/trades: only the lake has it"):
        market_data.explain("trades", BTC, "2024-08-08", "2024-08-09", source="warehouse")
    with pytest.raises(QueryError, match=r"source 'cloud' .* expected one of auto, lake, warehouse"):
        market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09", source="cloud")


def test_unknown_id_in_the_warehouse_is_refused_with_near_names(market_data):
    with pytest.raises(QueryError, match="'BINANCE:PERP:BTC-USD' is not known; did you mean BINANCE:PERP:BTC-USDT"):
        market_data.candles("BINANCE:PERP:BTC-USD", "1m", "2024-08-08", "2024-08-09", source="warehouse")


def test_book_snapshots_read_like_candles(market_data):
    frame = market_data.book_snapshots(BTC, "1m", "2024-08-08", "2024-08-09")
    assert list(frame.columns) == list(BOOKS.visible_columns)
    table = market_data.book_snapshots(BTC, "1m", "2024-08-08T00:01", "2024-08-08T00:03", ["timestamp", "ask_price_1"], as_="arrow")
    assert table.schema.types == [pa.timestamp("us", tz="UTC"), pa.float64()]
    assert table.num_rows == 2
