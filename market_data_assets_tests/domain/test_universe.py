import pytest

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import RAW
from market_data_assets.domain.universe import Universe, id_pattern
from market_data_assets.domain.venues import VENUES
from market_data_assets.errors import SettingsError

PERP = InstrumentId.parse("BINANCE:PERP:BTC-USDT")


def _exchanges(*venues: str) -> list[str]:
    return [market.exchange for market in Universe(venues).markets()]


def test_an_empty_universe_is_everything() -> None:
    assert Universe().markets() == tuple(market for venue in VENUES for market in venue.markets)
    assert Universe().includes(PERP)


def test_a_venue_is_all_its_parts_and_an_exchange_name_is_one() -> None:
    assert _exchanges("Binance") == ["binance", "binance-futures", "binance-delivery"]
    assert _exchanges("binance-futures") == ["binance-futures"]


def test_markets_come_once_and_in_the_order_of_the_records() -> None:
    assert _exchanges("okex-swap", "BINANCE", "binance-futures", "OKEX-SWAP") == [
        "binance",
        "binance-futures",
        "binance-delivery",
        "okex-swap",
    ]


def test_an_unknown_venue_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(SettingsError, match=r"'mtgox'.*BINANCE.*binance-futures.*DERIBIT"):
        Universe(("mtgox",)).markets()


@pytest.mark.parametrize(
    ("pattern", "included"),
    [
        ("BINANCE:PERP:*-USDT", True),
        ("binance:perp:btc-usdt", True),
        ("binance-futures:swap:btc-*", True),
        ("*:PERP:BTC-*", True),
        ("*:*:*", True),
        ("BINANCE:SPOT:*", False),
        ("BINANCE:PERP:BTC-USD", False),
        ("BINANCE:PERP:*-USD", False),
        ("OKX:PERP:BTC-USDT", False),
    ],
)
def test_patterns_match_whole_ids_in_any_case_and_with_aliases(pattern: str, *, included: bool) -> None:
    assert Universe(patterns=(pattern,)).includes(PERP) is included


def test_one_matching_pattern_of_several_is_enough() -> None:
    assert Universe(patterns=("OKX:*:*", "BINANCE:*:*")).includes(PERP)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("okex-swap:swap:btc-usdt", "OKX:PERP:BTC-USDT"),
        ("deribit:options:btc-usd-241227-100000-c", "DERIBIT:OPTION:BTC-USD-100000-241227-CALL"),
        ("okex:spot:*", "OKX:SPOT_PAIR:*"),
        ("*:futures:btc-*", "*:FUTURE:BTC-*"),
        ("bybit:*:?tc-usdt", "BYBIT:*:?TC-USDT"),
    ],
)
def test_a_pattern_is_brought_to_canonical_spelling_and_stays_there(text: str, canonical: str) -> None:
    assert id_pattern(text) == canonical
    assert id_pattern(canonical) == canonical


NEVER_MATCHING = ["", "BTCUSDT", "BTC*", "BINANCE:PERP", "BINANCE:*", "BINANCE:SWOP:*", "MTGOX:PERP:*", "MTGOX:PERP:BTC-USD", "BINANCE::*"]


@pytest.mark.parametrize("text", NEVER_MATCHING)
def test_a_pattern_that_could_never_match_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        Universe(patterns=(text,))


def test_data_types_are_chosen_in_the_order_of_the_instrument_and_none_means_all() -> None:
    listed = ("trades", "quotes", "book_snapshot_5", "liquidations")
    assert Universe().choose(listed) == listed
    assert Universe(data_types=("liquidations", "trades", "options_chain")).choose(listed) == ("trades", "liquidations")


@pytest.mark.parametrize("name", ["trade", "TRADES", "quotes", "candles_1m", ""])
def test_a_data_type_that_is_no_raw_table_is_refused_and_the_known_ones_are_listed(name: str) -> None:
    with pytest.raises(SettingsError) as error:
        Universe(data_types=("trades", name))
    assert repr(name) in str(error.value)
    assert all(dataset.name in str(error.value) for dataset in RAW)
