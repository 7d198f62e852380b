"""Key, times and quality counters of a candle."""

import pyarrow as pa

from market_data_assets.compute.candles.status import Status
from market_data_assets.compute.features import Feature, Merge
from market_data_assets.domain.datasets import TIMESTAMP, Encoding

_EMPTY = "no trades in the bucket"
_TEXT, _WHOLE = pa.string(), pa.int64()


def _meta(
    name: str,
    formula: str,
    unit: str,
    type_: pa.DataType,
    *,
    null_rule: str = "never",
    encoding: Encoding = Encoding.PLAIN,
    version: int = 1,
) -> Feature:
    return Feature(name, formula, unit, Merge.ADDITIVE, "T", null_rule, version=version, type=type_, encoding=encoding)


FEATURES = (
    _meta("instrument_id", "canonical id, VENUE:TYPE:SYMBOL", "", _TEXT, encoding=Encoding.DICTIONARY),
    _meta("timestamp", "start of the bucket, inclusive", "µs UTC", TIMESTAMP, encoding=Encoding.DELTA),
    _meta("timestamp_close", "end of the bucket, exclusive", "µs UTC", TIMESTAMP, encoding=Encoding.DELTA),
    _meta(
        "available_at",
        "max(timestamp_close, latest local_timestamp of the rows of any feed in the bucket and, since state carries through the UTC day,"
        " in all 15s buckets of the day before it, that of the later row included that bucket_status rests on): when the row could first"
        " be known",
        "µs UTC",
        TIMESTAMP,
        encoding=Encoding.DELTA,
        version=2,
    ),
    _meta(
        "bucket_status",
        "traded: has trades; no_data: none, and numbers are missing between the trades before and after it, or nothing of what follows"
        " proves that none is missing; halted: none, and the book was empty on both sides during the whole bucket (within the listing),"
        " each of its rows standing for at most 5 minutes, with its feed alive: a book row of the day lies in or after the bucket;"
        " no_trades: none and not halted, and (a) a row of another feed of the instrument (book, derivative ticker, liquidations) lies in"
        " it, or (b) the venue numbers its trades one by one, which those before show, and no number is missing between the trades before"
        " and after it, or (c) numbers prove nothing, and these two trades are at most 5 minutes apart; not_listed: the bucket lies"
        " outside the instrument's listing. A coarser bucket takes the first of traded, no_data, halted, no_trades, not_listed that a"
        " 15s one has. Where it rests on a later row, available_at waits for that row",
        " | ".join(status.text for status in reversed(Status)),
        _TEXT,
        encoding=Encoding.DICTIONARY,
        version=2,
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
