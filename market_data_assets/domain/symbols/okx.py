"""OKX symbols: spot, swaps, futures and options."""

from dataclasses import replace

from market_data_assets.domain.expiries import year_month_day
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.symbols.listing import Listing, SymbolRule
from market_data_assets.domain.symbols.rules import MarketRule, Terms, option

VENUE = "OKX"


def _parse(symbol: str) -> Terms | None:
    base, _, remainder = symbol.partition("-")
    quote, *rest = remainder.split("-")
    # BTC-USD_UM-SWAP is quoted in USD and linear; without the suffix a contract quoted in USD is inverse.
    settle = "USD" if quote == "USD_UM" else None
    quote = settle or quote
    if not (base.isalnum() and quote.isalnum()) or (settle and not rest):
        return None
    if not rest:
        return Terms(InstrumentType.SPOT_PAIR, base, quote)
    if rest == ["SWAP"]:
        return Terms(InstrumentType.PERP, base, quote, settle)
    return _dated(base, quote, settle, rest)


def _dated(base: str, quote: str, settle: str | None, rest: list[str]) -> Terms | None:
    expiry = year_month_day(rest[0])
    if expiry is None:
        return None
    if len(rest) == 1:
        return Terms(InstrumentType.FUTURE, base, quote, settle, expiry)
    return option(base, quote, expiry, strike=rest[1], letter=rest[2], settle=settle) if len(rest) == 3 else None


def _rule(kind: InstrumentType, expected: str) -> SymbolRule:
    """The rule of the part of the venue that lists only ``kind``: a pair on the swaps part is not a spot pair."""

    def parse(symbol: str) -> Terms | None:
        terms = _parse(symbol)
        return terms if terms is not None and terms.instrument_type is kind else None

    rule = MarketRule(VENUE, parse, expected)

    def identify(listing: Listing) -> InstrumentId:
        # USD_UM contracts settle in USD or a stablecoin at par. The venue's metadata has called that USDT, USD and
        # USDⓈ over the years, and one contract must not have three ids, so there the symbol decides.
        united_margin = listing.symbol.strip().upper().split("-")[1:2] == ["USD_UM"]
        return rule(replace(listing, quote=None, settle=None, inverse=None) if united_margin else listing)

    return identify


SPOT = _rule(InstrumentType.SPOT_PAIR, "BASE-QUOTE, such as BTC-USDT")
SWAPS = _rule(InstrumentType.PERP, "BTC-USDT-SWAP, BTC-USD-SWAP or BTC-USD_UM-SWAP")
FUTURES = _rule(InstrumentType.FUTURE, "BTC-USD-241227")
OPTIONS = _rule(InstrumentType.OPTION, "BTC-USD-241227-100000-C")


def contract_size(instrument: InstrumentId) -> float | None:
    """Spot amounts are in base. Contracts differ in size by instrument and over the years (ctVal × ctMult), so only metadata knows."""
    return 1.0 if instrument.instrument_type is InstrumentType.SPOT_PAIR else None
