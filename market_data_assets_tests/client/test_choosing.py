import datetime as dt
from dataclasses import replace

import pytest

from market_data_assets import MarketData
from market_data_assets.client.choosing import Wanted, choose
from market_data_assets.client.costs import Price, Rates
from market_data_assets.client.lake_shelf import LakeShelf
from market_data_assets.client.warehouse_shelf import WarehouseShelf
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import AuthError, PartitionMissing, QueryError, Retryable, StorageFailed
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, buckets, lake_at, write_buckets
from market_data_assets_tests.client.warehouses import Asked, Silent
from market_data_assets_tests.faults.stores import RemoteStore

DATASET = CANDLES[Timeframe.parse("1h")]
TABLE = WarehouseTable.of(DATASET)
COLUMNS = ["timestamp", "close"]
LATER = dt.date(2024, 8, 10)
ONE_DAY, TWO_DAYS = TimeRange.parse("2024-08-08", "2024-08-09"), TimeRange.parse("2024-08-08", "2024-08-10")
DEAR_REQUESTS = replace(Rates(), request=Price(1.0, 1, "operation", "a test"))
DEAR_BYTES = replace(DEAR_REQUESTS, query=Price(1.0, 1, "byte", "a test"), query_minimum=0)


@pytest.fixture(scope="module")
def lake():
    """Candles of the same hours of two instruments on two days, in a bucket."""
    lake = Lake(RemoteStore(MemoryStore()), workers=1)
    for day in (DAY, NEXT_DAY):
        write_buckets(lake, DATASET, day, {one: buckets(DATASET, one, [f"{day}T00:00", f"{day}T01:00"]) for one in (BTC, ETH)})
    return lake


@pytest.fixture(scope="module")
def warehouse(lake, tmp_path_factory):
    """The first day of it, and one that the lake has not."""
    warehouse = EmbeddedWarehouse(tmp_path_factory.mktemp("warehouse"), [TABLE])
    warehouse.migrate()
    warehouse.replace_day(TABLE, lake.committed_day(DATASET, DAY))
    other = Lake(MemoryStore(), workers=1)
    write_buckets(other, DATASET, LATER, {BTC: buckets(DATASET, BTC, [f"{LATER}T00:00"])})
    warehouse.replace_day(TABLE, other.committed_day(DATASET, LATER))
    return warehouse


def chosen(lake, warehouse, time_range=ONE_DAY, rates=DEAR_REQUESTS, ids=(BTC,)):
    shelf, plan = choose(
        Wanted(ids, time_range, COLUMNS), LakeShelf(lake, DATASET), lambda: WarehouseShelf(warehouse, TABLE, ids, False), rates
    )
    assert plan.why.startswith("lake" if isinstance(shelf, LakeShelf) else "warehouse")
    return shelf, plan


def test_small_read_of_a_bucket_asks_the_warehouse_nothing(lake):
    shelf, plan = chosen(lake, Silent(AssertionError("the warehouse was asked")), rates=Rates())
    assert isinstance(shelf, LakeShelf)
    assert plan.why == "lake, no query of the warehouse costs less"


def test_lake_on_this_machine_is_read_without_asking_whatever_it_costs(tmp_path, lake):
    local = lake_at(tmp_path)
    write_buckets(local, DATASET, DAY, {BTC: buckets(DATASET, BTC, ["2024-08-08T00:00"])})
    shelf, plan = chosen(local, Silent(AssertionError("the warehouse was asked")))
    assert (isinstance(shelf, LakeShelf), plan.why) == (True, "lake, it is on this machine")


def test_warehouse_is_read_where_it_costs_less_with_one_question_for_the_rows(lake, warehouse):
    asked = Asked(warehouse)
    shelf, plan = chosen(lake, asked, ids=(ETH, BTC))
    assert plan.why == "warehouse, it is cheaper"
    assert [offer.source for offer in plan.offers] == ["warehouse", "lake"]
    assert asked.questions == {"estimate_read": 1, "days": 1}
    assert [str(piece.file) for piece in plan.pieces] == [f"{TABLE} {DAY} {one}  2 rows" for one in (ETH, BTC)]
    parts = shelf.read(plan.pieces, COLUMNS, ONE_DAY)
    assert asked.questions["read"] == 1
    expected = LakeShelf(lake, DATASET)
    own = expected.read(choose_pieces(lake, (ETH, BTC)), COLUMNS, ONE_DAY)
    assert [(one, table.select(COLUMNS).to_pydict()) for one, [table] in parts] == [(one, table.to_pydict()) for one, [table] in own]


def choose_pieces(lake, ids):
    return chosen(lake, Silent(Retryable("down")), ids=ids)[1].pieces


def test_lake_is_read_where_it_costs_less_than_the_dry_run_says(lake, warehouse):
    shelf, plan = chosen(lake, warehouse, rates=DEAR_BYTES)
    assert isinstance(shelf, LakeShelf)
    assert plan.why == "lake, it is cheaper"
    assert [offer.source for offer in plan.offers] == ["lake", "warehouse"]


def test_warehouse_that_lacks_a_day_is_not_read_however_cheap(lake, warehouse):
    shelf, plan = chosen(lake, warehouse, TWO_DAYS)
    assert isinstance(shelf, LakeShelf)
    assert plan.why == "lake, the warehouse lacks 1 of 2 days"


def test_lake_is_read_where_the_warehouse_would_scan_more_than_it_may(lake, warehouse):
    table = WarehouseShelf(warehouse, TABLE, [BTC], False, most_bytes=10)
    shelf, plan = choose(Wanted([BTC], ONE_DAY, COLUMNS), LakeShelf(lake, DATASET), lambda: table, DEAR_REQUESTS)
    assert isinstance(shelf, LakeShelf)
    assert plan.why == "lake, the warehouse would scan more than max_bytes_billed allows"


@pytest.mark.parametrize("error", [AuthError("no credentials"), Retryable("down"), StorageFailed("no dataset"), QueryError("too much")])
def test_lake_is_read_where_the_warehouse_cannot_be_asked(lake, error):
    shelf, plan = chosen(lake, Silent(error))
    assert isinstance(shelf, LakeShelf)
    assert plan.why == f"lake, the warehouse cannot be asked ({error})"


def test_warehouse_is_read_where_the_lake_has_nothing_of_the_range(lake, warehouse):
    shelf, plan = chosen(lake, warehouse, TimeRange.of_day(LATER), rates=Rates())
    assert plan.why == "warehouse, the lake has nothing of the range"
    assert [(piece.day, piece.file.rows) for piece in plan.pieces] == [(LATER, 1)]
    assert shelf.read(plan.pieces, COLUMNS, TimeRange.of_day(LATER))[0][1][0].num_rows == 1


def test_range_that_neither_has_is_missing_from_the_lake(lake, warehouse):
    with pytest.raises(PartitionMissing, match="processed_candles/candles_1h has nothing stored for 2024-08-20"):
        chosen(lake, warehouse, TimeRange.of_day(dt.date(2024, 8, 20)))


def test_failing_warehouse_never_reads_as_an_absent_day(lake):
    with pytest.raises(Retryable, match="down"):
        chosen(lake, Silent(Retryable("down")), TimeRange.of_day(LATER))


def test_unknown_instrument_is_refused_by_the_lake_without_asking(lake):
    with pytest.raises(QueryError, match="is not known; did you mean BINANCE:PERP:ETH-USDT"):
        chosen(lake, Silent(AssertionError("the warehouse was asked")), ids=(InstrumentId.parse("BINANCE:PERP:ETH-USD"),))


def test_auto_reads_the_warehouse_beside_a_lake_that_has_nothing_of_the_range(tmp_path):
    lake = lake_at(tmp_path)
    write_buckets(lake, DATASET, DAY, {BTC: buckets(DATASET, BTC, ["2024-08-08T00:00"], close=[7.0])})
    warehouse = EmbeddedWarehouse(tmp_path / "market_data_analytics", [TABLE])
    warehouse.migrate()
    warehouse.replace_day(TABLE, lake.committed_day(DATASET, DAY))
    for file in (tmp_path / "processed_candles").rglob("*"):
        if file.is_file():
            file.unlink()
    market_data = MarketData(root=tmp_path)
    assert list(market_data.candles(BTC, "1h", "2024-08-08", "2024-08-09", "close")["close"]) == [7.0]
    with pytest.raises(PartitionMissing):
        market_data.candles(BTC, "1h", "2024-08-08", "2024-08-09", source="lake")
    assert "chosen: warehouse, the lake has nothing of the range" in str(market_data.explain("candles_1h", BTC, "2024-08-08", "2024-08-09"))


def test_embedded_warehouse_is_not_taken_for_that_of_a_lake_elsewhere(tmp_path, monkeypatch):
    """Beside a lake in memory or in a bucket, the default folder may hold what a demo has left there."""
    monkeypatch.chdir(tmp_path)
    test_auto_reads_the_warehouse_beside_a_lake_that_has_nothing_of_the_range(tmp_path / "data")
    market_data = MarketData(root="memory://elsewhere")
    with pytest.raises(PartitionMissing):
        market_data.candles(BTC, "1h", "2024-08-08", "2024-08-09")
    assert len(market_data.candles(BTC, "1h", "2024-08-08", "2024-08-09", source="warehouse")) == 1
