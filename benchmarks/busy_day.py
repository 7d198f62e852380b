"""One day of fifty instruments: trades in Parquet → the seven timeframes of each, committed to a lake; ours against pandas."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from benchmarks.candles import with_pandas
from benchmarks.days import DAY, busy_day
from benchmarks.timing import best
from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import DailyFrames, Frame, TableFrame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.spill import fan_out
from market_data_assets.storage.stores import open_store

_CORES = 2


@dataclass(frozen=True, slots=True)
class BusyDay:
    """Seconds of each: ours on two cores and committed with checksums and fsync, pandas in one process into plain files."""

    trades: int
    ours: float
    pandas: float


def compare(folder: Path) -> BusyDay:
    """Both on the same fifty instruments."""
    files = busy_day(folder)
    lake = Lake(open_store((folder / "lake").as_uri()), workers=_CORES)
    tables = {instrument: pa.ipc.open_file(path).read_all() for instrument, path in files.items()}
    trades = sum(table.num_rows for table in tables.values())
    lake.write_day(TRADES, DailyFrames(DAY, {instrument: partial(TableFrame, table) for instrument, table in tables.items()}))
    raw = folder / "lake/raw_tick_data/by_date" / f"day-{DAY}" / "data_type-trades"
    del tables
    ours = best(lambda: _ours(folder), repeats=2)
    return BusyDay(trades, ours, best(lambda: _pandas([raw / f"{instrument}.parquet" for instrument in files], folder), repeats=1))


def _ours(folder: Path) -> None:
    """Read through the manifest, compute, encode, stage, commit, publish: all that a run does."""
    source = Lake(open_store((folder / "lake").as_uri()), workers=_CORES)
    with TemporaryDirectory(dir=folder) as fresh:
        lake = Lake(open_store(Path(fresh).as_uri()), workers=_CORES)
        with fan_out(source.read_exchange_day(TRADES, DAY), _candles, TIMEFRAMES) as days:
            for timeframe in TIMEFRAMES:
                lake.write_day(CANDLES[timeframe], days[timeframe])


def _candles(instrument: InstrumentId, frame: Frame) -> dict[Timeframe, Frame]:
    return dict(from_ticks(Feeds(frame.read()), Contract(instrument, inverse=False, multiplier=1.0), DAY, TIMEFRAMES))


def _pandas(files: list[Path], folder: Path) -> None:
    with TemporaryDirectory(dir=folder) as target:
        for file in files:
            with_pandas(file, Path(target))
