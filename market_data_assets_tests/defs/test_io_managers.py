from functools import partial
from pathlib import Path

import dagster as dg

from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.contract import Contract
from market_data_assets.defs.io_managers import WarehouseIOManager
from market_data_assets.defs.resources import LakeResource, WarehouseResource
from market_data_assets.domain.datasets import DailyFrames
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets_tests.defs.runs import DAY

HOUR = Timeframe.parse("1h")
DATASET = CANDLES[HOUR]
BTC, ETH = (InstrumentId.parse(f"BINANCE:SPOT_PAIR:{base}-USDT") for base in ("BTC", "ETH"))


def candles_of(*instruments: InstrumentId) -> DailyFrames:
    def load(instrument: InstrumentId):
        return from_ticks(Feeds(TRADES.schema.empty_table()), Contract(instrument, inverse=False, multiplier=1.0), DAY, [HOUR])[HOUR]

    return DailyFrames(DAY, {instrument: partial(load, instrument) for instrument in instruments})


def test_load_that_another_run_overtook_ends_with_the_later_commit(tmp_path: Path) -> None:
    storage = LakeResource(root=(tmp_path / "lake").as_uri(), workers=1)
    warehouse = WarehouseResource(root=str(tmp_path / "tables"))
    lake = storage.open()
    lake.write_day(DATASET, candles_of(BTC))
    overtaken = lake.read_day(DATASET, DAY)
    lake.write_day(DATASET, candles_of(BTC, ETH))
    table = WarehouseTable.of(DATASET)
    manager = WarehouseIOManager(lake=storage, warehouse=warehouse)
    manager.handle_output(dg.build_output_context(asset_key=dg.AssetKey(table.key)), overtaken)
    assert warehouse.open().row_count(table, DAY) == 2 * HOUR.buckets_per_day
