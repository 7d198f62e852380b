"""Reading from a bucket that is far away, beside fetching the whole file for pandas, which is what its own reader does."""

import io
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from benchmarks.days import DAY, INSTRUMENT, trades_of_one_day
from benchmarks.timing import best
from market_data_assets.domain.datasets import DailyFrames, TableFrame
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.schemas import TRADES
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.stores.base import Content, Head
from market_data_assets.storage.stores.memory import MemoryStore

LATENCY_SECONDS = 0.02
BYTES_PER_SECOND = 50e6
_HOUR = 3_600_000_000
_COLUMNS = ["timestamp", "price"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """Seconds for one hour and two columns of an instrument-day of trades.

    Attributes:
        pandas: Fetching the whole file, reading it with a filter.
        ours: With nothing known before but where the bucket is.
        again: By another process on the same machine.
        file_bytes, fetched_bytes: Of the file, and of what was fetched in place of it.
    """

    pandas: float
    ours: float
    again: float
    file_bytes: int
    fetched_bytes: int


class _DistantStore(MemoryStore):
    """Each request takes 20 ms and 20 ms more for a megabyte; any number of them at a time."""

    reads_in_place = False
    fetched = 0

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        found = super().get(name, start=start, end=end, generation=generation)
        self.fetched += len(found.data)
        time.sleep(LATENCY_SECONDS + len(found.data) / BYTES_PER_SECOND)
        return found

    def head(self, name: str) -> Head | None:
        time.sleep(LATENCY_SECONDS)
        return super().head(name)


def measure(folder: Path, rows: int) -> Bucket:
    """Reads of one hour of a day of ``rows`` trades."""
    store, trades = _DistantStore(), pa.ipc.open_file(trades_of_one_day(folder, rows).arrow()).read_all()
    Lake(store).write_day(TRADES, DailyFrames(DAY, {INSTRUMENT: lambda: TableFrame(trades)}))
    entry = Lake(store).manifest(TRADES, DAY).content.files[0]
    noon = TimeRange.of_day(DAY).start + 12 * _HOUR
    window = TimeRange(noon, noon + _HOUR)

    def whole() -> None:
        data = store.get(partition_prefix(TRADES, DAY) + entry.name).data
        times = [
            ("timestamp", ">=", pd.Timestamp(noon, unit="us", tz="UTC")),
            ("timestamp", "<", pd.Timestamp(noon + _HOUR, unit="us", tz="UTC")),
        ]
        pd.read_parquet(io.BytesIO(data), columns=_COLUMNS, filters=times)

    def ours(cache: RangeCache | None) -> None:
        Lake(store, cache=cache).read(TRADES, DAY, INSTRUMENT, _COLUMNS, window)

    store.fetched = 0
    first = best(lambda: ours(None), repeats=1)
    fetched = store.fetched
    with tempfile.TemporaryDirectory(dir=folder) as kept:
        cache = RangeCache(Path(kept), 1 << 30)
        ours(cache)
        return Bucket(best(whole), min(first, best(lambda: ours(None))), best(lambda: ours(cache)), entry.size, fetched)
