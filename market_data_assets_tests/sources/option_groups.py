"""A day of Deribit options in one group file, from a vendor or in a folder."""

import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import DailyFrames, Dataset
from market_data_assets.domain.schemas import OPTIONS_CHAIN
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import NotAvailableYet, NotListed, Retryable, Unusable
from market_data_assets.sources.base import fetch_day
from market_data_assets.sources.tardis import API_URL, TardisSource
from market_data_assets_tests.faults.http_server import Answer, FaultServer
from market_data_assets_tests.sources.conftest import QUICK
from market_data_assets_tests.sources.csv.frames import DAY
from market_data_assets_tests.sources.csv.vendor_lines import header, line, text_of

PATH = "v1/deribit/options_chain/2024/08/08/OPTIONS.csv.gz"
SYMBOLS = ("BTC-9AUG24-60000-C", "BTC-9AUG24-60000-P", "BTC-27DEC24-100000-C", "ETH-9AUG24-2500-P", "XRP_USDC-9AUG24-0D625-C")
IDS = (
    "DERIBIT:OPTION:BTC-USD-100000-241227-CALL",
    "DERIBIT:OPTION:BTC-USD-60000-240809-CALL",
    "DERIBIT:OPTION:BTC-USD-60000-240809-PUT",
    "DERIBIT:OPTION:ETH-USD-2500-240809-PUT",
    "DERIBIT:OPTION:XRP-USDC-0.625-240809-CALL",
)


def option(symbol: str, second: float, **cells: str) -> str:
    return line("options_chain", second, symbol=symbol, exchange="deribit", **cells)


def mixed(rows: int = 500, symbols: Sequence[str] = SYMBOLS) -> list[str]:
    """Lines of several symbols in the order of arrival, which is nearly that of time."""
    generator = random.Random(7)
    return [option(generator.choice(symbols), row + generator.random() * 5, bid_amount=str(row + 1)) for row in range(rows)]


def packed(*lines: str) -> bytes:
    return gzip.compress(text_of("options_chain", *lines).encode())


def put(root: Path, content: bytes, path: str = PATH) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def in_folder(root: Path, cache: Path, **universe: Any) -> TardisSource:
    return TardisSource(root.as_uri(), API_URL, Universe(("deribit",), **universe), cache)


def chains(source: TardisSource, dataset: Dataset = OPTIONS_CHAIN) -> DailyFrames:
    return fetch_day(source, dataset, source.instruments(DAY).instruments, DAY)


def expected(lines: Sequence[str], symbol: str) -> list[tuple[int, float]]:
    """Time and bid amount of a symbol's rows, by time, then as in the file."""
    names = header("options_chain").split(",")
    cells = [dict(zip(names, text.split(","), strict=True)) for text in lines]
    mine = [(int(row["timestamp"]), float(row["bid_amount"])) for row in cells if row["symbol"] == symbol]
    return sorted(mine, key=lambda row: row[0])


def read(table: pa.Table) -> list[tuple[int, float]]:
    times = table.column("timestamp").cast("int64").to_pylist()
    return list(zip(times, table.column("bid_amount").to_pylist(), strict=True))


def exchange(*symbols: Mapping[str, Any], members: Sequence[Mapping[str, Any]] = ()) -> Answer:
    since = {"exportedFrom": "2019-03-30T00:00:00.000Z", "exportedUntil": "2024-08-20T00:00:00.000Z"}
    return Answer(
        json.dumps({"id": "deribit", "availableSymbols": list(members), "datasets": {**since, "symbols": list(symbols)}}).encode()
    )


def listed(name: str, kind: str, *data_types: str, **times: str) -> dict[str, Any]:
    return {"id": name, "type": kind, "dataTypes": list(data_types), "availableSince": "2019-03-30T00:00:00.000Z", **times}


def member(name: str, kind: str = "option", **times: str) -> dict[str, Any]:
    return {"id": name, "type": kind, "availableSince": "2024-08-01T00:00:00.000Z", **times}


GROUP = listed("OPTIONS", "option", "trades", "options_chain")


def over_http(server: FaultServer, cache: Path, *, patterns: tuple[str, ...] = (), now: float = 1_723_680_000.0) -> TardisSource:
    return TardisSource(
        server.url, server.url, Universe(("deribit",), patterns), cache, limits=QUICK, now=lambda: now, sleep=lambda _: None
    )


def outcomes(days: DailyFrames) -> Iterator[Exception]:
    for identifier in days:
        with pytest.raises((NotListed, NotAvailableYet, Retryable, Unusable)) as caught:
            days[identifier].read()
        yield caught.value


def aside(days: DailyFrames) -> dict[str, dict[str, int]]:
    found = {}
    for identifier in days:
        frame = days[identifier]
        frame.read()
        found[str(identifier)] = {each.reason: each.count for each in frame.quarantined}
    return found
