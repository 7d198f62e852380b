"""Coinbase symbols: spot pairs."""

from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.symbols.pairs import split_separated
from market_data_assets.domain.symbols.rules import MarketRule, Terms

VENUE = "COINBASE"


def _parse(symbol: str) -> Terms | None:
    pair = split_separated(symbol)
    return Terms(InstrumentType.SPOT_PAIR, *pair) if pair else None


RULE = MarketRule(VENUE, _parse, "BASE-QUOTE, such as BTC-USD")
