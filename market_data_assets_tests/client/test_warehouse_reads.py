import datetime as dt

import pytest

from market_data_assets import MarketData, PartitionMissing, QueryError
from market_data_assets.client.plan import plan_read
from market_data_assets.client.warehouse_shelf import WarehouseShelf
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, buckets, lake_at, write_buckets
from market_data_assets_tests.client.warehouses import Asked

DATASET = CANDLES[Timeframe.parse("1h")]
TABLE = WarehouseTable.of(DATASET)
SOL = InstrumentId.parse("BINANCE:PERP:SOL-USDT")
SPAN = TimeRange.parse("2024-08-08", "2024-08-10")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two days of BTC, and ETH on the first of them only, in the lake and in the warehouse."""
    root = tmp_path_factory.mktemp("lake")
    lake, warehouse = lake_at(root), EmbeddedWarehouse(root / "market_data_analytics", [TABLE])
    warehouse.migrate()
    for day, ids in ((DAY, (BTC, ETH)), (NEXT_DAY, (BTC,))):
        closes = {one: [float(len(str(one))), float(day.day)] for one in ids}
        write_buckets(lake, DATASET, day, {one: buckets(DATASET, one, [f"{day}T00:00", f"{day}T23:00"], close=closes[one]) for one in ids})
        warehouse.replace_day(TABLE, lake.committed_day(DATASET, day))
    return root


@pytest.fixture
def asked(root):
    return Asked(EmbeddedWarehouse(root / "market_data_analytics", [TABLE]))


def shelf_of(asked, *ids):
    return WarehouseShelf(asked, TABLE, ids, is_local=True)


def test_several_days_and_instruments_take_one_question_to_plan_and_one_to_read(asked):
    shelf = shelf_of(asked, BTC, ETH)
    plan = plan_read(shelf, [BTC, ETH], SPAN)
    parts = shelf.read(plan.pieces, ["close"], SPAN)
    assert asked.questions == {"counts": 1, "read": 1}
    assert [(one, [table["close"].to_pylist() for table in tables]) for one, tables in parts] == [
        (BTC, [[21.0, 8.0, 21.0, 9.0]]),
        (ETH, [[21.0, 8.0]]),
    ]


def test_day_on_which_the_instrument_has_no_rows_is_told_from_one_that_is_not_loaded(asked):
    plan = plan_read(shelf_of(asked, ETH), [ETH], TimeRange.parse("2024-08-08", "2024-08-11"))
    assert [str(gap) for gap in plan.missing] == ["2024-08-10 (nothing stored)", f"2024-08-09 {ETH} (not among the day's instruments)"]
    assert asked.questions == {"counts": 1, "days": 1}


def test_instrument_that_is_on_none_of_the_days_is_refused_with_near_names(asked):
    with pytest.raises(QueryError, match="'BINANCE:PERP:SOL-USDT' is not known; did you mean BINANCE:PERP:"):
        plan_read(shelf_of(asked, SOL), [SOL], SPAN)
    assert asked.questions == {"counts": 2, "days": 1}


@pytest.mark.parametrize("ids", [BTC, [ETH, BTC], [BTC, ETH]])
@pytest.mark.parametrize("span", [("2024-08-08", "2024-08-10"), ("2024-08-08T12:00", "2024-08-09T12:00"), ("2024-08-08", "2024-08-08")])
@pytest.mark.parametrize("columns", [None, ["close"], ["close", "timestamp"]])
def test_warehouse_gives_what_the_lake_gives(root, ids, span, columns):
    market_data = MarketData(root=root)
    lake, warehouse = (
        market_data.candles(ids, "1h", *span, columns, missing="skip", source=source, as_="arrow") for source in ("lake", "warehouse")
    )
    assert warehouse.to_pydict() == lake.to_pydict()
    assert (warehouse.schema.names, warehouse.schema.types) == (lake.schema.names, lake.schema.types)


def test_gaps_of_the_warehouse_are_refused_or_skipped(root):
    market_data = MarketData(root=root)
    with pytest.raises(QueryError, match="lacks 2024-08-09 BINANCE:PERP:ETH-USDT"):
        market_data.candles([BTC, ETH], "1h", "2024-08-08", "2024-08-10", source="warehouse")
    with pytest.raises(PartitionMissing, match="missing are 2024-08-10"):
        market_data.candles(BTC, "1h", "2024-08-08", "2024-08-11", source="warehouse")
    frame = market_data.candles([ETH, BTC], "1h", "2024-08-08", "2024-08-11", "close", source="warehouse", missing="skip")
    assert list(frame["instrument_id"]) == [str(ETH)] * 2 + [str(BTC)] * 4


def test_filling_reads_the_warehouse_from_the_start_of_the_day_too(root):
    market_data = MarketData(root=root)
    frames = [
        market_data.candles(BTC, "1h", "2024-08-08T12:00", "2024-08-09", "close", fill="ffill", source=source)
        for source in ("lake", "warehouse")
    ]
    assert frames[0].equals(frames[1])


def test_sql_over_the_embedded_warehouse_takes_named_values(root):
    market_data = MarketData(root=root)
    sql = "SELECT close FROM market_data_analytics.candles_1h WHERE instrument_id = @id AND timestamp >= @start ORDER BY timestamp"
    values = {"id": str(BTC), "start": dt.datetime(2024, 8, 9, tzinfo=dt.UTC)}
    assert market_data.sql(sql, values, as_="arrow").to_pydict() == {"close": [21.0, 9.0]}
    assert market_data.sql(sql, {**values, "id": "x' OR '1'='1"}).empty
    assert str(market_data.sql_estimate(sql, values)).endswith(", on this machine, free")


@pytest.mark.parametrize("sql", ["DROP TABLE candles_1h", "SELECT 1; SELECT 2", "SELECT * FROM 'a.parquet'", "SELECT nothing"])
def test_sql_that_is_not_one_select_over_the_tables_is_refused(root, sql):
    with pytest.raises(QueryError):
        MarketData(root=root).sql(sql)


def test_explain_of_the_warehouse_names_the_table(root):
    plan = MarketData(root=root).explain("candles_1h", BTC, "2024-08-08", "2024-08-10", ["close"], source="warehouse")
    assert [str(piece.file) for piece in plan.pieces] == [f"{TABLE} {day} {BTC}  2 rows" for day in (DAY, NEXT_DAY)]
    assert str(plan.offers[0]).startswith("warehouse: dry run ")
    assert plan.offers[0].cost.dollars == 0
