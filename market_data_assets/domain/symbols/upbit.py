"""Upbit symbols: spot pairs, quote first."""

from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.symbols.pairs import split_separated
from market_data_assets.domain.symbols.rules import MarketRule, Terms

VENUE = "UPBIT"


def _parse(symbol: str) -> Terms | None:
    pair = split_separated(symbol)
    return Terms(InstrumentType.SPOT_PAIR, base=pair[1], quote=pair[0]) if pair else None


RULE = MarketRule(VENUE, _parse, "QUOTE-BASE, such as KRW-BTC")
