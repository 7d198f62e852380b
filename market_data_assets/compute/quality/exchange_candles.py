"""Our candles against the exchange's own, bucket by bucket."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa

from market_data_assets.compute.quality.columns import Doubles, Flags, instants, numbers
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
    starts = np.union1d(instants(ours), instants(klines, "open_time"))
    mine = {name: _placed(starts, instants(ours), numbers(ours, name)) for name in KLINE_COLUMNS}
    kline_times = instants(klines, "open_time")
    theirs = {
        name: _placed(starts, kline_times, values) for name, values in _in_our_units(klines, inverse=inverse, multiplier=multiplier).items()
    }
    we_traded, they_traded = mine[_COUNT] > 0, theirs[_COUNT] > 0
    places = {name: _places(values) for name, values in theirs.items()}
    if inverse:
        # The exchange sums quotients that it rounds to eight places one by one.
        slack = np.where(they_traded, theirs[_COUNT], 0) * 10.0**-_INVERSE_PLACES
    else:
        slack = np.zeros(len(starts))
    same = {
        name: _same(mine[name], theirs[name], places[name])
        | (inverse and name in _BASE_OF_INVERSE) & (np.abs(mine[name] - theirs[name]) <= slack)
        for name in KLINE_COLUMNS
    }
    return _classify(instrument, starts, we_traded, they_traded, mine, theirs, same)


def _classify(
    instrument: str,
    starts: np.ndarray[tuple[int], np.dtype[np.int64]],
    we_traded: Flags,
    they_traded: Flags,
    mine: Mapping[str, Doubles],
    theirs: Mapping[str, Doubles],
    same: Mapping[str, Flags],
) -> Comparison:
    both = we_traded & they_traded
    all_but_count = both & np.logical_and.reduce([flags for name, flags in same.items() if name != _COUNT])
    fewer = mine[_COUNT] < theirs[_COUNT]
    aggregated = all_but_count & fewer
    equal = all_but_count & (same[_COUNT] | aggregated)
    empty = ~we_traded & ~they_traded
    traded = np.flatnonzero(we_traded)
    place = np.arange(len(starts))
    first, last = (int(traded[0]), int(traded[-1])) if len(traded) else (len(starts), -1)
    outside = (place < first) | (place > last)
    edges = both & ~equal & fewer & (((place == first) & same["close"]) | ((place == last) & same["open"]))
    unrecorded = they_traded & outside
    different = ~(equal | empty | edges | unrecorded)
    findings = [
        *_differences(instrument, starts, different, they_traded, mine, theirs, same),
        *_partial(instrument, starts, edges | unrecorded),
    ]
    counts = (int(flags.sum()) for flags in (equal, aggregated, empty, edges, unrecorded, different))
    return Comparison(*counts, findings)


def _differences(
    instrument: str,
    starts: np.ndarray[tuple[int], np.dtype[np.int64]],
    different: Flags,
    they_traded: Flags,
    mine: Mapping[str, Doubles],
    theirs: Mapping[str, Doubles],
    same: Mapping[str, Flags],
) -> Iterator[Finding]:
    for name, flags in same.items():
        differs = different & ~flags
        if differs.any():
            at = int(np.argmax(differs))
            found = "no candle" if not they_traded[at] else f"{theirs[name][at]:.15g}"
            detail = f"such as {mine[name][at]:.15g}, the exchange has {found}"
            yield Finding(instrument, f"unlike_exchange:{name}", int(differs.sum()), len(starts), True, int(starts[at]), detail)


def _partial(instrument: str, starts: np.ndarray[tuple[int], np.dtype[np.int64]], flags: Flags) -> Iterator[Finding]:
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


def _placed(
    starts: np.ndarray[tuple[int], np.dtype[np.int64]], times: np.ndarray[tuple[int], np.dtype[np.int64]], values: Doubles
) -> Doubles:
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


def _same(ours: Doubles, theirs: Doubles, places: int) -> Flags:
    same = ours == theirs
    for at in np.flatnonzero(~same & np.isfinite(ours) & np.isfinite(theirs)):
        same[at] = _prints_as(Decimal(repr(float(ours[at]))), Decimal(repr(float(theirs[at]))), places)
    return np.asarray(same)


def _prints_as(ours: Decimal, theirs: Decimal, places: int) -> bool:
    step = Decimal(1).scaleb(-places)
    return any(ours.quantize(step, rounding) == theirs for rounding in (ROUND_HALF_EVEN, ROUND_DOWN))
