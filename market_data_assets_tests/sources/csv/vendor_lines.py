"""One good line of each Tardis data type, and the same with some cells changed."""

from collections.abc import Mapping

from market_data_assets.domain.schemas import RAW
from market_data_assets.sources.csv.frame import CsvFrame
from market_data_assets_tests.sources.csv.frames import SECOND, START, frame_of

HOUR = 3_600
EXECUTION = {"id": "1", "side": "buy", "price": "100.5", "amount": "2"}


def book(levels: int) -> dict[str, str]:
    cells = {}
    for level in range(levels):
        cells |= {f"asks[{level}].price": str(101 + level), f"asks[{level}].amount": str(1 + level)}
        cells |= {f"bids[{level}].price": str(99 - level), f"bids[{level}].amount": str(11 + level)}
    return cells


CELLS: Mapping[str, Mapping[str, str]] = {
    "trades": EXECUTION,
    "book_snapshot_5": book(5),
    "book_snapshot_25": book(25),
    "derivative_ticker": {
        "funding_timestamp": str(START + 8 * HOUR * SECOND),
        "funding_rate": "-0.0001",
        "predicted_funding_rate": "0.00012",
        "open_interest": "26286.181",
        "last_price": "8290.5",
        "index_price": "8291.2",
        "mark_price": "8291.35",
    },
    "liquidations": EXECUTION,
    "options_chain": {
        "type": "put",
        "strike_price": "9875",
        "expiration": str(START + 32 * HOUR * SECOND),
        "open_interest": "0.1",
        "last_price": "0.0295",
        "bid_price": "0.0205",
        "bid_amount": "15.1",
        "bid_iv": "55.91",
        "ask_price": "0.0235",
        "ask_amount": "15.2",
        "ask_iv": "68.94",
        "mark_price": "0.02210436",
        "mark_iv": "62.89",
        "underlying_index": "SYN.BTC-9JUN20",
        "underlying_price": "9756.36",
        "delta": "-0.61752",
        "gamma": "0.00103",
        "vega": "2.24964",
        "theta": "-53.05655",
        "rho": "-0.22796",
    },
}
"""The columns after exchange, symbol, timestamp and local_timestamp, in the vendor's order."""
DATASETS = {dataset.name: dataset for dataset in RAW}
ROW = ("exchange", "symbol", "timestamp", "local_timestamp")


def columns(data_type: str) -> list[str]:
    return [*ROW, *CELLS[data_type]]


def header(data_type: str) -> str:
    return ",".join(columns(data_type))


def line(data_type: str, second: float = 0, /, symbol: str = "BTCUSDT", exchange: str = "binance", **changed: str) -> str:
    time = START + round(second * SECOND)
    cells = {"exchange": exchange, "symbol": symbol, "timestamp": str(time), "local_timestamp": str(time + 5), **CELLS[data_type]}
    unknown = set(changed) - set(cells)
    assert not unknown, unknown
    return ",".join((cells | changed).values())


def text_of(data_type: str, *lines: str) -> str:
    return "".join(f"{line}\n" for line in (header(data_type), *lines))


def frame(data_type: str, *lines: str) -> CsvFrame:
    return frame_of(text_of(data_type, *lines), dataset=DATASETS[data_type])
