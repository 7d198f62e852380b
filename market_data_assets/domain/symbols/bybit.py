"""Bybit symbols: perpetuals and futures, spot pairs, and options."""

import re

from market_data_assets.domain.expiries import day_month_year, last_friday
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.symbols.quotes import QuoteAssets
from market_data_assets.domain.symbols.rules import MarketRule, Terms, option

VENUE = "BYBIT"

_CONTRACT_QUOTES = QuoteAssets("USDT USD")
_SPOT_QUOTES = QuoteAssets("USDT USDC USDE USD1 USDQ USDR BTC ETH DAI EUR BRL BRZ PLN TRY MNT")
_MONTH_CODE = re.compile(r"(.+?)USD([FGHJKMNQUVXZ][0-9]{2})")


def _contract(symbol: str) -> Terms | None:
    name, separator, delivery = symbol.partition("-")
    if separator:
        return _dated(name, delivery)
    if match := _MONTH_CODE.fullmatch(symbol):
        # Inverse quarterly contracts expire on the last Friday of their month, 08:00 UTC.
        return Terms(InstrumentType.FUTURE, match[1], "USD", expiry=last_friday(match[2])) if match[1].isalnum() else None
    if pair := _CONTRACT_QUOTES.split(name):
        return Terms(InstrumentType.PERP, *pair)
    # Perpetuals in USDC do not name their quote: BTCPERP.
    base = name.removesuffix("PERP")
    return Terms(InstrumentType.PERP, base, "USDC") if base != name and base.isalnum() else None


def _dated(name: str, delivery: str) -> Terms | None:
    expiry = day_month_year(delivery)
    if expiry is None or not name.isalnum():
        return None
    # BTCUSDT-29NOV24 names its quote, BTC-29NOV24 is in USDC.
    base, quote = _CONTRACT_QUOTES.split(name) or (name, "USDC")
    return Terms(InstrumentType.FUTURE, base, quote, expiry=expiry)


def _spot(symbol: str) -> Terms | None:
    pair = _SPOT_QUOTES.split(symbol)
    return Terms(InstrumentType.SPOT_PAIR, *pair) if pair else None


def _option(symbol: str) -> Terms | None:
    base, *rest = symbol.split("-")
    # The suffix says USDT; without one the option is in USDC.
    if len(rest) == 4 and rest[3] == "USDT":
        quote = "USDT"
    elif len(rest) == 3:
        quote = "USDC"
    else:
        return None
    return option(base, quote, day_month_year(rest[0]), strike=rest[1], letter=rest[2]) if base.isalnum() else None


CONTRACTS = MarketRule(VENUE, _contract, "BTCUSDT, BTCPERP, BTCUSD, BTCUSDH25, BTC-29NOV24 or BTCUSDT-29NOV24")
SPOT = MarketRule(VENUE, _spot, "BASE and QUOTE joined, such as BTCUSDT, with a known quote asset")
OPTIONS = MarketRule(VENUE, _option, "BTC-27MAR26-70000-P-USDT or ETH-28FEB25-2800-C")
