"""Binance symbols: spot pairs, USD-margined and coin-margined contracts."""

from market_data_assets.domain.expiries import year_month_day
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.symbols.quotes import QuoteAssets
from market_data_assets.domain.symbols.rules import MarketRule, Terms

VENUE = "BINANCE"

# The quote assets of the exchange's own list of symbols of 2021-10-12, delisted pairs included, then newer ones.
# AEUR is no such quote: ADAEUR, LUNAEUR and THETAEUR are in EUR, so its few pairs are named one by one.
_SPOT_QUOTES = QuoteAssets(
    "BTC ETH BNB USDT USDC BUSD TUSD PAX USDS USDP FDUSD DAI UST VAI EURI USDE USD1 XRP TRX DOGE DOT "
    "NGN RUB TRY EUR ZAR BKRW IDRT GBP UAH BIDR AUD BRL BVND GYEN PLN RON ARS JPY MXN COP CZK",
    exceptions=dict.fromkeys(("BTCAEUR", "ETHAEUR", "EURAEUR"), "AEUR"),
)
_USD_MARGINED_QUOTES = QuoteAssets("USDT USDC BUSD BTC")
_COIN_MARGINED_QUOTES = QuoteAssets("USD")


def _spot(symbol: str) -> Terms | None:
    pair = _SPOT_QUOTES.split(symbol)
    return Terms(InstrumentType.SPOT_PAIR, *pair) if pair else None


def _usd_margined(symbol: str) -> Terms | None:
    name, separator, delivery = symbol.partition("_")
    pair, expiry = _USD_MARGINED_QUOTES.split(name), year_month_day(delivery)
    if pair is None or (separator and expiry is None):
        return None
    return Terms(InstrumentType.FUTURE if expiry else InstrumentType.PERP, *pair, expiry=expiry)


def _coin_margined(symbol: str) -> Terms | None:
    name, _, delivery = symbol.partition("_")
    pair, expiry = _COIN_MARGINED_QUOTES.split(name), year_month_day(delivery)
    if pair is None or (expiry is None and delivery != "PERP"):
        return None
    return Terms(InstrumentType.FUTURE if expiry else InstrumentType.PERP, *pair, expiry=expiry)


SPOT = MarketRule(VENUE, _spot, "BASE and QUOTE joined, such as BTCUSDT, with a known quote asset")
USD_MARGINED = MarketRule(VENUE, _usd_margined, "BTCUSDT or BTCUSDT_241227, with a known quote asset")
COIN_MARGINED = MarketRule(VENUE, _coin_margined, "BTCUSD_PERP or BTCUSD_241227")


def coin_margined_size(instrument: InstrumentId) -> float:
    """USD per contract: 100 for BTC, 10 for every other asset (contractSize in GET /dapi/v1/exchangeInfo)."""
    return 100.0 if instrument.base == "BTC" else 10.0
