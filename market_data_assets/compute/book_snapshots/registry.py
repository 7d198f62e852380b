"""Every column of the book snapshots, one record each, and the seven tables made of them."""

import pyarrow as pa

from market_data_assets.compute.book_snapshots import state_features as of
from market_data_assets.compute.features import Feature, Merge
from market_data_assets.domain.datasets import TIMESTAMP, Dataset
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe

SHOWN_LEVELS = 5
QUOTED, NO_DATA = "quoted", "no_data"

_TEXT, _WHOLE = pa.string(), pa.int64()
_NO_BOOK = "no update yet that day"
_NOT_OPEN = "no update yet that day, or the book is crossed, locked, one-sided or empty"
_BPS = "bps of mid"
_PREMIUM = "; of inverse options a premium, in base"


def _last(name: str, formula: str, unit: str, value: of.Value, **more: object) -> Feature:
    """A column of the bucket's last book state: the coarser bucket takes it from its last finer one."""
    return Feature(name=name, formula=formula, unit=unit, merge=Merge.ADDITIVE, inputs="B", value=value, **more)  # type: ignore[arg-type]


def _meta(name: str, formula: str, unit: str, type_: pa.DataType, *, null_rule: str = "never", version: int = 1) -> Feature:
    return Feature(
        name=name, formula=formula, unit=unit, merge=Merge.ADDITIVE, inputs="B", type=type_, null_rule=null_rule, version=version
    )


KEY = (
    _meta("instrument_id", "canonical id, VENUE:TYPE:SYMBOL", "", _TEXT),
    _meta("timestamp", "start of the bucket, inclusive", "µs UTC", TIMESTAMP),
    _meta("timestamp_close", "end of the bucket, exclusive", "µs UTC", TIMESTAMP),
    _meta(
        "available_at",
        "max(timestamp_close, latest arrival of the bucket's updates and of the book it opened with): when the row could first be known",
        "µs UTC",
        TIMESTAMP,
    ),
    _meta(
        "bucket_status",
        f"{QUOTED}: the last update is at most 5 minutes older than the end of the 15s bucket; {NO_DATA}: before the first update, or"
        " longer after the last one, which nothing shows to hold still (the book shown is the last one known, stale_us old). A coarser"
        f" bucket is {QUOTED} when any 15s one is",
        f"{QUOTED} | {NO_DATA}",
        _TEXT,
        version=2,
    ),
    _meta(
        "snapshot_at",
        "exchange time of the last update before the bucket's end, in file order among equal times; the state carries through the UTC day",
        "µs UTC",
        TIMESTAMP,
        null_rule=_NO_BOOK,
    ),
    _meta("stale_us", "timestamp_close − snapshot_at", "µs", _WHOLE, null_rule=_NO_BOOK),
)

LEVELS = tuple(
    _last(
        f"{side}_{what}_{number}",
        f"{what} of {side} level {number}, 1 is the best" + (", as the venue reports it, not converted" if what == "amount" else _PREMIUM),
        "quote per base" if what == "price" else "as the venue reports it",
        of.level(f"{side}_{what}s", number),
        null_rule=f"{_NO_BOOK}, or the level is missing",
    )
    for side in of.SIDES
    for what in ("price", "amount")
    for number in range(1, SHOWN_LEVELS + 1)
)

PRICES = (
    _last("mid", f"(ask + bid) / 2 of the best level{_PREMIUM}", "quote per base", of.mid, null_rule=_NOT_OPEN),
    _last("spread", f"ask − bid of the best level{_PREMIUM}", "quote per base", of.spread, null_rule=_NOT_OPEN),
    _last("spread_bps", "1e4 · spread / mid", _BPS, of.spread_bps, null_rule=_NOT_OPEN),
    _last(
        "microprice",
        f"(ask · bid amount + bid · ask amount) / (ask amount + bid amount) of the best level, amounts as the venue reports them{_PREMIUM}",
        "quote per base",
        of.microprice,
        null_rule=_NOT_OPEN,
        source="weighted mid of Gatheral-Oomen 2009",
    ),
)

IMBALANCES = tuple(
    _last(
        f"obi_{count}",
        f"(Σ bid amount − Σ ask amount) / (Σ bid amount + Σ ask amount) over the best {count} level(s), amounts as the venue reports them",
        "[−1, 1]",
        of.imbalance(count),
        null_rule=f"{_NO_BOOK}, a side is empty, or the source gives fewer than {count} levels",
    )
    for count in (1, 5, 25)
)

DEPTHS = (
    *(
        _last(
            f"depth_{side}_5",
            "Σ quote value of the best 5 levels, 0 for an empty side; quote = amount · multiplier · price, inverse: amount · multiplier"
            f"{_PREMIUM}",
            "quote",
            of.depth(side, 5),
            null_rule=f"{_NO_BOOK}, or the source gives fewer than 5 levels",
        )
        for side in ("bid", "ask")
    ),
    *(
        _last(
            f"depth_within_{distance}bps_{side}",
            f"Σ quote value of the levels with 1e4 · |price − mid| / mid <= {distance}, over every level the source gave: a lower bound"
            f" where those levels end nearer to the mid{_PREMIUM}",
            "quote",
            of.depth_within(side, distance),
            null_rule=_NOT_OPEN,
        )
        for distance in (5, 10, 25)
        for side in ("bid", "ask")
    ),
    *(
        _last(
            f"book_slope_{side}",
            f"least-squares slope, with intercept, of cumulative quote value on 1e4 · |price − mid| / mid over the best 5 levels{_PREMIUM}",
            "quote per bps",
            of.slope(side, 5),
            null_rule=f"{_NOT_OPEN}, or the side has fewer than 2 levels",
            minimum_observations=2,
            source="Næs-Skjeltorp 2006",
        )
        for side in ("bid", "ask")
    ),
)

COSTS = tuple(
    _last(
        f"sweep_cost_{label}_{taker}",
        f"1e4 · {formula}, VWAP of a market {taker} of {notional:,} quote (inverse options: base) over every level the source gave",
        _BPS,
        of.sweep_cost(side, notional),
        null_rule=f"{_NOT_OPEN}, or the levels hold less than {notional:,} quote",
    )
    for label, notional in (("10k", 10_000), ("100k", 100_000))
    for taker, side, formula in (("buy", "ask", "(VWAP / mid − 1)"), ("sell", "bid", "(1 − VWAP / mid)"))
)

SOURCE_LEVELS = _last(
    "levels", "levels per side that the source's rows can hold, 5 or 25", "1", of.level_count, type=_WHOLE, null_rule=_NO_BOOK
)

_DURATION = (
    "a book is charged to every bucket that it spans until its next row, for at most 5 minutes, up to the end of listing;"
    " options: in the 15s buckets that have an update"
)
TOTALS = (
    _meta("crossed_us", f"time in the bucket with best bid > best ask; {_DURATION}", "µs", _WHOLE, version=2),
    _meta("locked_us", f"time in the bucket with best bid = best ask; {_DURATION}", "µs", _WHOLE, version=2),
    _meta("book_updates", "updates in the bucket", "1", _WHOLE),
)

STATE_FEATURES = (*LEVELS, *PRICES, *IMBALANCES, *DEPTHS, *COSTS, SOURCE_LEVELS)
"""The columns that :mod:`state_features` computes from one book state."""

FEATURES = (*KEY, *STATE_FEATURES, *TOTALS)
"""Every column, in the order in which it is stored."""


def _dataset(timeframe: Timeframe) -> Dataset:
    return Dataset(
        tier="processed_book_snapshots",
        name=f"book_snapshots_{timeframe}",
        partition=f"timeframe-{timeframe}",
        timeframe=timeframe,
        doc=f"The last book of every {timeframe} bucket, with its spread, depth and cost. One row per bucket in which the instrument was"
        " listed (options: per bucket with an update), ascending. Prices are of the exchange's last update before the bucket's end.",
        columns={feature.name: feature.column() for feature in FEATURES},
    )


BOOK_SNAPSHOTS = {timeframe: _dataset(timeframe) for timeframe in TIMEFRAMES}
