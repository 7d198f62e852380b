"""Every symbol of the recorded metadata: mapped, unique, and the same id from metadata as from the symbol alone."""

import csv
import datetime as dt
import gzip
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from market_data_assets.domain.instruments import InstrumentId, InstrumentType, OptionType
from market_data_assets.domain.symbols.definition import define
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.domain.venues import market_of
from market_data_assets.errors import SettingsError, UnknownInstrument

Record = dict[str, Any]


def _json(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())


def _date(milliseconds: str | int) -> dt.date:
    return dt.datetime.fromtimestamp(int(milliseconds) / 1000, dt.UTC).date()


def _binance_spot(row: Record) -> Listing:
    return Listing("binance", row["symbol"], InstrumentType.SPOT_PAIR, row["baseAsset"], row["quoteAsset"])


def _binance_futures(row: Record) -> Listing:
    # contractType is "" before trading starts and "PERPETUAL DELIVERING" at the end; the year 2100 stands for never.
    perpetual = _date(row["deliveryDate"]).year == 2100
    return Listing(
        exchange="binance-delivery" if "contractSize" in row else "binance-futures",
        symbol=row["symbol"],
        instrument_type=InstrumentType.PERP if perpetual else InstrumentType.FUTURE,
        base=row["baseAsset"],
        quote=row["quoteAsset"],
        settle=row["marginAsset"],
        expiry=None if perpetual else _date(row["deliveryDate"]),
    )


def _bybit_contract(row: Record) -> Listing:
    return Listing("bybit", row["symbol"], InstrumentType.PERP, row["baseCoin"], row["quoteCoin"], row["settleCoin"])


def _bybit_spot(row: Record) -> Listing:
    return Listing("bybit-spot", row["symbol"], InstrumentType.SPOT_PAIR, row["baseCoin"], row["quoteCoin"])


def _bybit_v2(row: Record) -> Listing:
    return Listing("bybit", row["name"], base=row["base_currency"], quote=row["quote_currency"])


def _coinbase(row: Record) -> Listing:
    return Listing("coinbase", row["id"], InstrumentType.SPOT_PAIR, row["base_currency"], row["quote_currency"])


def _coinbase_modern(row: Record) -> Listing:
    return Listing("coinbase", row["product_id"], InstrumentType.SPOT_PAIR, row["base_currency_id"], row["quote_currency_id"])


def _deribit(row: Record) -> Listing:
    kind = {"option": InstrumentType.OPTION, "future": InstrumentType.FUTURE, "future_combo": InstrumentType.COMBO}[row["kind"]]
    if row.get("settlement_period") == "perpetual":
        kind = InstrumentType.PERP
    dated = kind in {InstrumentType.OPTION, InstrumentType.FUTURE}
    return Listing(
        exchange="deribit",
        symbol=row["instrument_name"],
        instrument_type=kind,
        base=row["base_currency"],
        quote=row["quote_currency"],
        settle=row.get("settlement_currency"),
        expiry=_date(row["expiration_timestamp"]) if dated else None,
        strike=Decimal(str(row["strike"])) if kind is InstrumentType.OPTION else None,
        option_type=OptionType(row["option_type"].upper()) if kind is InstrumentType.OPTION else None,
    )


def _okx(row: Record) -> Listing:
    kind, exchange = {
        "SPOT": (InstrumentType.SPOT_PAIR, "okex"),
        "SWAP": (InstrumentType.PERP, "okex-swap"),
        "OPTION": (InstrumentType.OPTION, "okex-options"),
    }[row["instType"]]
    underlying = row["uly"].split("-") if row["uly"] else ["", ""]
    return Listing(
        exchange=exchange,
        symbol=row["instId"],
        instrument_type=kind,
        base=row["baseCcy"] or underlying[0],
        quote=row["quoteCcy"] or underlying[1],
        settle=row["settleCcy"],
        expiry=_date(row["expTime"]) if row["expTime"] else None,
        strike=Decimal(row["stk"]) if row["stk"] else None,
        option_type={"C": OptionType.CALL, "P": OptionType.PUT, "": None}[row["optType"]],
    )


def _kraken(row: Record) -> Listing:
    return Listing("kraken", row["wsname"], InstrumentType.SPOT_PAIR, row["base"], row["quote"])


def _tardis(row: Record) -> Listing:
    return Listing(
        exchange=row["exchange"],
        symbol=row["id"],
        instrument_type=InstrumentType.parse(row["type"]),
        base=row["baseCurrency"],
        quote=row["quoteCurrency"],
        settle=row.get("settlementCurrency"),
        expiry=dt.datetime.fromisoformat(row["expiry"]).date() if "expiry" in row else None,
        strike=Decimal(str(row["strikePrice"])) if "strikePrice" in row else None,
        option_type=OptionType(row["optionType"].upper()) if "optionType" in row else None,
        inverse=row.get("inverse"),
    )


def _rows(document: Any) -> list[Record]:
    for key in ("symbols", "products", "data", "result"):
        if isinstance(document, dict) and key in document:
            return _rows(document[key])
    if isinstance(document, dict):
        return document["list"] if "list" in document else list(document.values())
    return list(document)


FILES: list[tuple[str, Callable[[Record], Listing], int]] = [
    ("binance/spot_exchangeInfo_2021-10-12.json.gz", _binance_spot, 1695),
    ("binance/um_exchangeInfo_2021-07-22.json.gz", _binance_futures, 122),
    ("binance/cm_exchangeInfo_2025-08-07.json.gz", _binance_futures, 25),
    ("bybit/modern_get_instruments_inverse.json", _bybit_contract, 1),
    ("bybit/modern_get_instruments_linear.json", _bybit_contract, 2),
    ("bybit/modern_get_instruments_spot.json", _bybit_spot, 2),
    ("bybit/v2_symbols_2021-04-17.json.gz", _bybit_v2, 15),
    ("coinbase/products_2021-04-17.json.gz", _coinbase, 162),
    ("coinbase/products_2025-08-18.json.gz", _coinbase, 717),
    ("coinbase/modern_products.json", _coinbase_modern, 2),
    ("deribit/get_instruments_BTC_2021-07-22.json.gz", _deribit, 398),
    ("deribit/get_instruments_USDC_2021-07-22.json.gz", _deribit, 16),
    ("deribit/modern_get_instruments.json", _deribit, 4),
    ("kraken/modern_asset_pairs.json", _kraken, 1),
    ("okx/instruments_OPTION_BTC_2022-05-13.json.gz", _okx, 346),
    ("okx/instruments_SPOT_2022-05-13.json.gz", _okx, 513),
    ("okx/instruments_SWAP_2022-05-13.json.gz", _okx, 166),
    ("okx/modern_get_instruments_spot.json", _okx, 5),
    ("okx/modern_get_instruments_swap.json", _okx, 3),
]


@pytest.mark.parametrize(("file", "listing_of", "count"), FILES, ids=[file for file, _, _ in FILES])
def test_every_symbol_maps_to_an_id_of_its_own_that_its_metadata_confirms(
    samples: Path, file: str, listing_of: Callable[[Record], Listing], count: int
) -> None:
    listings = [listing_of(row) for row in _rows(_json(samples / "instruments" / file))]
    assert len(listings) == count
    by_metadata = [_id(listing) for listing in listings]
    by_symbol = [_id(Listing(listing.exchange, listing.symbol)) for listing in listings]
    assert by_metadata == by_symbol
    assert len(set(by_symbol)) == count


def _id(listing: Listing) -> InstrumentId:
    return market_of(listing.exchange).rule(listing)


def test_ids_are_unique_over_all_parts_of_a_venue(samples: Path) -> None:
    full = [entry for entry in FILES if "modern" not in entry[0] and "products_2021" not in entry[0]]
    listings = [listing_of(row) for file, listing_of, _ in full for row in _rows(_json(samples / "instruments" / file))]
    assert len({_id(listing) for listing in listings}) == len(listings)


def test_the_contract_sizes_of_coin_margined_futures_are_those_of_the_venue(samples: Path) -> None:
    for row in _rows(_json(samples / "instruments/binance/cm_exchangeInfo_2025-08-07.json.gz")):
        instrument = define(market_of("binance-delivery"), _binance_futures(row), source="test", data_types=())
        assert instrument.contract_multiplier == row["contractSize"], row["symbol"]


def test_coinbase_contracts_of_its_derivatives_exchange_are_the_only_ones_that_no_rule_maps(samples: Path) -> None:
    unknown = []
    for row in _rows(_json(samples / "instruments/coinbase/modern_products_future.json")):
        with pytest.raises(UnknownInstrument):
            _id(Listing("coinbase", row["product_id"], base=row["base_currency_id"], quote=row["quote_currency_id"]))
        unknown.append(row["product_id"])
    assert unknown == ["BIP-20DEC30-CDE", "BIT-24APR26-CDE"]


TARDIS = {
    "bitmex_XBTUSD.json": "BITMEX:PERP:BTC-USD",
    "deribit_BTC-14FEB25.json": "DERIBIT:FUTURE:BTC-USD-250214",
    "deribit_BTC-25APR25-200000-P.json": "DERIBIT:OPTION:BTC-USD-200000-250425-PUT",
    "deribit_BTC_USDC.json": "DERIBIT:SPOT_PAIR:BTC-USDC",
}


def test_tardis_metadata_and_symbol_give_the_same_id(samples: Path) -> None:
    found = {path.name: _tardis(_json(path)) for path in sorted((samples / "tardis_api/instruments").iterdir())}
    assert {name: str(_id(listing)) for name, listing in found.items()} == TARDIS
    assert {name: str(_id(Listing(listing.exchange, listing.symbol))) for name, listing in found.items()} == TARDIS


def test_an_exchange_that_we_do_not_have_is_refused_by_name(samples: Path) -> None:
    exchange = _json(samples / "tardis_api/exchanges/hyperliquid.json")["id"]
    with pytest.raises(SettingsError, match="hyperliquid"):
        market_of(exchange)


def _chain_contracts(samples: Path) -> Iterator[tuple[str, Decimal, dt.date, str]]:
    for row in _json(samples / "options/deribit_btc_option_chain_20260420.json.gz")["contracts"]:
        yield row["instrument_name"], Decimal(str(row["strike"])), dt.date.fromisoformat(row["expiry_date"]), row["kind"]
    for path in sorted((samples / "options/tardis_chain_snapshots").iterdir()):
        for row in _json(path)["options"]:
            yield row["instrument"], Decimal(str(row["strike"])), dt.date.fromisoformat(row["expiry"]), row["kind"]


def test_every_contract_of_the_option_chains_has_the_strike_expiry_and_kind_that_the_vendor_gives(samples: Path) -> None:
    contracts = list(_chain_contracts(samples))
    assert len(contracts) == 876 + 658 + 722 + 594 + 834 + 486 + 830 + 636 + 706
    for symbol, strike, expiry, kind in contracts:
        instrument = _id(Listing("deribit", symbol))
        assert (instrument.strike, instrument.expiry, str(instrument.option_type)[0]) == (strike, expiry, kind), symbol
        assert (instrument.base, instrument.quote) == (symbol.split("-")[0], "USD")


def test_every_row_of_a_mixed_options_file_names_an_instrument(samples: Path) -> None:
    path = samples / "tardis/v1/deribit/options_chain/2020/06/08/OPTIONS.csv.gz"
    with gzip.open(path, "rt") as lines:
        contracts = {(row["symbol"], row["type"], row["strike_price"], row["expiration"]) for row in csv.DictReader(lines)}
    for symbol, kind, strike, expiration in contracts:
        instrument = _id(Listing("deribit", symbol))
        assert instrument.option_type == kind.upper()
        assert instrument.strike == Decimal(strike)
        assert instrument.expiry == _date(int(expiration) // 1000)


# Futures of BitMEX on other coins: their symbol names no quote, and that was bitcoin in some years and not in others.
UNKNOWN_WITHOUT_METADATA = {("bitmex", "EOSM19"), ("bitmex", "ETHM19"), ("bitmex", "LTCM19"), ("okex-swap", "BCH-USDT")}


def test_the_symbols_of_the_vendor_s_own_message_tests_all_map_but_for_four(samples: Path) -> None:
    unknown = set()
    for path in sorted((samples / "tardis_mappers").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            unknown |= {named for named in _named(json.loads(line)) if not _maps(*named)}
    assert unknown == UNKNOWN_WITHOUT_METADATA


def _named(message: Record) -> Iterator[tuple[str, str]]:
    for row in message.get("normalized") or []:
        if isinstance(row, dict) and row.get("symbol"):
            yield row["exchange"], row["symbol"]


def _maps(exchange: str, symbol: str) -> bool:
    try:
        _id(Listing(exchange, symbol))
    except SettingsError:
        return True  # not one of our venues
    except UnknownInstrument:
        return False
    return True
