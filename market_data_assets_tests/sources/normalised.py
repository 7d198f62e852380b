"""Recorded exchange messages beside what Tardis makes of them, and the latter as rows of a Tardis CSV file."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.schemas import DERIVATIVE_TICKER, LIQUIDATIONS, OPTIONS_CHAIN
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.domain.venues import market_of
from market_data_assets.errors import UnknownInstrument
from market_data_assets.sources.csv.frame import CsvFile, CsvFrame
from market_data_assets.sources.tardis_tables import table_of

DATASETS = {"liquidation": LIQUIDATIONS, "derivative_ticker": DERIVATIVE_TICKER, "option_summary": OPTIONS_CHAIN}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "liquidation": {name: name for name in ("id", "side", "price", "amount")},
    "derivative_ticker": {
        "funding_timestamp": "fundingTimestamp",
        "funding_rate": "fundingRate",
        "predicted_funding_rate": "predictedFundingRate",
        "open_interest": "openInterest",
        "last_price": "lastPrice",
        "index_price": "indexPrice",
        "mark_price": "markPrice",
    },
    "option_summary": {
        "type": "optionType",
        "strike_price": "strikePrice",
        "expiration": "expirationDate",
        "open_interest": "openInterest",
        "last_price": "lastPrice",
        "bid_price": "bestBidPrice",
        "bid_amount": "bestBidAmount",
        "bid_iv": "bestBidIV",
        "ask_price": "bestAskPrice",
        "ask_amount": "bestAskAmount",
        "ask_iv": "bestAskIV",
        "mark_price": "markPrice",
        "mark_iv": "markIV",
        "underlying_index": "underlyingIndex",
        "underlying_price": "underlyingPrice",
        **{greek: greek for greek in ("delta", "gamma", "vega", "theta", "rho")},
    },
}
"""CSV column → field of the normalised message."""


@dataclass(frozen=True)
class Recorded:
    """One message of an exchange, and one of those that Tardis made of it."""

    raw: Any
    normalised: Mapping[str, Any]

    @property
    def symbol(self) -> str:
        return str(self.normalised["symbol"])

    def read(self) -> dict[str, Any]:
        """Our row of it."""
        (row,) = table(self.normalised).to_pylist()
        return dict(row)


def recorded(samples: Path, exchange: str, kind: str) -> Iterator[Recorded]:
    """The messages of a kind that an exchange's recording has, in order."""
    for text in (samples / f"tardis_mappers/{exchange}.jsonl").read_text().splitlines():
        entry = json.loads(text)
        made = entry["normalized"] if isinstance(entry["normalized"], list) else [entry["normalized"]]
        yield from (Recorded(entry["raw"], message) for message in made if message["type"] == kind and message["exchange"] == exchange)


def table(message: Mapping[str, Any]) -> pa.Table:
    """A normalised message through a CSV file of one row, whose arrival is the exchange's time (the recorder's is made up)."""
    kind, exchange, symbol = message["type"], message["exchange"], message["symbol"]
    market, dataset = market_of(exchange), DATASETS[kind]
    time = message["timestamp"]
    cells = {"exchange": exchange, "symbol": symbol, "timestamp": _cell(time), "local_timestamp": _cell(time)}
    cells |= {column: _cell(message.get(field)) for column, field in COLUMNS[kind].items()}
    content = f"{','.join(cells)}\n{','.join(cells.values())}\n".encode()
    columns = table_of(dataset.name, market, _kind(exchange, symbol))
    assert columns is not None
    file = CsvFile(
        what=f"{exchange} {symbol} {kind}",
        open=lambda: iter([content]),
        table=columns,
        schema=dataset.schema,
        day=dt.datetime.fromisoformat(time).date(),
        version=str,
        same={"exchange": (exchange,), "symbol": (symbol,)},
    )
    frame = CsvFrame(file)
    read = frame.read()
    assert frame.quarantined == ()
    return dataset.conform(read)


def _kind(exchange: str, symbol: str) -> InstrumentType:
    try:
        return market_of(exchange).rule(Listing(exchange, symbol)).instrument_type
    except UnknownInstrument:
        assert (exchange, symbol) in {("bitmex", "ETHM19"), ("bitmex", "LTCM19")}  # futures in XBT, which need metadata
        return InstrumentType.FUTURE


def _cell(value: object) -> str:
    """A value as the vendor writes it: nothing where there is none, times in microseconds."""
    if value is None:
        return ""
    if isinstance(value, str) and value.endswith("Z"):
        return str(round(dt.datetime.fromisoformat(value).timestamp() * 1_000_000))
    return str(value)
