from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets_tests.storage.warehouse.tables import DATASET, TABLE


def test_table_takes_its_name_and_visible_columns_from_the_dataset():
    assert TABLE.key == ("market_data_analytics", "candles_24h")
    assert TABLE.schema.names == ["instrument_id", "timestamp", "close", "trade_count"]
    assert "_sum" in DATASET.schema.names


def test_every_column_carries_its_description_and_unit():
    assert TABLE.schema.field("close").metadata == {b"description": b"last price [quote per base]"}
    assert TABLE.schema.field("instrument_id").metadata == {b"description": b"canonical id"}


def test_only_the_partition_and_cluster_columns_are_required():
    assert {field.name for field in TABLE.schema if not field.nullable} == {"instrument_id", "timestamp"}


def test_daily_candles_have_the_other_name_as_a_view():
    assert TABLE.views == ("candles_1d",)
    assert WarehouseTable("candles_1m", "", {}).views == ()
