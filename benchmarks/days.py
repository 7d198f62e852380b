"""Inputs of the benchmarks: one busy instrument-day and a day of fifty instruments, made from the simulated markets.

Every function is deterministic and keeps what it made in a folder of the caller's, so a second run costs nothing.
"""

import datetime as dt
import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import DAY_MICROSECONDS, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, TRADES
from market_data_assets.sources.simulated.contracts import SimulatedContract, contracts
from market_data_assets.sources.simulated.recording import Recording, recordings
from market_data_assets.sources.simulated.rows import SIDES, Rows

DAY = dt.date(2024, 8, 8)
INSTRUMENT = InstrumentId.parse("BINANCE:PERP:BTC-USDT")
TRADE_ROWS = 5_000_000
BOOK_5_ROWS = 2_000_000
BOOK_25_ROWS = 1_000_000
BUSY_DAY_TRADES = 11_500_000
BUSY_DAY_INSTRUMENTS = 50

_CLOCKS = ("timestamp", "local_timestamp")
# zlib's default, as vendors use it: isal's files are 16 % larger, which would flatter every ratio to the CSV.gz.
_COMPRESSION = 6


@dataclass(frozen=True, slots=True)
class TicksOfOneDay:
    """About ``rows`` rows of one data type of INSTRUMENT on DAY.

    Attributes:
        dataset: Trades, or book snapshots of any number of levels.
        folder: Where files are kept.
    """

    dataset: Dataset
    rows: int
    folder: Path

    def arrow(self) -> Path:
        """An uncompressed Arrow file in the raw layout, one batch per block of four hours, sorted by exchange time."""
        return _kept(self.folder / f"{self.dataset.name}-{self.rows}.arrow", lambda path: _write_arrow(path, self.dataset, self._blocks()))

    def csv(self) -> Path:
        """A Tardis CSV.gz in the vendor's folder layout, in arrival order."""
        path = self.folder / f"{self.rows}" / "v1" / "binance-futures" / self.dataset.name / f"{DAY:%Y/%m/%d}" / "BTCUSDT.csv.gz"
        return _kept(path, lambda partial: _write_csv(partial, self._blocks()))

    def _blocks(self) -> Iterator[Rows]:
        contract = next(each for each in contracts(DAY) if (each.market.exchange, each.symbol) == ("binance-futures", "BTCUSDT"))
        per_day = contract.market.trades if self.dataset == TRADES else _book_rows_per_day(contract)
        yield from _day_of(self.dataset, contract, DAY, self.rows / per_day)


def trades_of_one_day(folder: Path, rows: int = TRADE_ROWS) -> TicksOfOneDay:
    """Trades of one instrument-day; 5 million by default."""
    return TicksOfOneDay(TRADES, rows, folder)


def books_of_one_day(folder: Path, levels: int = 5, rows: int | None = None) -> TicksOfOneDay:
    """Book rows of one instrument-day; by default 2 million of 5 levels, 1 million of any other number."""
    return TicksOfOneDay(book_dataset(levels), rows or (BOOK_5_ROWS if levels == 5 else BOOK_25_ROWS), folder)


def busy_day(folder: Path, trades: int = BUSY_DAY_TRADES, instruments: int = BUSY_DAY_INSTRUMENTS) -> dict[InstrumentId, Path]:
    """Arrow files of the trades of many instruments on DAY, unequally active: the first has most, the last a fraction."""
    shares = [1 / (rank + 4) for rank in range(instruments)]
    files = {}
    for rank, share in enumerate(shares):
        instrument = InstrumentId.parse(f"BINANCE:PERP:COIN{rank:02}-USDT")
        contract = _perpetuals()[rank % len(_perpetuals())]
        rows = trades * share / sum(shares)
        path = folder / f"busy-{trades}-{instruments}" / f"{instrument}.arrow"
        files[instrument] = _kept(path, _writer_of_earlier_day(contract, 1 + rank, rows / contract.market.trades))
    return files


def book_dataset(levels: int) -> Dataset:
    """The raw dataset of book snapshots with ``levels`` levels."""
    levels_type = pa.list_(pa.float64(), levels)
    columns = {name: column if name in _CLOCKS else replace(column, type=levels_type) for name, column in BOOK_SNAPSHOT_5.columns.items()}
    name = f"book_snapshot_{levels}"
    # As many numbers in a row group as with five levels.
    rows = BOOK_SNAPSHOT_5.row_group_rows * 5 // levels
    return replace(BOOK_SNAPSHOT_5, name=name, partition=f"data_type-{name}", columns=columns, row_group_rows=rows)


def _perpetuals() -> list[SimulatedContract]:
    return [contract for contract in contracts(DAY) if contract.expires is None]


def _book_rows_per_day(contract: SimulatedContract) -> float:
    # Orders make 1.4 trades in the mean, and each leaves a row; so does each quote of its own.
    return contract.market.updates + contract.market.trades / 1.4


def _writer_of_earlier_day(contract: SimulatedContract, days: int, scale: float) -> Callable[[Path], None]:
    """Writes the market's trades of some days before DAY as if they were of DAY: as many distinct days as are wanted."""
    shift = days * DAY_MICROSECONDS

    def write(path: Path) -> None:
        blocks = _day_of(TRADES, contract, DAY - dt.timedelta(days=days), scale)
        moved = (rows.replace(timestamp=rows.timestamp + shift, local_timestamp=rows.local_timestamp + shift) for rows in blocks)
        _write_arrow(path, TRADES, moved)

    return write


def _day_of(dataset: Dataset, contract: SimulatedContract, day: dt.date, scale: float) -> Iterator[Rows]:
    """The exchange's day in six blocks, so that memory stays at a sixth of it."""
    for recording in recordings(contract, day, scale):
        if recording.span.start >= day_start(day):
            yield _record(dataset, recording).in_raw_order()


def _record(dataset: Dataset, recording: Recording) -> Rows:
    return recording.trades() if dataset == TRADES else recording.book(dataset.schema.field("ask_prices").type.list_size)


def _write_arrow(path: Path, dataset: Dataset, blocks: Iterable[Rows]) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, dataset.schema) as writer:
        for rows in blocks:
            writer.write_table(rows.arrow(dataset))


def _write_csv(path: Path, blocks: Iterable[Rows]) -> None:
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    with gzip.open(path, "wb", compresslevel=_COMPRESSION) as sink:
        for number, rows in enumerate(blocks):
            table = _flat(rows.take(np.argsort(rows.local_timestamp, kind="stable")))
            if number == 0:
                sink.write((",".join(table.column_names) + "\n").encode())
            for batch in table.to_batches(max_chunksize=131_072):
                buffer = pa.BufferOutputStream()
                pa.csv.write_csv(batch, buffer, options)
                sink.write(buffer.getvalue())


def _flat(rows: Rows) -> pa.Table:
    """The vendor's columns: times as integers, the book one column per level and side, empty where a level is missing."""
    columns: dict[str, Any] = {"exchange": ["binance-futures"] * len(rows), "symbol": ["BTCUSDT"] * len(rows)}
    for name in ("timestamp", "local_timestamp", "id", "price", "amount"):
        if name in rows.columns:
            columns[name] = rows[name]
    if "side" in rows.columns:
        columns["side"] = pa.array(SIDES).take(pa.array(rows["side"], pa.int8()))
        return pa.table(columns).select(["exchange", "symbol", "timestamp", "local_timestamp", "id", "side", "price", "amount"])
    for level in range(rows["ask_prices"].shape[1]):
        for side in ("ask", "bid"):
            for kind in ("price", "amount"):
                columns[f"{side}s[{level}].{kind}"] = pa.array(rows[f"{side}_{kind}s"][:, level], from_pandas=True)
    return pa.table(columns)


def _kept(path: Path, write: Callable[[Path], None]) -> Path:
    """``path``, written first if it is not there; a file that is there is whole."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        write(partial)
        partial.rename(path)
    return path
