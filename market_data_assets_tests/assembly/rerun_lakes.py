"""A lake of ticks and the candles that are made from them again and again; it tells whose ticks were read for it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

import pyarrow as pa

from market_data_assets.assembly.feeds import DayFeeds
from market_data_assets.assembly.timeframe_days import Contracts, timeframe_days
from market_data_assets.assembly.up_to_date import WHOLE_DAY, Wanted
from market_data_assets.compute.candles import from_ticks
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.datasets import DailyFrames, Dataset, TableFrame, Unchanged
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import (
    BOOK_SNAPSHOT_5,
    DERIVATIVE_TICKER,
    INSTRUMENTS,
    LIQUIDATIONS,
    OPTIONS_CHAIN,
    TRADES,
)
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import PartitionIncomplete, PartitionMissing
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.base import Content
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.faults.stores import Wrapped
from market_data_assets_tests.storage.days import BTC, DAY, ETH, SOL, frame, frames

HOUR, FOUR_HOURS = map(Timeframe.parse, ("1h", "4h"))
TABLES = {HOUR: CANDLES[HOUR], FOUR_HOURS: CANDLES[FOUR_HOURS]}
MINUTE = 60_000_000
LISTED = (BTC, ETH, SOL)


class WatchedStore(Wrapped):
    """Remembers which files of ticks were read, and every name that was put."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.ticks: set[str] = set()
        self.puts: list[str] = []

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        if name.startswith("raw_tick_data/") and name.endswith(".parquet"):
            self.ticks.add(name.rpartition("/")[2].removesuffix(".parquet"))
        return super().get(name, start=start, end=end, generation=generation)

    def put(self, name, data, *, if_generation, crc32c=None):
        self.puts.append(name)
        return super().put(name, data, if_generation=if_generation, crc32c=crc32c)


class RerunLake:
    """Instruments and trades as a test wants them, and candles of ``DAY`` in two timeframes."""

    def __init__(self) -> None:
        self.store = WatchedStore()
        self.lake = Lake(self.store, workers=1)
        self.list_instruments({})

    def list_instruments(self, multipliers: Mapping[InstrumentId, float], day: dt.date = DAY) -> None:
        """The instruments of a day; the contract size of those that are not named is 1."""
        rows = [Instrument(each, each.base, "test", ("trades",), contract_multiplier=multipliers.get(each, 1.0)).row() for each in LISTED]
        self.lake.write_table(INSTRUMENTS, day, TableFrame(pa.Table.from_pylist(rows, schema=INSTRUMENTS.schema)))

    def trade(self, times: Mapping[InstrumentId, Sequence[int] | Exception], day: dt.date = DAY, *, partial: bool = False) -> None:
        """The trades of a vendor's day, by their times in µs UTC; an error in their place."""
        found = {each: some if isinstance(some, Exception) else frame(some) for each, some in times.items()}
        with suppress(PartitionIncomplete):
            self.lake.write_day(TRADES, frames(found, day), partial=partial)

    def make(self, wanted: Wanted = WHOLE_DAY, tables: Mapping[Timeframe, Dataset] = TABLES) -> set[str]:
        """Make the candles as the asset does; whose ticks were read for it."""
        self.store.ticks.clear()
        self.store.puts.clear()
        trades, *others = (self._ticks(each) for each in (TRADES, BOOK_SNAPSHOT_5, DERIVATIVE_TICKER, LIQUIDATIONS, OPTIONS_CHAIN))
        contracts = Contracts("candles", DAY, self.lake.read_table(INSTRUMENTS, DAY))
        feeds = DayFeeds(trades, *others, partial(self.lake.read_exchange_shard, OPTIONS_CHAIN, DAY))
        listing = {f"{INSTRUMENTS}/{DAY}": self.lake.manifest(INSTRUMENTS, DAY).content.content_hash}
        whole = feeds.candle_day()
        day = DailyFrames(DAY, whole.loaders, whole.absent, whole.finality, {**whole.inputs, **listing})

        def compute(instrument, found, timeframes):
            return from_ticks(feeds.of(instrument, found.read()), contracts.of(instrument), DAY, timeframes)

        sources = contracts.with_ticks(feeds.sources)
        with timeframe_days(self.lake, tables, day, compute=compute, sources=sources, wanted=wanted) as days:
            self.unchanged = all(isinstance(found, Unchanged) for found in days.values())
            for timeframe, found in days.items():
                if isinstance(found, DailyFrames):
                    self._write(tables[timeframe], found)
        return set(self.store.ticks)

    def digests(self, table: Dataset = TABLES[HOUR]) -> Mapping[str | None, str]:
        """What is stored of each instrument."""
        return {entry.instrument_id: entry.sha256 for entry in self.lake.manifest(table, DAY).content.files}

    def content(self) -> Sequence[str]:
        """Identity of the candles, of both timeframes."""
        return [self.lake.manifest(table, DAY).content.content_hash for table in TABLES.values()]

    def _write(self, table: Dataset, found: DailyFrames) -> None:
        with suppress(PartitionIncomplete):
            self.lake.write_day(table, found, partial=found.partial, code_version=table.code_version)

    def _ticks(self, dataset: Dataset) -> DailyFrames:
        try:
            return self.lake.read_exchange_day(dataset, DAY)
        except PartitionMissing:
            return DailyFrames(DAY, {})
