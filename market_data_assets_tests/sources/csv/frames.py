"""Tiny vendor files as frames."""

import datetime as dt
from collections.abc import Iterator, Sequence

import pyarrow as pa

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import day_start
from market_data_assets.domain.schemas import TRADES
from market_data_assets.sources.csv.frame import CsvFile, CsvFrame
from market_data_assets.sources.csv.tables import CsvTable
from market_data_assets.sources.tardis_tables import TABLES

DAY = dt.date(2024, 8, 8)
START = day_start(DAY)
SECOND = 1_000_000
HEADER = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount"


def trade(
    second: float = 0, *, id_: object = 1, side: str = "buy", price: object = 100.5, amount: object = 2, symbol: str = "BTCUSDT"
) -> str:
    """One line of a Tardis trades file, ``second`` seconds into the day."""
    time = START + round(second * SECOND)
    return f"binance,{symbol},{time},{time + 5},{id_},{side},{price},{amount}"


def file_of(*lines: str, header: str | None = HEADER) -> str:
    return "".join(f"{line}\n" for line in ([] if header is None else [header]) + list(lines))


def frame_of(
    text: str | bytes, *, dataset: Dataset = TRADES, table: CsvTable | None = None, pieces: int = 1 << 20, window: int = 32 << 20
) -> CsvFrame:
    """The frame of a file with this content, delivered in pieces of so many bytes."""
    content = text.encode() if isinstance(text, str) else text

    def delivered() -> Iterator[bytes]:
        return (content[at : at + pieces] for at in range(0, len(content), pieces))

    file = CsvFile(
        what="Tardis trades BINANCE:SPOT_PAIR:BTC-USDT 2024-08-08",
        open=delivered,
        table=TABLES[dataset.name] if table is None else table,
        schema=dataset.schema,
        day=DAY,
        version=lambda: "test",
        same={"exchange": ("binance",), "symbol": ("BTCUSDT",)},
    )
    return CsvFrame(file, window=window)


def counts(frame: CsvFrame) -> dict[str, int]:
    return {set_aside.reason: set_aside.count for set_aside in frame.quarantined}


def values(table: pa.Table, column: str) -> Sequence[object]:
    return list(table.column(column).to_pylist())
