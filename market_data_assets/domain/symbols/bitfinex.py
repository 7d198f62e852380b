"""Bitfinex symbols: spot pairs and perpetuals."""

from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.symbols.pairs import split_separated
from market_data_assets.domain.symbols.quotes import QuoteAssets
from market_data_assets.domain.symbols.rules import MarketRule, Terms

VENUE = "BITFINEX"

# The venue's own codes where they differ from the common ones. UST is Tether.
_ASSET_NAMES = {
    "ALG": "ALGO",
    "ATO": "ATOM",
    "DSH": "DASH",
    "EUT": "EURT",
    "IOT": "IOTA",
    "MNA": "MANA",
    "QTM": "QTUM",
    "TSD": "TUSD",
    "UDC": "USDC",
    "UST": "USDT",
}
_SPOT_QUOTES = QuoteAssets("USD UST EUR GBP JPY BTC ETH EOS TRY MIM XCH EUT UDC")
_PERPETUAL = "F0"


def _spot(symbol: str) -> Terms | None:
    # Without a separator both names have three letters; longer ones are written DUSK:USD.
    pair = split_separated(symbol) or (_SPOT_QUOTES.split(symbol) if len(symbol) == 6 else None)
    return Terms(InstrumentType.SPOT_PAIR, *pair) if pair else None


def _contract(symbol: str) -> Terms | None:
    pair = split_separated(symbol)
    if pair is None or not all(side.endswith(_PERPETUAL) and side != _PERPETUAL for side in pair):
        return None
    base, quote = (side.removesuffix(_PERPETUAL) for side in pair)
    return Terms(InstrumentType.PERP, base, quote)


SPOT = MarketRule(VENUE, _spot, "BTCUST or DUSK:USD, or DUSK-USD as datasets are named", _ASSET_NAMES)
CONTRACTS = MarketRule(VENUE, _contract, "BTCF0:USTF0, or BTCF0-USTF0 as datasets are named", _ASSET_NAMES)
