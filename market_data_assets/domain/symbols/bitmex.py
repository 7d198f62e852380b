"""BitMEX symbols: perpetuals, futures and spot pairs."""

import re

from market_data_assets.domain.expiries import last_friday
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.symbols.quotes import QuoteAssets
from market_data_assets.domain.symbols.rules import MarketRule, Terms

VENUE = "BITMEX"

_QUOTES = QuoteAssets("USD USDT")
_FUTURE = re.compile(r"(.+?)([FGHJKMNQUVXZ][0-9]{2})")


def _parse(symbol: str) -> Terms | None:
    name, separator, suffix = symbol.partition("_")
    if separator:
        return _suffixed(name, suffix)
    if match := _FUTURE.fullmatch(symbol):
        return _future(match[1], match[2])
    pair = _QUOTES.split(symbol)
    return Terms(InstrumentType.PERP, *pair, settle=_settlement(*pair)) if pair else None


def _suffixed(name: str, suffix: str) -> Terms | None:
    """``ETHUSD_ETH`` settles in ETH; ``XBT_USDT`` is a spot pair."""
    pair = _QUOTES.split(name)
    if pair is not None and suffix == pair[0]:
        return Terms(InstrumentType.PERP, *pair, settle=suffix)
    if name.isalnum() and suffix in {"USDT", "USDC"}:
        return Terms(InstrumentType.SPOT_PAIR, name, suffix)
    return None


def _future(name: str, code: str) -> Terms | None:
    """XBTZ24 is in USD, XBTUSDTZ24 and ETHUSDZ24 name their quote; ETHZ24 does not, and was in XBT in some years: not guessed."""
    pair = ("XBT", "USD") if name == "XBT" else _QUOTES.split(name)
    if pair is None:
        return None
    # Contracts expire on the last Friday of their month, 12:00 UTC.
    return Terms(InstrumentType.FUTURE, *pair, settle=_settlement(*pair), expiry=last_friday(code))


def _settlement(base: str, quote: str) -> str | None:
    """Contracts on other coins in USD pay in bitcoin unless their symbol says otherwise: quanto."""
    return "XBT" if quote == "USD" and base != "XBT" else None


RULE = MarketRule(VENUE, _parse, "XBTUSD, ETHUSD_ETH, XBTZ24, ETHUSDZ24 or XBT_USDT", asset_names={"XBT": "BTC"})


def contract_size(instrument: InstrumentId) -> float | None:
    """Inverse contracts in bitcoin are of 1 USD, spot is in base; the lots of all others differ, so only metadata knows."""
    inverse_bitcoin = instrument.is_inverse and instrument.base == "BTC"
    return 1.0 if inverse_bitcoin or instrument.instrument_type is InstrumentType.SPOT_PAIR else None
