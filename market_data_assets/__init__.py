"""Crypto market data that a trading team can trust, one UTC day at a time: the public API.

from market_data_assets import MarketData
MarketData().candles("BINANCE:PERP:BTC-USDT", "1m", "2024-08-08", "2024-08-09")
"""

import importlib
from typing import TYPE_CHECKING, Any

from market_data_assets.errors import (
    AuthError,
    BadData,
    ConcurrentCommit,
    CorruptPartition,
    MarketDataError,
    NoData,
    NotAvailableYet,
    NotListed,
    PartitionIncomplete,
    PartitionMissing,
    QueryError,
    QuotaExhausted,
    Retryable,
    SchemaDrift,
    SettingsError,
    StorageFailed,
    TooLarge,
    UnknownInstrument,
    UnsafeName,
    UnsupportedFormat,
    Unusable,
)

if TYPE_CHECKING:
    from market_data_assets.client import MarketData
    from market_data_assets.domain.instruments import InstrumentId
    from market_data_assets.domain.timeframes import Timeframe
    from market_data_assets.settings import Settings

# Loaded when first used: the read package brings pyarrow, which alone takes 0.3 s to import.
_LAZY = {
    "InstrumentId": "market_data_assets.domain.instruments",
    "MarketData": "market_data_assets.client",
    "Settings": "market_data_assets.settings",
    "Timeframe": "market_data_assets.domain.timeframes",
}

__all__ = [
    "AuthError",
    "BadData",
    "ConcurrentCommit",
    "CorruptPartition",
    "InstrumentId",
    "MarketData",
    "MarketDataError",
    "NoData",
    "NotAvailableYet",
    "NotListed",
    "PartitionIncomplete",
    "PartitionMissing",
    "QueryError",
    "QuotaExhausted",
    "Retryable",
    "SchemaDrift",
    "Settings",
    "SettingsError",
    "StorageFailed",
    "Timeframe",
    "TooLarge",
    "UnknownInstrument",
    "UnsafeName",
    "UnsupportedFormat",
    "Unusable",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return __all__
