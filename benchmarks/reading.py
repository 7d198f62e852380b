"""Reading through the package: what a researcher waits for. Times of one process, warm unless it says otherwise."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from benchmarks.days import DAY, INSTRUMENT, trades_of_one_day
from benchmarks.timing import best
from market_data_assets.client import MarketData
from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import DailyFrames, TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.domain.universe import Universe
from market_data_assets.settings import Settings
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store

READ_ROWS = 3_200_000


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds."""

    ticks: float
    hour: float
    candles: float
    instruments: float
    first_instruments: float
    import_package: float
    import_location: float


def measure(folder: Path) -> Reading:
    """Reads of one instrument-day of 3.2 million trades, its candles, and the day's instruments."""
    root = folder / "reading"
    _store(folder, root)
    reader = MarketData(Settings.at(root))
    name, day, minute = str(INSTRUMENT), str(DAY), Timeframe.parse("1m")
    window = (f"{day}T12:00", f"{day}T13:00")
    fresh = best(lambda: MarketData(Settings.at(root)).instruments(day), repeats=3)
    return Reading(
        ticks=best(lambda: reader.trades(name, day, f"{day}T23:59:59.999999", as_="arrow"), repeats=7),
        hour=best(lambda: reader.trades(name, *window, as_="arrow"), repeats=7),
        candles=best(lambda: reader.candles(name, minute, day, f"{day}T23:59", as_="pandas"), repeats=9),
        instruments=best(lambda: reader.instruments(day), repeats=9),
        first_instruments=fresh,
        import_package=best(lambda: _python("import market_data_assets")),
        import_location=best(lambda: _python("import market_data_assets.definitions as d; d.defs()")),
    )


def _store(folder: Path, root: Path) -> None:
    trades = pa.ipc.open_file(trades_of_one_day(folder, READ_ROWS).arrow()).read_all()
    lake = Lake(open_store(root.as_uri()))
    lake.write_day(TRADES, DailyFrames(DAY, {INSTRUMENT: lambda: TableFrame(trades)}))
    minute = Timeframe.parse("1m")
    candles = from_ticks(Feeds(trades), Contract(INSTRUMENT, inverse=False, multiplier=1.0), DAY, [minute])[minute]
    lake.write_day(CANDLES[minute], DailyFrames(DAY, {INSTRUMENT: lambda: candles}))
    lake.write_table(INSTRUMENTS, DAY, SimulatedSource(Universe()).instruments(DAY).frame())


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)
