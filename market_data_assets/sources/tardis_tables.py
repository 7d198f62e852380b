"""The columns of Tardis CSV files, one table per data type. A new data type is one entry here. (docs.tardis.dev/downloadable-csv-files)"""

from collections.abc import Mapping

from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.venues import Market
from market_data_assets.sources.csv.tables import (
    CsvTable,
    Field,
    Sign,
    choice,
    identifier,
    instant,
    level,
    optional_instant,
    optional_number,
    quantity,
    same,
    text,
    time,
)

_ROW = (same("exchange"), same("symbol"), time("timestamp"), time("local_timestamp"))
_SIDES = {"buy": "buy", "sell": "sell", "unknown": "unknown"}


def _book(levels: int) -> CsvTable:
    def of_level(position: int) -> tuple[Field, ...]:
        return tuple(
            level(f"{side}s[{position}].{quantity}", f"{side}_{quantity}s", position, beside=f"{side}_{other}s")
            for side in ("ask", "bid")
            for quantity, other in (("price", "amount"), ("amount", "price"))
        )

    return CsvTable((*_ROW, *(field for position in range(levels) for field in of_level(position))))


_EXECUTIONS = CsvTable((*_ROW, identifier("id"), choice("side", "side", _SIDES), quantity("price"), quantity("amount")))


def _derivative_ticker(*, price: Sign) -> CsvTable:
    return CsvTable(
        (
            *_ROW,
            optional_instant("funding_timestamp"),
            optional_number("funding_rate"),
            optional_number("predicted_funding_rate"),
            optional_number("open_interest", sign=Sign.NOT_NEGATIVE),
            *(optional_number(name, sign=price) for name in ("last_price", "index_price", "mark_price")),
        )
    )


def _options_chain(percent_per_volatility: float) -> CsvTable:
    # Deribit's own message has 0 for a bid, an ask, an amount or a volatility that is not there, and Tardis leaves such
    # a field empty; so 0 is no quote. A mark price of 0 is one: an option that expires worthless has it (with its
    # volatility), and an open interest or a greek of 0 is one, too. (tardis-node, test data of the Deribit mapper)
    none = Sign.ZERO_IS_EMPTY

    def quote(side: str) -> tuple[Field, ...]:
        return (
            optional_number(f"{side}_price", sign=none),
            optional_number(f"{side}_amount", sign=none),
            optional_number(f"{side}_iv", sign=none, factor=percent_per_volatility),
        )

    return CsvTable(
        (
            *_ROW,
            choice("type", "option_type", {"call": "call", "put": "put"}),
            quantity("strike_price"),
            instant("expiration"),
            optional_number("open_interest", sign=Sign.NOT_NEGATIVE),
            optional_number("last_price", sign=none),
            *quote("bid"),
            *quote("ask"),
            optional_number("mark_price", sign=Sign.NOT_NEGATIVE),
            optional_number("mark_iv", sign=none, factor=percent_per_volatility),
            text("underlying_index"),
            optional_number("underlying_price", sign=none),
            *(optional_number(greek) for greek in ("delta", "gamma", "vega", "theta", "rho")),
        )
    )


TABLES: Mapping[str, CsvTable] = {
    "trades": _EXECUTIONS,
    "book_snapshot_5": _book(5),
    "book_snapshot_25": _book(25),
    "derivative_ticker": _derivative_ticker(price=Sign.POSITIVE),
    "liquidations": _EXECUTIONS,
    "options_chain": _options_chain(percent_per_volatility=1.0),
}
"""By name of our raw data type, which is Tardis' own; as most markets have them."""


def table_of(data_type: str, market: Market, kind: InstrumentType) -> CsvTable | None:
    """The columns of a data type, with what differs by market and by kind of instrument; None where it is not read."""
    if data_type == "derivative_ticker" and kind is InstrumentType.COMBO:
        # A spread costs what its legs differ by: Deribit's BTC-FS-30SEP22_PERP has traded at -13.5.
        return _derivative_ticker(price=Sign.ANY)
    if data_type == "options_chain":
        return _options_chain(market.percent_per_volatility)
    return TABLES.get(data_type)
