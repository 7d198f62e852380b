"""The columns of Binance Vision dumps. Files of some markets and years have no header, so the order of columns counts, too.

Source: github.com/binance/binance-public-data, README.
"""

import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.sources.csv.tables import (
    CsvTable,
    Field,
    Kind,
    bar_time,
    choice,
    identifier,
    integer,
    number,
    quantity,
    skipped,
    time,
)

# The maker bought, so the taker sold. Spot files write True and False, futures files true and false.
_TAKER = {"True": "sell", "true": "sell", "False": "buy", "false": "buy"}
# Nobody recorded an arrival: local_timestamp repeats the exchange's time.
_TIME = time("time", "timestamp", "local_timestamp", aliases=("transact_time",), any_unit=True)
_PRICE = quantity("price")
_SIDE = choice("is_buyer_maker", "side", _TAKER)


def _positional(*fields: Field) -> CsvTable:
    return CsvTable(fields, positions=tuple(field.name for field in fields))


def _trades(other_amount: str, *last: Field) -> CsvTable:
    return _positional(identifier("id"), _PRICE, quantity("qty", "amount"), skipped(other_amount), _TIME, _SIDE, *last)


def _aggregated(*last: Field) -> CsvTable:
    return _positional(
        identifier("agg_trade_id", "id", aliases=("agg_id",)),
        _PRICE,
        quantity("quantity", "amount", aliases=("qty",)),
        Field("first_trade_id", Kind.SKIP, required=False, aliases=("first_id",)),
        Field("last_trade_id", Kind.SKIP, required=False, aliases=("last_id",)),
        _TIME,
        _SIDE,
        *last,
    )


_BEST_MATCH = skipped("is_best_match")
TABLES = {
    ("spot", "trades"): _trades("quote_qty", _BEST_MATCH),
    ("spot", "aggTrades"): _aggregated(_BEST_MATCH),
    ("futures/um", "trades"): _trades("quote_qty"),
    ("futures/um", "aggTrades"): _aggregated(),
    ("futures/cm", "trades"): _trades("base_qty"),
    ("futures/cm", "aggTrades"): _aggregated(),
}
"""By path of the market and kind of dump."""

_BAR_FIELDS = (
    bar_time("open_time"),
    *(number(name) for name in ("open", "high", "low", "close", "volume")),
    bar_time("close_time"),
    number("quote_volume", aliases=("quote_asset_volume",)),
    integer("count", aliases=("number_of_trades",)),
    number("taker_buy_volume", aliases=("taker_buy_base_asset_volume",)),
    number("taker_buy_quote_volume", aliases=("taker_buy_quote_asset_volume",)),
    skipped("ignore"),
)
KLINES = CsvTable(_BAR_FIELDS, positions=tuple(field.name for field in _BAR_FIELDS), order="open_time")
KLINES_SCHEMA = pa.schema(
    [
        pa.field(field.name, {Kind.TIME: TIMESTAMP, Kind.INTEGER: pa.int64()}.get(field.kind, pa.float64()), nullable=False)
        for field in _BAR_FIELDS
        if field.kind != Kind.SKIP
    ]
)
