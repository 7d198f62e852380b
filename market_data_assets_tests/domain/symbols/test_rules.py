import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.instruments import InstrumentId, InstrumentType, OptionType
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.domain.venues import VENUES, Market, market_of
from market_data_assets.errors import UnknownInstrument

MARKETS = [market for venue in VENUES for market in venue.markets]


def _id(exchange: str, symbol: str, **metadata: object) -> str:
    return str(market_of(exchange).rule(Listing(exchange, symbol, **metadata)))  # type: ignore[arg-type]


def test_metadata_names_assets_that_no_table_knows() -> None:
    assert _id("binance", "ABCXYZ", instrument_type=InstrumentType.SPOT_PAIR, base="ABC", quote="XYZ") == "BINANCE:SPOT_PAIR:ABC-XYZ"
    assert _id("binance", "ABCUSDT", base="AB", quote="CUSDT") == "BINANCE:SPOT_PAIR:AB-CUSDT"


def test_metadata_gives_the_expiry_of_a_month_code_that_the_symbol_leaves_open() -> None:
    metadata = {"instrument_type": InstrumentType.FUTURE, "base": "ETH", "quote": "XBT", "expiry": dt.date(2019, 6, 28)}
    assert _id("bitmex", "ETHM19", **metadata) == "BITMEX:FUTURE:ETH-BTC-190628"


def test_metadata_expiry_is_trusted_over_the_venue_s_rule() -> None:
    assert _id("bybit", "BTCUSDH25", expiry=dt.date(2025, 3, 27)) == "BYBIT:FUTURE:BTC-USD-250327"


def test_metadata_alone_is_enough_for_an_option() -> None:
    metadata = {
        "instrument_type": InstrumentType.OPTION,
        "base": "BTC",
        "quote": "USD",
        "expiry": dt.date(2024, 12, 27),
        "strike": Decimal("0.50"),
        "option_type": OptionType.PUT,
    }
    assert _id("deribit", "SOMETHING", **metadata) == "DERIBIT:OPTION:BTC-USD-0.5-241227-PUT"


@pytest.mark.parametrize("missing", ["expiry", "strike", "option_type"])
def test_a_part_that_neither_metadata_nor_symbol_gives_is_named(missing: str) -> None:
    metadata = {
        "instrument_type": InstrumentType.OPTION,
        "base": "BTC",
        "quote": "USD",
        "expiry": dt.date(2024, 12, 27),
        "strike": Decimal(1),
        "option_type": OptionType.PUT,
        missing: None,
    }
    with pytest.raises(UnknownInstrument, match=f"metadata with {missing}"):
        _id("deribit", "SOMETHING", **metadata)


def test_a_quote_that_repeats_the_base_is_the_currency_of_the_premium() -> None:
    assert _id("deribit", "BTC-27DEC24-100000-C", base="BTC", quote="BTC", inverse=True) == "DERIBIT:OPTION:BTC-USD-100000-241227-CALL"


@pytest.mark.parametrize("settle", [None, "USD", "USDT", "USDC", "USDⓈ"])
def test_united_margin_contracts_have_one_id_whatever_the_metadata_calls_their_margin(settle: str | None) -> None:
    assert _id("okex-swap", "BTC-USD_UM-SWAP", base="BTC", quote="USD_UM", settle=settle, inverse=False) == "OKX:PERP:BTC-USD@USD"


@pytest.mark.parametrize(
    ("exchange", "symbol", "metadata", "expected"),
    [
        ("bitmex", "XBTUSD", {"settle": "XBt"}, "BITMEX:PERP:BTC-USD"),
        ("bitmex", "ETHUSD", {"settle": "XBt", "inverse": False}, "BITMEX:PERP:ETH-USD@BTC"),
        ("bitmex", "SOLUSD", {"settle": "USDt"}, "BITMEX:PERP:SOL-USD@USDT"),
        ("binance-delivery", "BTCUSD_PERP", {"inverse": True}, "BINANCE:PERP:BTC-USD"),
        ("cryptofacilities", "PF_XBTUSD", {"base": "BTC", "quote": "USD", "inverse": False}, "KRAKEN:PERP:BTC-USD@USD"),
        ("deribit", "BTC-PERPETUAL", {"inverse": False}, "DERIBIT:PERP:BTC-USD@USD"),
        ("binance", "BTCUSDT", {"settle": "USDT", "inverse": False}, "BINANCE:SPOT_PAIR:BTC-USDT"),
    ],
)
def test_settlement_comes_from_metadata_then_symbol_then_the_inverse_flag(
    exchange: str, symbol: str, metadata: dict[str, object], expected: str
) -> None:
    assert _id(exchange, symbol, **metadata) == expected


def test_blank_metadata_is_no_metadata() -> None:
    assert _id("okex-swap", "BTC-USDT-SWAP", base="", quote=" ", settle="") == "OKX:PERP:BTC-USDT"


def test_a_type_that_contradicts_the_symbol_is_trusted_and_needs_its_own_parts() -> None:
    assert _id("bybit", "BTCUSDH25", instrument_type=InstrumentType.PERP) == "BYBIT:PERP:BTC-USD"
    with pytest.raises(UnknownInstrument, match="expiry"):
        _id("bybit", "BTCUSDT", instrument_type=InstrumentType.FUTURE)


@pytest.mark.parametrize("base", ["A\0B", "A\u202eB", "\ud800", "B" * 300])
def test_assets_that_fit_in_no_file_name_are_unknown_instruments(base: str) -> None:
    with pytest.raises(UnknownInstrument, match="file name"):
        _id("binance", "ABUSDT", base=base, quote="USDT")


def test_names_with_signs_are_percent_encoded() -> None:
    assert _id("kraken", "USDT.E", instrument_type=InstrumentType.SPOT_PAIR, base="USDT.e", quote="USD") == "KRAKEN:SPOT_PAIR:USDT%2EE-USD"


@given(st.sampled_from(MARKETS), st.text(max_size=30) | st.from_regex(r"[A-Z0-9_:/-]{1,24}", fullmatch=True))
def test_any_symbol_is_an_id_of_the_venue_or_unknown(market: Market, symbol: str) -> None:
    try:
        instrument = market.rule(Listing(market.exchange, symbol))
    except UnknownInstrument:
        return
    assert InstrumentId.parse(str(instrument)) == instrument
    assert instrument.venue == market.venue


METADATA = st.fixed_dictionaries(
    {
        "instrument_type": st.sampled_from(InstrumentType) | st.none(),
        "base": st.text(max_size=6) | st.none(),
        "quote": st.text(max_size=6) | st.none(),
        "settle": st.text(max_size=6) | st.none(),
        "expiry": st.dates() | st.none(),
        "strike": st.decimals() | st.none(),
        "option_type": st.sampled_from(OptionType) | st.none(),
        "inverse": st.booleans() | st.none(),
    }
)


@given(st.sampled_from(MARKETS), st.sampled_from(["BTCUSDT", "BTC-PERPETUAL", "XBT/USD", "?", "BTC-27DEC24-100000-C"]), METADATA)
def test_any_metadata_is_an_id_of_the_venue_or_unknown(market: Market, symbol: str, metadata: dict[str, object]) -> None:
    try:
        instrument = market.rule(Listing(market.exchange, symbol, **metadata))  # type: ignore[arg-type]
    except UnknownInstrument:
        return
    assert InstrumentId.parse(str(instrument)) == instrument
    assert instrument.venue == market.venue
