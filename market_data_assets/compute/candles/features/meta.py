"""Key, times and quality counters of a candle."""

import pyarrow as pa

from market_data_assets.compute.candles.status import Status
from market_data_assets.compute.features import Feature, Merge
from market_data_assets.domain.datasets import TIMESTAMP, Encoding

_EMPTY = "no trades in the bucket"
_TEXT, _WHOLE = pa.string(), pa.int64()


def _meta(
    name: str, formula: str, unit: str, type_: pa.DataType, *, null_rule: str = "never", encoding: Encoding = Encoding.PLAIN
) -> Feature:
    return Feature(name, formula, unit, Merge.ADDITIVE, "T", null_rule, type=type_, encoding=encoding)


FEATURES = (
    _meta("instrument_id", "canonical id, VENUE:TYPE:SYMBOL", "", _TEXT, encoding=Encoding.DICTIONARY),
    _meta("timestamp", "start of the bucket, inclusive", "µs UTC", TIMESTAMP, encoding=Encoding.DELTA),
    _meta("timestamp_close", "end of the bucket, exclusive", "µs UTC", TIMESTAMP, encoding=Encoding.DELTA),
    _meta(
        "available_at",
        "max(timestamp_close, latest local_timestamp of the bucket's rows of any feed and of the states it opened with, such as the book"
        " in force): when the row could first be known",
        "µs UTC",
        TIMESTAMP,
        encoding=Encoding.DELTA,
    ),
    _meta(
        "bucket_status",
        "traded: has trades; halted: none, and the book was empty on both sides during the whole bucket (within the listing), with its"
        " feed alive: a book row of the day lies in or after the bucket; no_trades: none and not halted, and the recorder was connected:"
        " the bucket lies as a whole between the day's first and last trade, or a row of another feed of the instrument (book, derivative"
        " ticker, liquidations, options) lies in it; no_data: none, and nothing proves that the recorder was connected; not_listed: the"
        " bucket lies outside the instrument's listing. A coarser bucket takes the first of traded, no_trades, halted, no_data,"
        " not_listed that a finer one has. A verdict in hindsight: later rows of the day can turn no_data into no_trades or halted",
        " | ".join(status.text for status in reversed(Status)),
        _TEXT,
        encoding=Encoding.DICTIONARY,
    ),
    _meta("first_trade_at", "exchange time of the first trade", "µs UTC", TIMESTAMP, null_rule=_EMPTY),
    _meta("last_trade_at", "exchange time of the last trade", "µs UTC", TIMESTAMP, null_rule=_EMPTY),
    _meta("gap_us", "longest time in the bucket without a trade, its edges included; the whole bucket when it is empty", "µs", _WHOLE),
    _meta(
        "dup_trades",
        "rows dropped because an earlier row of the day has their id, price and amount; in the bucket of the dropped row's time",
        "1",
        _WHOLE,
    ),
    _meta(
        "out_of_order_trades",
        "trades that arrived (local_timestamp) after a trade of the day with a later exchange time had arrived",
        "1",
        _WHOLE,
    ),
)
