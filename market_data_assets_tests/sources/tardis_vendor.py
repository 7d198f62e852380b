"""A Tardis vendor that answers from a script, and one that is a folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.base import Secret
from market_data_assets.sources.tardis import API_URL, TardisSource
from market_data_assets_tests.faults.http_server import Answer, FaultServer
from market_data_assets_tests.sources.conftest import QUICK

NOON_OF_NEXT_WEEK = 1_723_680_000.0
PATH = "/v1/binance/trades/2024/08/08/BTCUSDT.csv.gz"
KEY = "canary-key-55aa"


class Key:
    def get_secret_value(self) -> str:
        return KEY


def exchange(*symbols: Mapping[str, Any], until: str = "2024-08-20T00:00:00.000Z") -> Answer:
    datasets = {"exportedFrom": "2019-03-30T00:00:00.000Z", "exportedUntil": until, "symbols": list(symbols)}
    return Answer(json.dumps({"id": "x", "datasets": datasets}).encode())


def symbol(name: str, kind: str = "spot", *, since: str = "2019-03-30T00:00:00.000Z", to: str | None = None) -> dict[str, Any]:
    listed = {"id": name, "type": kind, "dataTypes": ["trades", "book_snapshot_5"], "availableSince": since}
    return listed if to is None else {**listed, "availableTo": to}


def source(
    server: FaultServer,
    cache: Path,
    *,
    venues: tuple[str, ...] = ("binance-futures",),
    patterns: tuple[str, ...] = (),
    key: Secret | None = None,
    now: float = NOON_OF_NEXT_WEEK,
) -> TardisSource:
    universe = Universe(venues, patterns)
    return TardisSource(server.url, server.url, universe, cache, api_key=key, limits=QUICK, now=lambda: now, sleep=lambda _: None)


def folder_source(root: Path, cache: Path, *venues: str) -> TardisSource:
    return TardisSource(root.as_uri(), API_URL, Universe(venues), cache)


def ids(instruments: object) -> list[str]:
    return [str(instrument.instrument_id) for instrument in instruments]  # type: ignore[attr-defined]


def btc(**changes: Any) -> Instrument:
    values = {
        "native_symbol": "BTCUSDT",
        "source": "tardis",
        "data_types": ("trades",),
        "tardis_exchange": "binance",
        "tardis_symbol": "BTCUSDT",
        **changes,
    }
    return Instrument(InstrumentId.parse("BINANCE:SPOT_PAIR:BTC-USDT"), **values)
