import re

import pytest

from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.symbols.listing import GROUPS, Listing, group_of
from market_data_assets.domain.venues import VENUES, Market, find_instrument, find_markets, market_of
from market_data_assets.errors import SettingsError, UnknownInstrument

MARKETS = [market for venue in VENUES for market in venue.markets]
# One symbol of each market; a new market must be added here.
SYMBOLS = {
    "binance": "BTCUSDT",
    "binance-futures": "BTCUSDT",
    "binance-delivery": "BTCUSD_PERP",
    "deribit": "BTC-PERPETUAL",
    "okex": "BTC-USDT",
    "okex-swap": "BTC-USDT-SWAP",
    "okex-futures": "BTC-USD-241227",
    "okex-options": "BTC-USD-241227-100000-C",
    "bybit": "BTCUSDT",
    "bybit-spot": "BTCUSDT",
    "bybit-options": "BTC-27MAR26-70000-P-USDT",
    "bitmex": "XBTUSD",
    "coinbase": "BTC-USD",
    "kraken": "XBT/USD",
    "cryptofacilities": "PI_XBTUSD",
    "bitfinex": "BTCUST",
    "bitfinex-derivatives": "BTCF0:USTF0",
    "upbit": "KRW-BTC",
}
ANY_MARKET = pytest.mark.parametrize("market", MARKETS, ids=lambda market: market.exchange)


def test_no_name_stands_for_two_venues_or_two_markets() -> None:
    exchanges = [market.exchange for market in MARKETS]
    assert len(set(exchanges)) == len(exchanges)
    names = [name.casefold() for venue in VENUES for name in (venue.name, *venue.aliases)]
    assert len(set(names)) == len(names)
    for venue in VENUES:
        foreign = {market.exchange for market in MARKETS if market.venue != venue.name}
        assert not foreign & {name.casefold() for name in (venue.name, *venue.aliases)}


@ANY_MARKET
def test_a_market_names_the_venue_of_its_record_and_its_rule_gives_ids_of_that_venue(market: Market) -> None:
    assert market in next(venue.markets for venue in VENUES if venue.name == market.venue)
    assert re.fullmatch(r"[A-Z][A-Z0-9_-]*", market.venue)
    assert market.exchange == market.exchange.casefold()
    assert market.rule(Listing(market.exchange, SYMBOLS[market.exchange])).venue == market.venue


@ANY_MARKET
def test_symbols_map_in_any_case_and_with_outer_space(market: Market) -> None:
    symbol = SYMBOLS[market.exchange]
    expected = market.rule(Listing(market.exchange, symbol))
    for spelling in (symbol.lower(), symbol.swapcase(), f" {symbol} "):
        assert market.rule(Listing(market.exchange, spelling)) == expected


@ANY_MARKET
@pytest.mark.parametrize("group", sorted(GROUPS))
def test_groups_of_instruments_are_no_instruments_anywhere(market: Market, group: str) -> None:
    with pytest.raises(UnknownInstrument, match=f"{market.exchange} symbol '{group}'.*group"):
        market.rule(Listing(market.exchange, group))


NONSENSE = ["", " ", "-", "../BTCUSDT", "BTC\0USDT", "BTC\\USDT", "BTCUSDT?x", "BTC%2FUSDT", "BTC USDT", "?", "USDT", "----", "_PERP"]


@ANY_MARKET
@pytest.mark.parametrize("symbol", NONSENSE)
def test_nonsense_is_unknown_with_venue_and_symbol_in_the_message(market: Market, symbol: str) -> None:
    with pytest.raises(UnknownInstrument) as error:
        market.rule(Listing(market.exchange, symbol))
    assert f"{market.exchange} symbol {symbol!r}: expected" in str(error.value)


@ANY_MARKET
def test_a_market_is_found_by_its_exchange_name_in_any_case(market: Market) -> None:
    assert market_of(market.exchange) is market
    assert market_of(f" {market.exchange.upper()} ") is market
    assert market in find_markets(market.exchange)


def test_a_venue_s_own_name_means_all_of_it_even_where_a_vendor_calls_a_part_so() -> None:
    assert [market.exchange for market in find_markets("binance")] == ["binance", "binance-futures", "binance-delivery"]
    assert [market.exchange for market in find_markets("OKX")] == ["okex", "okex-swap", "okex-futures", "okex-options"]
    assert [market.exchange for market in find_markets("okex")] == ["okex"]


@pytest.mark.parametrize("find", [market_of, find_markets])
def test_an_unknown_name_lists_what_is_allowed(find: object) -> None:
    with pytest.raises(SettingsError) as error:
        find("hyperliquid")  # type: ignore[operator]
    assert "hyperliquid" in str(error.value)
    assert all(market.exchange in str(error.value) for market in MARKETS)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("binance-futures:perpetual:btc-usdt", "BINANCE:PERP:BTC-USDT"),
        ("okex-swap:SWAP:BTC-USDT", "OKX:PERP:BTC-USDT"),
        ("cryptofacilities:perp:btc-usd@usd", "KRAKEN:PERP:BTC-USD@USD"),
        ("DERIBIT:OPTION:BTC-USD-100000-241227-CALL", "DERIBIT:OPTION:BTC-USD-100000-241227-CALL"),
    ],
)
def test_a_written_id_may_name_the_venue_as_vendors_do(text: str, canonical: str) -> None:
    assert find_instrument(text) == InstrumentId.parse(canonical)


def test_a_written_id_of_an_unknown_venue_is_refused() -> None:
    with pytest.raises(UnknownInstrument, match=r"MTGOX.*a known venue.*BINANCE"):
        find_instrument("MTGOX:SPOT_PAIR:BTC-USD")


@ANY_MARKET
def test_funding_has_an_interval_only_where_contracts_pay_it(market: Market) -> None:
    spot_or_option = market.exchange in {
        "binance",
        "okex",
        "okex-options",
        "bybit-spot",
        "bybit-options",
        "coinbase",
        "kraken",
        "bitfinex",
        "upbit",
    }
    assert market.funding_interval_hours in ({None} if spot_or_option else {None, 8.0})
    assert market.percent_per_volatility == (100 if market.exchange in {"okex-options", "bybit-options"} else 1)


def test_the_largest_perpetual_markets_have_a_funding_interval() -> None:
    known = {market.exchange for market in MARKETS if market.funding_interval_hours is not None}
    assert known == {"binance-futures", "binance-delivery", "deribit", "okex-swap", "bybit", "bitmex"}


def test_a_type_has_one_group_or_none() -> None:
    assert {group: group_of(kind) for group, kind in GROUPS.items()} == {group: group for group in GROUPS}
    assert [group_of(kind) for kind in (InstrumentType.COMBO, InstrumentType.INDEX)] == [None, None]
