"""Our candles against the exchange's own, bucket by bucket."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa

from market_data_assets.compute.quality.columns import Doubles, Flags, Int64s, instants, numbers
from market_data_assets.compute.quality.findings import Finding

COLUMNS = (
    *("timestamp", "open", "high", "low", "close", "volume", "quote_volume", "trade_count"),
    *("buy_volume", "buy_quote_volume"),
)
"""What is compared of our candles."""

KLINE_COLUMNS: Mapping[str, str] = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "volume",
    "quote_volume": "quote_volume",
    "trade_count": "count",
    "buy_volume": "taker_buy_volume",
    "buy_quote_volume": "taker_buy_quote_volume",
}
"""Our column → the exchange's."""

_COUNT = "trade_count"
_BASE_OF_INVERSE = ("volume", "buy_volume")
_INVERSE_PLACES = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the buckets of one instrument. Each bucket of either side is in one of the counts.

    Attributes:
        equal: Equal in every column, though perhaps of aggregated trades.
        aggregated: … of these, those equal in all but the number of trades, which is lower: our rows are aggregated trades.
        empty: Without trades on both sides; the exchange's is flat, or absent.
        edges: The bucket of our first trade, or of our last, which holds less than the exchange's: the recording began, or
            ended, inside it.
        unrecorded: Before our first trade, or after our last, and traded on the exchange.
        different: What is left; between our first trade and our last.
        findings: One per column in which buckets are different (wrong), and one for what lies outside the recording (thin).
    """

    equal: int
    aggregated: int
    empty: int
    edges: int
    unrecorded: int
    different: int
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides on the union of their buckets, NaN where a side has none; and where each column is the same."""

    starts: Int64s
    ours: Mapping[str, Doubles]
    theirs: Mapping[str, Doubles]
    same: Mapping[str, Flags]


def compare(instrument: str, ours: pa.Table, klines: pa.Table, *, inverse: bool = False, multiplier: float = 1.0) -> Comparison:
    """Our candles of a day against the exchange's.

    Equal means the same number, or where ours has more decimals than the exchange ever prints in that column, its rounding
    or its truncation to as many.

    Args:
        ours: :data:`COLUMNS` of one instrument, ascending.
        klines: The exchange's candles of the same timeframe: ``open_time`` and the columns of :data:`KLINE_COLUMNS`. Of inverse
            contracts ``volume`` counts contracts and ``quote_volume`` is in base; here they are brought to our columns.
        multiplier: Quote in one contract (inverse).
    """
    sides = _aligned(ours, _in_our_units(klines, inverse=inverse, multiplier=multiplier), instants(klines, "open_time"), inverse=inverse)
    we_traded, they_traded = sides.ours[_COUNT] > 0, sides.theirs[_COUNT] > 0
    both = we_traded & they_traded
    all_but_count = both & np.logical_and.reduce([flags for name, flags in sides.same.items() if name != _COUNT])
    fewer = sides.ours[_COUNT] < sides.theirs[_COUNT]
    aggregated = all_but_count & fewer
    equal = all_but_count & (sides.same[_COUNT] | aggregated)
    empty = ~we_traded & ~they_traded
    traded = np.flatnonzero(we_traded)
    place = np.arange(len(sides.starts))
    first, last = (int(traded[0]), int(traded[-1])) if len(traded) else (len(place), -1)
    edges = both & ~equal & fewer & (((place == first) & sides.same["close"]) | ((place == last) & sides.same["open"]))
    unrecorded = they_traded & ((place < first) | (place > last))
    different = ~(equal | empty | edges | unrecorded)
    return Comparison(
        equal=int(equal.sum()),
        aggregated=int(aggregated.sum()),
        empty=int(empty.sum()),
        edges=int(edges.sum()),
        unrecorded=int(unrecorded.sum()),
        different=int(different.sum()),
        findings=[*_differences(instrument, sides, different), *_partial(instrument, sides.starts, edges | unrecorded)],
    )


def _aligned(ours: pa.Table, theirs: Mapping[str, Doubles], their_times: Int64s, *, inverse: bool) -> _Sides:
    our_times = instants(ours)
    starts = np.union1d(our_times, their_times)
    mine = {name: _placed(starts, our_times, numbers(ours, name)) for name in KLINE_COLUMNS}
    placed = {name: _placed(starts, their_times, values) for name, values in theirs.items()}
    same = {name: _same(mine[name], placed[name]) for name in KLINE_COLUMNS}
    if inverse:
        # The exchange sums quotients that it rounds to eight places one by one.
        slack = placed[_COUNT] * 10.0**-_INVERSE_PLACES
        same |= {name: same[name] | (np.abs(mine[name] - placed[name]) <= slack) for name in _BASE_OF_INVERSE}
    return _Sides(starts, mine, placed, same)


def _differences(instrument: str, sides: _Sides, different: Flags) -> Iterator[Finding]:
    for name, flags in sides.same.items():
        differs = different & ~flags
        if differs.any():
            at = int(np.argmax(differs))
            detail = f"such as {sides.ours[name][at]:.15g}, the exchange has {sides.theirs[name][at]:.15g}"
            yield Finding(instrument, f"unlike_exchange:{name}", int(differs.sum()), len(flags), True, int(sides.starts[at]), detail)


def _partial(instrument: str, starts: Int64s, flags: Flags) -> Iterator[Finding]:
    if flags.any():
        at = int(starts[np.argmax(flags)])
        detail = "the exchange traded before our first trade, or after our last: the recording is not of the whole day"
        yield Finding(instrument, "partial_day", int(flags.sum()), len(starts), False, at, detail)


def _in_our_units(klines: pa.Table, *, inverse: bool, multiplier: float) -> dict[str, Doubles]:
    theirs = {name: numbers(klines, column) for name, column in KLINE_COLUMNS.items()}
    if not inverse:
        return theirs
    contracts, base = (theirs["volume"], theirs["buy_volume"]), (theirs["quote_volume"], theirs["buy_quote_volume"])
    swapped = {
        "volume": base[0],
        "buy_volume": base[1],
        "quote_volume": contracts[0] * multiplier,
        "buy_quote_volume": contracts[1] * multiplier,
    }
    return theirs | swapped


def _placed(starts: Int64s, times: Int64s, values: Doubles) -> Doubles:
    """Values at their places among all starts; NaN where the side has no bucket."""
    placed = np.full(len(starts), np.nan)
    placed[np.searchsorted(starts, times)] = values
    return placed


def _places(values: Doubles) -> int:
    """Most decimals that the exchange prints in a column. The shortest decimal of each double is what was printed."""
    return max((_decimals(value) for value in np.unique(values[np.isfinite(values)]).tolist()), default=0)


def _decimals(value: float) -> int:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _same(ours: Doubles, theirs: Doubles) -> Flags:
    same, places = ours == theirs, _places(theirs)
    for at in np.flatnonzero(~same & np.isfinite(ours) & np.isfinite(theirs)):
        same[at] = _prints_as(Decimal(repr(float(ours[at]))), Decimal(repr(float(theirs[at]))), places)
    return np.asarray(same)


def _prints_as(ours: Decimal, theirs: Decimal, places: int) -> bool:
    step = Decimal(1).scaleb(-places)
    return any(ours.quantize(step, rounding) == theirs for rounding in (ROUND_HALF_EVEN, ROUND_DOWN))
