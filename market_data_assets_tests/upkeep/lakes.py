"""A small lake with every kind of partition, and what a person or a killed writer can do to it."""

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.registry import MFT_FEATURES
from market_data_assets.domain.datasets import DailyFrames, Dataset, Finality, Quarantined
from market_data_assets.domain.schemas import INSTRUMENTS, OPTIONS_CHAIN, TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.warehouse.base import Warehouse, WarehouseTable
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets.upkeep.findings import Finding, Kind
from market_data_assets.upkeep.fsck import Options, Report, fsck
from market_data_assets.upkeep.scope import Scope
from market_data_assets_tests.client.lakes import buckets, write_chain, write_instruments
from market_data_assets_tests.storage.by_hand import put_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, START, frame, frames

CANDLES_1M = CANDLES[Timeframe.parse("1m")]
FEATURES_1M = MFT_FEATURES[Timeframe.parse("1m")]
TABLE = WarehouseTable.of(CANDLES_1M)
EVERYTHING = Scope()
NOW = dt.datetime.now(dt.UTC)
LATER = NOW + dt.timedelta(hours=49)
OPTION = "DERIBIT:OPTION:BTC-USD-60000-240927-CALL"
PUT = "DERIBIT:OPTION:BTC-USD-60000-240927-PUT"


def fill(lake: Lake) -> None:
    """Instruments, trades with a former version and rows set aside, a shard of options, and candles made from the trades."""
    write_instruments(lake, DAY, {str(BTC): "binance-futures", str(ETH): "binance-futures"})
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    write_trades(lake)
    write_chain(lake, DAY, {OPTION: [("2024-08-08T00:00", 0.1)], PUT: [("2024-08-08T00:00", 0.2), ("2024-08-08T00:01", 0.3)]})
    write_candles(lake, DAY)


def write_trades(lake: Lake) -> None:
    """The trades as they are in the end, of which some rows were set aside."""
    refused = Quarantined("bad_price", 1, pa.table({"price": [-1.0], "reason": ["bad_price"]}))
    lake.write_day(TRADES, frames({BTC: frame([START, START + 1], [refused]), ETH: frame([START])}))


def write_candles(lake: Lake, day: dt.date, minutes: int = 2, finality: Finality = Finality.FINAL, **about: str) -> None:
    """Candles that say they were made from what is stored of the days around theirs."""
    starts = [f"{day}T00:{minute:02}" for minute in range(minutes)]
    loaders = {instrument: lambda instrument=instrument: buckets(CANDLES_1M, instrument, starts) for instrument in (BTC, ETH)}
    ticks = [(feed, day + dt.timedelta(days=step)) for feed in (TRADES, OPTIONS_CHAIN) for step in (-1, 0, 1)]
    inputs = inputs_of(lake, [*ticks, (INSTRUMENTS, day)])
    lake.write_day(CANDLES_1M, DailyFrames(day, loaders, finality=finality, inputs=inputs), **about)


def write_features(lake: Lake, day: dt.date, candles: Sequence[dt.date]) -> None:
    """Features that say they were made from some days of candles."""
    inputs = inputs_of(lake, [*((CANDLES_1M, each) for each in candles), (INSTRUMENTS, day)])
    lake.write_day(FEATURES_1M, DailyFrames(day, {}, {BTC: "not_computed"}, inputs=inputs))


def inputs_of(lake: Lake, days: Sequence[tuple[Dataset, dt.date]]) -> dict[str, str]:
    stored = [(dataset, day) for dataset, day in days if day in lake.days(dataset)]
    return {f"{dataset}/{day}": lake.manifest(dataset, day).content.content_hash for dataset, day in stored}


def load(lake: Lake, warehouse: Warehouse, day: dt.date = DAY) -> None:
    warehouse.replace_day(TABLE, lake.committed_day(CANDLES_1M, day))


def embedded(root) -> EmbeddedWarehouse:
    warehouse = EmbeddedWarehouse(root / "warehouse", [WarehouseTable.of(dataset) for dataset in CANDLES.values()])
    warehouse.migrate()
    return warehouse


def check(
    lake: Lake, tmp_path, scope: Scope = EVERYTHING, now: dt.datetime = NOW, warehouse: Warehouse | None = None, **options: bool
) -> Report:
    """A check whose scratch folders lie in a folder of the test."""
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return fsck(lake, warehouse, scope, now=now, options=Options(**options, scratch=scratch))


def kinds(report: Report) -> list[Kind]:
    return [each.kind for each in report.findings]


def only(report: Report) -> Finding:
    [finding] = report.findings
    return finding


def damage(lake: Lake, name: str) -> None:
    """Change a byte in the middle, as a failing disk would."""
    data = bytes(lake.store.get(name).data)
    middle = len(data) // 2
    put_by_hand(lake, name, data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
