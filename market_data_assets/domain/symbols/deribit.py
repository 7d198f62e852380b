"""Deribit symbols: perpetuals, futures, options, spot pairs and combos."""

import re

from market_data_assets.domain.expiries import day_month_year
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.symbols.rules import MarketRule, Terms, option

VENUE = "DERIBIT"

_COMBO_CODE = re.compile(r"[A-Z][A-Z0-9]*")


def _parse(symbol: str) -> Terms | None:
    name, *rest = symbol.split("-")
    base, separator, quote = name.partition("_")
    if not base.isalnum() or (separator and not quote.isalnum()):
        return None
    # An underscore names the quote: linear or spot. Without one the contract is inverse and quoted in USD.
    quote = quote or "USD"
    if not rest:
        return Terms(InstrumentType.SPOT_PAIR, base, quote) if separator else None
    if rest == ["PERPETUAL"]:
        return Terms(InstrumentType.PERP, base, quote)
    if _COMBO_CODE.fullmatch(rest[0]):
        return _combo(base, quote, rest)
    return _dated(base, quote, rest)


def _dated(base: str, quote: str, rest: list[str]) -> Terms | None:
    expiry = day_month_year(rest[0])
    if expiry is None:
        return None
    if len(rest) == 1:
        return Terms(InstrumentType.FUTURE, base, quote, expiry=expiry)
    # "d" is the decimal point: XRP_USDC-30JUN23-0d625-C.
    return option(base, quote, expiry, strike=rest[1].replace("D", "."), letter=rest[2]) if len(rest) == 3 else None


def _combo(base: str, quote: str, rest: list[str]) -> Terms | None:
    """``FS-27DEC24_PERP`` → ``FS-241227_PERP``: dates as in all other ids, the rest as the venue writes it."""
    if len(rest) == 1:
        return None
    structure = "-".join("_".join(_leg(leg) for leg in part.split("_")) for part in rest)
    return Terms(InstrumentType.COMBO, base, quote, structure=structure)


def _leg(leg: str) -> str:
    expiry = day_month_year(leg)
    return leg if expiry is None else f"{expiry:%y%m%d}"


RULE = MarketRule(VENUE, _parse, "BTC-PERPETUAL, BTC_USDC, BTC-27DEC24, BTC-27DEC24-100000-C or a combo such as BTC-FS-27DEC24_PERP")


def contract_size(instrument: InstrumentId) -> float | None:
    """Amounts are in USD for inverse perps and futures, in base for options, linear contracts and spot; mixed for combos."""
    return None if instrument.instrument_type is InstrumentType.COMBO else 1.0
