"""The raw tier and the instruments table, one record each. A new raw data type is one record here."""

import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP, Column, Dataset, Encoding, Grain

_CLOCKS = {
    "timestamp": Column(
        TIMESTAMP, "µs UTC", "exchange time; the arrival time where the venue gives none", nullable=False, encoding=Encoding.DELTA
    ),
    "local_timestamp": Column(TIMESTAMP, "µs UTC", "arrival time at the recorder", nullable=False, encoding=Encoding.DELTA),
}
WORD = pa.dictionary(pa.int8(), pa.string())


def _executions(name: str, doc: str, side: str) -> Dataset:
    return Dataset(
        tier="raw_tick_data",
        name=name,
        partition=f"data_type-{name}",
        doc=doc,
        columns={
            **_CLOCKS,
            "id": Column(
                pa.int64(),
                "",
                "trade id of the venue; text where the venue's ids are not all integers, null where it gives none",
                encoding=Encoding.DELTA,
                alternatives=(pa.string(),),
            ),
            "side": Column(WORD, "buy | sell | unknown", side, nullable=False, encoding=Encoding.DICTIONARY),
            "price": Column(pa.float64(), "quote per base", "price of the execution", nullable=False, encoding=Encoding.DICTIONARY),
            "amount": Column(
                pa.float64(),
                "as the venue reports it",
                "contracts on contract venues; candles convert to base",
                nullable=False,
                encoding=Encoding.DICTIONARY,
            ),
        },
    )


TRADES = _executions(
    "trades",
    "Every trade as the vendor delivered it, sorted by exchange time, then by delivery.",
    "aggressor (taker) side, not the resting order's",
)

LIQUIDATIONS = _executions(
    "liquidations",
    "Forced executions as the vendor delivered them, sorted by exchange time, then by delivery. The same executions are among the"
    " trades. Some venues throttle the feed (Binance: at most one a second), so sums of it are lower bounds. Where the venue tells of"
    " the order and not of its execution, price and amount are the order's: Binance and OKX give its limit or bankruptcy price,"
    " BitMEX the amount that is left.",
    "side of the forced order: buy = a short position was liquidated, sell = a long one; the same on every venue",
)


def _book(levels: int) -> Dataset:
    prices, amounts = pa.list_(pa.float64(), levels), pa.list_(pa.float64(), levels)
    return Dataset(
        tier="raw_tick_data",
        name=f"book_snapshot_{levels}",
        partition=f"data_type-book_snapshot_{levels}",
        # As many numbers in a row group whatever the depth: a group is what a writer and a reader hold in memory.
        row_group_rows=131_072 * 5 // levels,
        doc=f"The best {levels} levels of the book, one row whenever any of them changed, best level first.",
        columns={
            **_CLOCKS,
            "ask_prices": Column(prices, "quote per base", "ascending; NaN where the level is missing", nullable=False),
            "ask_amounts": Column(amounts, "as the venue reports it", "NaN where the level is missing", nullable=False),
            "bid_prices": Column(prices, "quote per base", "descending; NaN where the level is missing", nullable=False),
            "bid_amounts": Column(amounts, "as the venue reports it", "NaN where the level is missing", nullable=False),
        },
    )


BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25 = _book(5), _book(25)

_TEXT, _NUMBER, _FLAG = pa.string(), pa.float64(), pa.bool_()


def _state(unit: str, doc: str) -> Column:
    return Column(_NUMBER, unit, f"{doc}; null where the venue did not say", encoding=Encoding.DICTIONARY)


DERIVATIVE_TICKER = Dataset(
    tier="raw_tick_data",
    name="derivative_ticker",
    partition="data_type-derivative_ticker",
    doc="Funding, open interest, index and mark price of a derivative, one row whenever any of them changed; a field keeps its last"
    " known value.",
    columns={
        **_CLOCKS,
        "funding_timestamp": Column(
            TIMESTAMP,
            "µs UTC",
            "next funding; null where the venue did not say: Deribit pays all the time, dated futures never",
            encoding=Encoding.DELTA,
        ),
        "funding_rate": _state(
            "share of position per funding interval of the market",
            "rate paid at funding_timestamp; Deribit: the current rate, as that of 8 h (Kraken before 2022-09-29: USD per contract)",
        ),
        "predicted_funding_rate": _state("share of position per funding interval of the market", "predicted rate of the interval after it"),
        "open_interest": _state(
            "units of amount, as in trades",
            "open contracts; times contract_multiplier it is base (linear, options) or quote (inverse), as volumes are",
        ),
        "last_price": _state("quote per base", "price of the last trade"),
        "index_price": _state("quote per base", "index that the derivative follows"),
        "mark_price": _state("quote per base", "price that profits and liquidations are computed with"),
    },
)

OPTIONS_CHAIN = Dataset(
    tier="raw_tick_data",
    name="options_chain",
    partition="data_type-options_chain",
    doc="Quotes, mark, implied volatilities and greeks of an option, one row whenever any of them changed. Prices are in the premium's"
    " currency (Deribit inverse options: base), greeks as the venue defines them. Implied volatilities are in percent on every venue;"
    " those that report fractions (OKX, Bybit) are converted. A quote of zero is none, and null.",
    columns={
        **_CLOCKS,
        "option_type": Column(WORD, "call | put", "right to buy or to sell", nullable=False, encoding=Encoding.DICTIONARY),
        "strike_price": Column(_NUMBER, "quote per base", "strike", nullable=False, encoding=Encoding.DICTIONARY),
        "expiration": Column(TIMESTAMP, "µs UTC", "instant of expiry", nullable=False, encoding=Encoding.DICTIONARY),
        "open_interest": _state("units of amount, as in trades", "open contracts; times contract_multiplier it is base"),
        "last_price": _state("premium currency", "price of the last trade"),
        "bid_price": _state("premium currency", "best bid"),
        "bid_amount": _state("as the venue reports it", "amount at the best bid"),
        "bid_iv": _state("percent a year", "implied volatility of the best bid"),
        "ask_price": _state("premium currency", "best ask"),
        "ask_amount": _state("as the venue reports it", "amount at the best ask"),
        "ask_iv": _state("percent a year", "implied volatility of the best ask"),
        "mark_price": _state("premium currency", "mark price; 0 for an option that expires worthless"),
        "mark_iv": _state("percent a year", "implied volatility of the mark price"),
        "underlying_index": Column(_TEXT, "", "what underlying_price is the price of: a future, or an index", encoding=Encoding.DICTIONARY),
        "underlying_price": _state("quote per base", "forward of the option's expiry as the venue sees it"),
        "delta": _state("base per base", "change of premium value with the underlying (Deribit: Black 1976; OKX: of the premium in coin)"),
        "gamma": _state("1/quote", "change of delta with the underlying"),
        "vega": _state("quote per point of volatility", "change of premium value with a point of implied volatility"),
        "theta": _state("quote per day", "change of premium value with a day"),
        "rho": _state("quote per point of interest", "change of premium value with a point of interest"),
    },
)

RAW = (TRADES, BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25, DERIVATIVE_TICKER, LIQUIDATIONS, OPTIONS_CHAIN)

INSTRUMENTS = Dataset(
    tier="instrument_availability",
    name="instruments",
    grain=Grain.DAY,
    doc="Every instrument that was listed at any moment of the day, one row each, ordered by instrument_id.",
    columns={
        "instrument_id": Column(_TEXT, "", "canonical id, VENUE:TYPE:SYMBOL", nullable=False),
        "venue": Column(_TEXT, "", "our name of the venue", nullable=False),
        "instrument_type": Column(_TEXT, "", "SPOT_PAIR | PERP | FUTURE | OPTION | INDEX | COMBO", nullable=False),
        "native_symbol": Column(_TEXT, "", "the venue's own symbol", nullable=False),
        "tardis_exchange": Column(_TEXT, "", "Tardis name of this part of the venue"),
        "tardis_symbol": Column(_TEXT, "", "symbol in Tardis datasets"),
        "ccxt_symbol": Column(_TEXT, "", "unified symbol of ccxt"),
        "base_asset": Column(_TEXT, "", "as listed, such as 1000SHIB", nullable=False),
        "quote_asset": Column(_TEXT, "", "asset that prices are in"),
        "settle_asset": Column(_TEXT, "", "asset that profits are paid in; null for spot"),
        "base_asset_canonical": Column(_TEXT, "", "base without its multiplier, such as SHIB", nullable=False),
        "base_multiplier": Column(pa.int64(), "", "canonical units in one unit of base, such as 1000", nullable=False),
        "underlying": Column(_TEXT, "", "index or pair that a derivative follows"),
        "inverse": Column(_FLAG, "", "settles in its base", nullable=False),
        "quanto": Column(_FLAG, "", "settles in neither base nor quote", nullable=False),
        "contract_multiplier": Column(
            _NUMBER, "quote (inverse) or base (linear) per unit of amount", "size of one unit of amount; null where it is not known"
        ),
        "strike": Column(_NUMBER, "quote per base", "strike price of an option"),
        "option_type": Column(_TEXT, "CALL | PUT", "kind of option"),
        "expiry": Column(TIMESTAMP, "µs UTC", "instant of expiry"),
        "tick_size": Column(_NUMBER, "quote per base", "smallest price step"),
        "lot_size": Column(_NUMBER, "as the venue reports it", "smallest amount step"),
        "min_size": Column(_NUMBER, "as the venue reports it", "smallest order amount"),
        "min_notional": Column(_NUMBER, "quote", "smallest order value"),
        "listed_at": Column(TIMESTAMP, "µs UTC", "when the venue listed it"),
        "available_from": Column(TIMESTAMP, "µs UTC", "first instant the vendor has, inclusive"),
        "available_to": Column(TIMESTAMP, "µs UTC", "last instant the vendor has, exclusive; null while still listed"),
        "status": Column(_TEXT, "", "active | delisted | expired, as known on the day", nullable=False),
        "data_types": Column(pa.list_(pa.string()), "", "raw data types that the vendor has for the day", nullable=False),
        "source": Column(_TEXT, "", "where the row comes from", nullable=False),
        "known_at": Column(TIMESTAMP, "µs UTC", "when this was first known; null where the vendor does not say"),
    },
)
