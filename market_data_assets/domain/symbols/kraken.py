"""Kraken symbols: spot pairs, and the contracts of Kraken Futures, which vendors still call Crypto Facilities."""

import re

from market_data_assets.domain.expiries import year_month_day
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.symbols.pairs import split_separated
from market_data_assets.domain.symbols.quotes import QuoteAssets
from market_data_assets.domain.symbols.rules import MarketRule, Terms

VENUE = "KRAKEN"

# Old assets carry a prefix in the REST API (X crypto, Z fiat). XTZ or ZRX are no such names, so
# this is a list and not a rule.
_PREFIXED = "XETC XETH XLTC XMLN XREP XXLM XXMR XXRP XZEC ZAUD ZCAD ZEUR ZGBP ZJPY ZUSD"
_ASSET_NAMES = {
    **{name: name[1:] for name in _PREFIXED.split()},
    **dict.fromkeys(("XBT", "XXBT"), "BTC"),
    **dict.fromkeys(("XDG", "XXDG"), "DOGE"),
}
_FUTURES_QUOTES = QuoteAssets("USD EUR GBP XBT")
_FUTURES_SYMBOL = re.compile(r"(PI|PF|PV|FI|FF|FV)_([A-Z0-9]+?)(?:_([0-9]{6}))?")


def _spot(symbol: str) -> Terms | None:
    pair = split_separated(symbol)
    return Terms(InstrumentType.SPOT_PAIR, *pair) if pair else None


def _contract(symbol: str) -> Terms | None:
    """``PI_XBTUSD``, ``FF_XBTUSD_241227``: P perpetual or F dated; I inverse, F flexible (linear, settled in USD), V vanilla (linear)."""
    match = _FUTURES_SYMBOL.fullmatch(symbol)
    pair = _FUTURES_QUOTES.split(match[2]) if match else None
    if match is None or pair is None or (match[1][0] == "F") != (match[3] is not None):
        return None
    expiry = year_month_day(match[3] or "")
    if match[3] is not None and expiry is None:
        return None
    base, quote = pair
    settle = {"I": base, "F": "USD", "V": quote}[match[1][1]]
    return Terms(InstrumentType.FUTURE if expiry else InstrumentType.PERP, base, quote, settle, expiry)


SPOT = MarketRule(VENUE, _spot, "BASE/QUOTE, such as XBT/USD, or XBT-USD as datasets are named", _ASSET_NAMES)
CONTRACTS = MarketRule(VENUE, _contract, "PI_XBTUSD, PF_XBTUSD, FI_XBTUSD_241227 or FF_XBTUSD_241227", _ASSET_NAMES)


def contract_size(instrument: InstrumentId) -> float | None:
    """Inverse contracts are of 1 USD, contracts settled in USD count base; the lots of the others only metadata knows."""
    return 1.0 if instrument.quote == "USD" and not instrument.is_quanto else None
