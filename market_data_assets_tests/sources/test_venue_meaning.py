"""What liquidations, derivative tickers and option summaries mean, venue by venue: derived from the exchange's own message."""

import datetime as dt
import gzip
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.domain.venues import market_of
from market_data_assets.sources.tardis_tables import table_of
from market_data_assets_tests.sources.normalised import Recorded, recorded

Raw = Mapping[str, Any]


def binance_liquidation(raw: Raw, _: Recorded) -> tuple[str, float, float]:
    """The order that closes a position is the opposite of it: S=BUY buys a short back."""
    order = raw["data"]["o"]
    return ("short" if order["S"] == "BUY" else "long", float(order["p"]), float(order["q"]))


def okx_liquidation(raw: Raw, message: Recorded) -> tuple[str, float, float]:
    """Until 2021 type 3 closes a long and 4 a short; since then posSide names the position. The price is the bankruptcy price."""
    orders = [detail for order in raw["data"] for detail in order.get("details", [order])]
    order = next(order for order in orders if float(order.get("price") or order["bkPx"]) == message.normalised["price"])
    if "type" in order:
        return ({"3": "long", "4": "short"}[order["type"]], float(order["price"]), float(order["size"]))
    return (order["posSide"], float(order["bkPx"]), float(order["sz"]))


def bybit_liquidation(raw: Raw, message: Recorded) -> tuple[str, float, float]:
    """``side`` (S in allLiquidation) is that of the position that was liquidated, so Tardis turns it round."""
    orders = raw["data"] if isinstance(raw["data"], list) else [raw["data"]]
    order = next(order for order in orders if float(order.get("price") or order["p"]) == message.normalised["price"])
    side, amount = order.get("side") or order["S"], order.get("qty") or order.get("size") or order["v"]
    return ("long" if side == "Buy" else "short", float(order.get("price") or order["p"]), float(amount))


def deribit_liquidation(raw: Raw, _: Recorded) -> tuple[str, float, float]:
    """``direction`` is the taker's; ``liquidation`` says whether the taker (T) or the maker (M) was liquidated."""
    (trade,) = raw["params"]["data"]
    sold = (trade["direction"] == "sell") == (trade["liquidation"] == "T")
    return ("long" if sold else "short", trade["price"], trade["amount"])


def bitmex_liquidation(raw: Raw, _: Recorded) -> tuple[str, float, float]:
    """The order of the liquidation engine and what is left of it: Buy buys a short back."""
    (order,) = raw["data"]
    return ("short" if order["side"] == "Buy" else "long", order["price"], order["leavesQty"])


LIQUIDATIONS: Mapping[str, tuple[Callable[[Raw, Recorded], tuple[str, float, float]], int, set[str]]] = {
    "binance-futures": (binance_liquidation, 1, {"buy"}),
    "okex-swap": (okx_liquidation, 2, {"sell"}),
    "okex-futures": (okx_liquidation, 5, {"buy", "sell"}),
    "bybit": (bybit_liquidation, 10, {"buy", "sell"}),
    "deribit": (deribit_liquidation, 2, {"sell"}),
    "bitmex": (bitmex_liquidation, 1, {"buy"}),
}


@pytest.mark.parametrize("exchange", LIQUIDATIONS)
def test_buy_is_a_liquidated_short_on_every_venue(samples: Path, exchange: str) -> None:
    derive, expected, sides = LIQUIDATIONS[exchange]
    messages = list(recorded(samples, exchange, "liquidation"))
    assert len(messages) == expected
    for message in messages:
        position, price, amount = derive(message.raw, message)
        row = message.read()
        assert (row["side"], row["price"], row["amount"]) == ({"short": "buy", "long": "sell"}[position], price, amount)
    assert {message.read()["side"] for message in messages} == sides


def ticker(samples: Path, exchange: str, wanted: Callable[[Raw], bool]) -> tuple[Any, dict[str, Any], str]:
    """The first raw message that is wanted, our row of it, and its symbol."""
    message = next(message for message in recorded(samples, exchange, "derivative_ticker") if wanted(message.raw))
    return message.raw, message.read(), message.symbol


def milliseconds(text: object) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(str(text)) / 1_000, dt.UTC)


def test_binance_funding_is_that_of_the_next_payment_and_open_interest_is_base(samples: Path) -> None:
    raw, row, _ = ticker(samples, "binance-futures", lambda raw: raw["stream"] == "btcusdt@markPrice@1s")
    mark = raw["data"]
    assert (row["mark_price"], row["index_price"]) == (float(mark["p"]), float(mark["i"]))
    assert (row["funding_rate"], row["funding_timestamp"]) == (float(mark["r"]), milliseconds(mark["T"]))
    assert row["predicted_funding_rate"] is None
    raw, row, symbol = ticker(samples, "binance-futures", lambda raw: "openInterest" in raw["stream"])
    assert row["open_interest"] == float(raw["data"]["openInterest"])
    # Binance's amounts of BTCUSDT are in BTC, those of trades too: a unit of it is one of base.
    market = market_of("binance-futures")
    assert market.contract_size(market.rule(Listing(market.exchange, symbol))) == 1


def test_a_dated_future_has_no_funding(samples: Path) -> None:
    raw, row, symbol = ticker(samples, "binance-futures", lambda raw: "btcbusd_210129" in raw["stream"])
    assert (raw["data"]["r"], raw["data"]["T"]) == ("0.00000000", 0)
    assert (row["funding_rate"], row["funding_timestamp"]) == (None, None)
    assert market_of("binance-futures").rule(Listing("binance-futures", symbol)).instrument_type is InstrumentType.FUTURE


def test_okx_funding_is_current_and_predicted_and_open_interest_is_contracts(samples: Path) -> None:
    raw, row, _ = ticker(samples, "okex-swap", lambda raw: raw.get("table") == "swap/funding_rate")
    (data,) = raw["data"]
    assert (row["funding_rate"], row["predicted_funding_rate"]) == (float(data["funding_rate"]), float(data["estimated_rate"]))
    assert row["funding_timestamp"] == dt.datetime.fromisoformat(data["funding_time"])
    raw, row, _ = ticker(samples, "okex-swap", lambda raw: raw.get("arg", {}).get("channel") == "funding-rate")
    (data,) = raw["data"]
    assert (row["funding_rate"], row["predicted_funding_rate"]) == (float(data["fundingRate"]), float(data["nextFundingRate"]))
    assert row["funding_timestamp"] == milliseconds(data["fundingTime"])
    raw, row, symbol = ticker(samples, "okex-futures", lambda raw: raw.get("arg", {}).get("channel") == "open-interest")
    (data,) = raw["data"]
    # A contract of FIL-USDT is 0.1 FIL: oi counts contracts, oiCcy FIL.
    assert row["open_interest"] == float(data["oi"]) == pytest.approx(10 * float(data["oiCcy"]))
    market = market_of("okex-futures")
    assert market.contract_size(market.rule(Listing(market.exchange, symbol))) is None


def test_bybit_open_interest_is_base_on_linear_and_usd_on_inverse_contracts(samples: Path) -> None:
    raw, row, _ = ticker(samples, "bybit", lambda raw: raw["topic"] == "tickers.BTCUSDT")
    data = raw["data"]
    assert row["open_interest"] * row["mark_price"] == pytest.approx(float(data["openInterestValue"]))
    assert (row["funding_rate"], row["funding_timestamp"]) == (float(data["fundingRate"]), milliseconds(data["nextFundingTime"]))
    raw, row, _ = ticker(samples, "bybit", lambda raw: raw["topic"] == "tickers.BTCUSD")
    assert row["open_interest"] / row["mark_price"] == pytest.approx(float(raw["data"]["openInterestValue"]), rel=1e-4)
    raw, row, _ = ticker(samples, "bybit", lambda raw: raw["topic"] == "instrument_info.100ms.ETHUSD")
    data = raw["data"]
    assert (row["funding_rate"], row["predicted_funding_rate"]) == (data["funding_rate_e6"] / 1e6, data["predicted_funding_rate_e6"] / 1e6)
    assert (row["mark_price"], row["index_price"]) == (data["mark_price_e4"] / 1e4, data["index_price_e4"] / 1e4)
    assert row["funding_timestamp"] == dt.datetime.fromisoformat(data["next_funding_time"])


def test_deribit_funding_is_the_current_rate_and_open_interest_is_usd(samples: Path) -> None:
    raw, row, symbol = ticker(samples, "deribit", lambda raw: raw["params"]["channel"] == "ticker.BTC-PERPETUAL.raw")
    data = raw["params"]["data"]
    # Of the two rates in the message it is current_funding, not the average of the last 8 h.
    assert (row["funding_rate"], row["funding_timestamp"]) == (data["current_funding"], None)
    assert row["funding_rate"] != data["funding_8h"]
    assert (row["mark_price"], row["index_price"], row["last_price"]) == (data["mark_price"], data["index_price"], data["last_price"])
    # All perpetuals of the venue are some 10,000 BTC at this time; as a number of BTC it would be more than there are.
    assert row["open_interest"] == data["open_interest"] > 21_000_000
    market = market_of("deribit")
    assert market.contract_size(market.rule(Listing(market.exchange, symbol))) == 1


def test_bitmex_open_interest_is_contracts(samples: Path) -> None:
    raw, row, _ = ticker(samples, "bitmex", lambda raw: raw["action"] == "partial")
    instrument = next(entry for entry in raw["data"] if entry["symbol"] == "ETHM19")
    satoshi = instrument["multiplier"] * row["mark_price"]
    assert row["open_interest"] == instrument["openInterest"]
    assert row["open_interest"] * satoshi == pytest.approx(instrument["openValue"])


@pytest.mark.parametrize("exchange", ["binance-futures", "okex-swap", "bybit"])
def test_the_next_funding_is_never_further_ahead_than_the_interval(samples: Path, exchange: str) -> None:
    hours = market_of(exchange).funding_interval_hours
    assert hours is not None
    ahead = []
    for message in recorded(samples, exchange, "derivative_ticker"):
        row = message.read()
        # Where the exchange gave no time, it is the recorder's, which is made up in these recordings.
        if row["funding_timestamp"] is not None and message.normalised["timestamp"] != message.normalised["localTimestamp"]:
            ahead.append((row["funding_timestamp"] - row["timestamp"]).total_seconds() / 3_600)
    assert all(0 < wait <= hours for wait in ahead)
    assert max(ahead) > hours / 4


def test_a_spread_may_cost_less_than_nothing(samples: Path) -> None:
    raw, row, symbol = ticker(samples, "deribit", lambda raw: "BTC-FS-30SEP22_PERP" in raw["params"]["channel"])
    assert row["last_price"] == raw["params"]["data"]["last_price"] == -13.5
    assert market_of("deribit").rule(Listing("deribit", symbol)).instrument_type is InstrumentType.COMBO


def black_76(row: Mapping[str, Any]) -> dict[str, float]:
    """Premium in base and greeks of an option on a future without interest (Black 1976), years of 365 days."""
    forward, strike, volatility = row["underlying_price"], row["strike_price"], row["mark_iv"] / 100
    years = (row["expiration"] - row["timestamp"]).total_seconds() / 86_400 / 365
    spread = volatility * math.sqrt(years)
    up = math.log(forward / strike) / spread + spread / 2
    density = math.exp(-up * up / 2) / math.sqrt(2 * math.pi)
    sign = 1 if row["option_type"] == "call" else -1
    exercised, hedged = (0.5 * (1 + math.erf(sign * value / math.sqrt(2))) for value in (up - spread, up))
    return {
        "mark_price": sign * (forward * hedged - strike * exercised) / forward,
        "delta": sign * hedged,
        "gamma": density / forward / spread,
        "vega": forward * density * math.sqrt(years) / 100,
        "theta": -forward * density * volatility / 2 / math.sqrt(years) / 365,
        "rho": sign * years * strike * exercised / 100,
    }


def assert_priced_by_black_76(row: Mapping[str, Any]) -> None:
    for name, value in black_76(row).items():
        # Deribit rounds volatility to 0.01 percent, gamma to 1e-5 and vega of small options to 1e-4.
        assert row[name] == pytest.approx(value, rel=2e-3, abs=1e-5), name


def test_deribit_volatilities_are_percent_premiums_base_and_greeks_those_of_black(samples: Path) -> None:
    priced = [
        message.read() for message in recorded(samples, "deribit", "option_summary") if message.symbol.startswith(("BTC-5J", "ETH-5J"))
    ]
    assert len(priced) == 2
    for row in priced:
        assert_priced_by_black_76(row)


def test_a_genuine_file_of_options_has_the_same_units(samples: Path) -> None:
    path = samples / "tardis/v1/deribit/options_chain/2020/06/08/OPTIONS.csv.gz"
    header, *lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    for text in lines[:2]:  # those after them were made up by whoever published the file
        cells = dict(zip(header.split(","), text.split(","), strict=True))
        row: dict[str, Any] = {name: float(cells[name]) for name in cells if name not in {"exchange", "symbol", "type", "underlying_index"}}
        for name in ("timestamp", "expiration"):
            row[name] = dt.datetime.fromtimestamp(row[name] / 1e6, dt.UTC)
        assert_priced_by_black_76(row | {"option_type": cells["type"]})


def test_deribit_options_keep_every_field_and_zero_is_no_quote(samples: Path) -> None:
    names = {"bid_price": "best_bid_price", "bid_amount": "best_bid_amount", "ask_price": "best_ask_price", "ask_amount": "best_ask_amount"}
    names |= {name: name for name in ("bid_iv", "ask_iv", "last_price")}
    kept = ("mark_price", "mark_iv", "open_interest", "underlying_index", "underlying_price")
    market, empty = market_of("deribit"), 0
    for message in recorded(samples, "deribit", "option_summary"):
        data, row = message.raw["params"]["data"], message.read()
        for ours, theirs in names.items():
            assert row[ours] == (data[theirs] or None)
            empty += row[ours] is None
        assert {name: row[name] for name in kept} == {name: data[name] for name in kept}
        assert {greek: row[greek] for greek in data["greeks"]} == data["greeks"]
        instrument = market.rule(Listing("deribit", message.symbol))
        assert (row["option_type"].upper(), row["strike_price"]) == (str(instrument.option_type), float(instrument.strike or 0))
        assert row["expiration"].date() == instrument.expiry
        assert row["expiration"].time() == dt.time(8)
    assert empty > 10


def test_an_option_that_expires_worthless_has_a_mark_price_of_zero(samples: Path) -> None:
    (row,) = [message.read() for message in recorded(samples, "deribit", "option_summary") if message.symbol == "BTC-8JUN20-8750-P"]
    assert (row["mark_price"], row["mark_iv"], row["delta"], row["bid_price"]) == (0, 70, 0, None)


@pytest.mark.parametrize(("exchange", "percent"), [("deribit", 1), ("okex-options", 100), ("bybit-options", 100)])
def test_volatilities_that_the_venue_gives_as_fractions_become_percent(exchange: str, percent: float) -> None:
    table = table_of("options_chain", market_of(exchange), InstrumentType.OPTION)
    assert table is not None
    assert {field.factor for field in table.fields if field.name.endswith("_iv")} == {percent}
    assert {field.factor for field in table.fields if not field.name.endswith("_iv")} == {1}
