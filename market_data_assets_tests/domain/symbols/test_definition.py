import datetime as dt

import pytest

from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.domain.symbols.definition import ccxt_symbol, dataset_symbol, define
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.domain.symbols.multipliers import canonical_asset
from market_data_assets.domain.venues import market_of
from market_data_assets.errors import UnknownInstrument, Unusable

EXPIRY = dt.datetime(2024, 12, 27, 8, tzinfo=dt.UTC)


def _define(exchange: str, symbol: str, listing: dict[str, object] | None = None, **extra: object) -> Instrument:
    entry = Listing(exchange, symbol, **(listing or {}))  # type: ignore[arg-type]
    return define(market_of(exchange), entry, source="test", data_types=["trades"], **extra)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("exchange", "symbol", "size"),
    [
        ("binance", "BTCUSDT", 1),
        ("binance-futures", "BTCUSDT", 1),
        ("binance-delivery", "BTCUSD_PERP", 100),
        ("binance-delivery", "BTCUSD_241227", 100),
        ("binance-delivery", "ETHUSD_PERP", 10),
        ("deribit", "BTC-PERPETUAL", 1),
        ("deribit", "BTC-27DEC24", 1),
        ("deribit", "BTC-27DEC24-100000-C", 1),
        ("deribit", "BTC_USDC-PERPETUAL", 1),
        ("deribit", "BTC-FS-27DEC24_PERP", None),
        ("okex", "BTC-USDT", 1),
        ("okex-swap", "BTC-USDT-SWAP", None),
        ("okex-options", "BTC-USD-241227-100000-C", None),
        ("bybit", "BTCUSDT", 1),
        ("bybit", "BTCUSD", 1),
        ("bitmex", "XBTUSD", 1),
        ("bitmex", "XBTZ24", 1),
        ("bitmex", "ETHUSD", None),
        ("bitmex", "XBTUSDT", None),
        ("cryptofacilities", "PI_XBTUSD", 1),
        ("cryptofacilities", "PF_XBTUSD", 1),
        ("cryptofacilities", "FV_XRPXBT_200925", None),
        ("bitfinex-derivatives", "BTCF0:USTF0", 1),
        ("upbit", "KRW-BTC", 1),
    ],
)
def test_the_market_knows_the_size_of_its_contracts_or_says_it_does_not(exchange: str, symbol: str, size: float | None) -> None:
    assert _define(exchange, symbol).contract_multiplier == size


def test_the_vendor_s_multiplier_comes_before_the_market_s_rule() -> None:
    assert _define("okex-swap", "BTC-USDT-SWAP", contract_multiplier=0.01).contract_multiplier == 0.01
    assert _define("binance-delivery", "BTCUSD_PERP", contract_multiplier=10.0).contract_multiplier == 10


def test_amounts_of_spot_are_in_base_and_those_of_quanto_contracts_convert_to_nothing_whatever_the_vendor_says() -> None:
    assert _define("bybit-spot", "BTCUSDT", contract_multiplier=5.0).contract_multiplier == 1
    assert _define("bitmex", "ETHUSD", contract_multiplier=1e-6).contract_multiplier is None


@pytest.mark.parametrize("multiplier", [0.0, -1.0, float("nan"), float("inf")])
def test_a_multiplier_that_is_not_positive_is_refused(multiplier: float) -> None:
    with pytest.raises(UnknownInstrument, match=r"okex-swap symbol 'BTC-USDT-SWAP': expected a positive contract multiplier"):
        _define("okex-swap", "BTC-USDT-SWAP", contract_multiplier=multiplier)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BINANCE:SPOT_PAIR:BTC-USDT", "BTC/USDT"),
        ("BINANCE:PERP:BTC-USDT", "BTC/USDT:USDT"),
        ("DERIBIT:PERP:BTC-USD", "BTC/USD:BTC"),
        ("DERIBIT:FUTURE:BTC-USD-241227", "BTC/USD:BTC-241227"),
        ("DERIBIT:OPTION:BTC-USD-100000-241227-CALL", "BTC/USD:BTC-241227-100000-C"),
        ("DERIBIT:OPTION:XRP-USDC-0.625-230630-PUT", "XRP/USDC:USDC-230630-0.625-P"),
        ("BITMEX:PERP:ETH-USD@BTC", "ETH/USD:BTC"),
        ("KRAKEN:SPOT_PAIR:USDT%2EE-USD", "USDT.E/USD"),
        ("DERIBIT:COMBO:BTC-USD-FS-241227_PERP", None),
        ("DERIBIT:INDEX:BTCDVOL", None),
        ("DERIBIT:INDEX:BTC-USD", None),
    ],
)
def test_ccxt_writes_pair_settlement_expiry_and_strike(text: str, expected: str | None) -> None:
    assert ccxt_symbol(InstrumentId.parse(text)) == expected


@pytest.mark.parametrize(("symbol", "expected"), [("XBT/USD", "XBT-USD"), ("BTCF0:USTF0", "BTCF0-USTF0"), ("btcusdt", "BTCUSDT")])
def test_dataset_names_are_upper_case_with_separators_replaced(symbol: str, expected: str) -> None:
    assert dataset_symbol(symbol) == expected


@pytest.mark.parametrize(
    ("listed", "canonical", "multiplier"),
    [
        ("1000SHIB", "SHIB", 1000),
        ("SHIB1000", "SHIB", 1000),
        ("1MBABYDOGE", "BABYDOGE", 1_000_000),
        ("1000000MOG", "MOG", 1_000_000),
        ("10000SATS", "SATS", 10_000),
        ("1000X", "X", 1000),
        ("1INCH", "1INCH", 1),
        ("0G", "0G", 1),
        ("1000NEVERLISTED", "1000NEVERLISTED", 1),
        ("BTC", "BTC", 1),
    ],
)
def test_multiples_of_an_asset_are_known_by_a_table_and_not_by_their_digits(listed: str, canonical: str, multiplier: int) -> None:
    assert canonical_asset(listed) == (canonical, multiplier)


def test_a_definition_knows_the_names_that_other_tools_use() -> None:
    shib = _define("binance-futures", "1000shibusdt")
    assert (shib.native_symbol, shib.tardis_exchange, shib.tardis_symbol) == ("1000shibusdt", "binance-futures", "1000SHIBUSDT")
    assert (shib.ccxt_symbol, shib.base_asset_canonical, shib.base_multiplier) == ("1000SHIB/USDT:USDT", "SHIB", 1000)
    assert shib.underlying == "1000SHIB-USDT"
    assert _define("kraken", "XBT/USD").tardis_symbol == "XBT-USD"
    assert _define("kraken", "XBT/USD").underlying is None


def test_the_exact_expiry_gives_the_date_that_a_symbol_leaves_open() -> None:
    metadata = {"base": "ETH", "quote": "XBT", "instrument_type": InstrumentId.parse("X:FUTURE:A-B-241227").instrument_type}
    instrument = _define("bitmex", "ETHZ24", metadata, expiry=EXPIRY)
    assert str(instrument.instrument_id) == "BITMEX:FUTURE:ETH-BTC-241227"
    assert instrument.expiry == EXPIRY


def test_an_expiry_counts_in_utc() -> None:
    tokyo = dt.timezone(dt.timedelta(hours=9))
    late = dt.datetime(2024, 12, 28, 1, tzinfo=tokyo)
    assert str(_define("bitmex", "XBTZ24", expiry=late).instrument_id) == "BITMEX:FUTURE:BTC-USD-241227"


def test_what_does_not_expire_has_no_expiry_though_vendors_write_the_year_2100() -> None:
    assert _define("binance-futures", "BTCUSDT", expiry=dt.datetime(2100, 12, 25, 8, tzinfo=dt.UTC)).expiry is None


def test_an_expiry_on_another_day_than_the_listing_s_is_a_contradiction() -> None:
    with pytest.raises(UnknownInstrument, match="an expiry on 2024-12-27"):
        _define("deribit", "BTC-27DEC24", {"expiry": EXPIRY.date()}, expiry=EXPIRY + dt.timedelta(days=1))


def test_a_naive_expiry_is_refused() -> None:
    with pytest.raises(Unusable, match="naive"):
        _define("deribit", "BTC-27DEC24", expiry=EXPIRY.replace(tzinfo=None))


def test_a_definition_s_row_has_exactly_the_columns_of_the_instruments_table() -> None:
    assert set(_define("deribit", "BTC-27DEC24-100000-C", expiry=EXPIRY).row()) == set(INSTRUMENTS.columns)
