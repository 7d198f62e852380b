"""What derivative tickers and liquidations add to a bucket."""

from market_data_assets.compute.candles.components.record import CandleComponent, constant, count, exact, number
from market_data_assets.compute.features import Fold

TICKER = "ticker_buckets"
LIQUIDATIONS = "liquidation_buckets"
LIQUIDATIONS_AND_INTEREST = "liquidation_interest_buckets"


def _state(name: str, unit: str, doc: str, *, public: bool = False) -> CandleComponent:
    return number(name, Fold.LAST, unit, doc, public=public, feed=TICKER)


def _volume(name: str, doc: str, feed: str = LIQUIDATIONS) -> CandleComponent:
    return exact(name, "liquidation units", doc, feed=feed)


DERIVATIVES: tuple[CandleComponent, ...] = (
    count(TICKER, "listed 15s buckets of a day that has a derivative ticker", feed=TICKER),
    _state("mark_price", "quote per base", "last mark price", public=True),
    _state("index_price", "quote per base", "last index price", public=True),
    _state("funding_rate", "share of position per funding interval", "last funding rate", public=True),
    _state("predicted_funding_rate", "share of position per funding interval", "last predicted funding rate", public=True),
    _state("funding_at", "µs UTC", "last next funding"),
    _state("funding_interval_hours", "h", "last time between two fundings", public=True),
    _state("open_interest", "base; quote for inverse contracts", "last open interest", public=True),
    number(
        "open_interest_from",
        Fold.FIRST,
        "base; quote for inverse contracts",
        "open interest before the bucket's first change; on the day's first, itself",
        feed=TICKER,
    ),
    count(LIQUIDATIONS, "listed 15s buckets of a day that has a liquidations feed", feed=LIQUIDATIONS),
    constant("liquidation_decimals", "liquidated base is in units of 10^-this", feed=LIQUIDATIONS),
    _volume("liquidation_buy_base", "base of short positions liquidated"),
    _volume("liquidation_sell_base", "base of long positions liquidated"),
    count("liquidation_count", "liquidations", public=True, feed=LIQUIDATIONS),
    count("dup_liquidations", "rows dropped because their id had been seen", public=True, feed=LIQUIDATIONS),
    count(
        LIQUIDATIONS_AND_INTEREST,
        "listed 15s buckets with a liquidations feed and a known change of open interest",
        feed=LIQUIDATIONS_AND_INTEREST,
    ),
    _volume("liquidation_rising_base", "base liquidated in 15s buckets with rising open interest", LIQUIDATIONS_AND_INTEREST),
    _volume("liquidation_falling_base", "base liquidated in 15s buckets with falling open interest", LIQUIDATIONS_AND_INTEREST),
)
