"""Book snapshots the slow and obvious way: bucket by bucket from the rows, every column from the text of its record."""

import math
import operator
from collections.abc import Callable, Sequence

from market_data_assets.compute.contract import Contract
from market_data_assets.compute.staleness import MAX_AGE
from market_data_assets.domain.timeframes import FINEST, Timeframe
from market_data_assets_tests.compute.book_snapshots.books import DAY, Row, Side


def reference_rows(rows: Sequence[Row], contract: Contract, timeframe: Timeframe, levels: int) -> list[dict[str, object]]:
    """Every row of the table as a dictionary; instants as µs."""
    listed_start, listed_end = contract.listed_within(DAY)
    width = timeframe.microseconds
    starts = range(listed_start - listed_start % width, listed_end, width)
    made = [_bucket(rows, contract, levels, start, start + width) for start in starts]
    return [row for row in made if contract.has_full_grid or row["book_updates"]]


def _bucket(rows: Sequence[Row], contract: Contract, levels: int, *span: int) -> dict[str, object]:
    start, end = span
    known = [row for row in rows if row.time < end]
    inside = [row for row in known if row.time >= start]
    last = known[-1] if known else None
    listed_end = contract.listed_within(DAY)[1]
    spans = [(start, end)] if contract.has_full_grid else _updated_15s(rows, start, end)
    return {
        "instrument_id": str(contract.instrument_id),
        "timestamp": start,
        "timestamp_close": end,
        "available_at": max([end, *(row.arrival for first, stop in spans for row in _contributing(rows, first, stop))]),
        "bucket_status": "quoted" if any(_is_recent(rows, stop) for stop in _ends_15s(rows, contract, start, end)) else "no_data",
        "snapshot_at": last.time if last else None,
        "stale_us": end - last.time if last else None,
        **_state(last, contract, levels),
        "crossed_us": sum(_time(rows, first, min(stop, listed_end), operator.gt) for first, stop in spans),
        "locked_us": sum(_time(rows, first, min(stop, listed_end), operator.eq) for first, stop in spans),
        "book_updates": len(inside),
    }


def _ends_15s(rows: Sequence[Row], contract: Contract, start: int, end: int) -> list[int]:
    """Ends of the listed 15s buckets that the table has."""
    if not contract.has_full_grid:
        return [stop for _, stop in _updated_15s(rows, start, end)]
    first, last = contract.listed_within(DAY)
    width = FINEST.microseconds
    return [at + width for at in range(start, end, width) if at + width > first and at < last]


def _is_recent(rows: Sequence[Row], instant: int) -> bool:
    """Whether the last update before the instant is at most MAX_AGE older."""
    return any(instant - MAX_AGE <= row.time < instant for row in rows)


def _updated_15s(rows: Sequence[Row], start: int, end: int) -> list[tuple[int, int]]:
    width = FINEST.microseconds
    starts = sorted({row.time - row.time % width for row in rows})
    return [(first, first + width) for first in starts if start <= first < end]


def _contributing(rows: Sequence[Row], start: int, end: int) -> list[Row]:
    """The updates of the span, and the one whose book it opens with."""
    return [row for row in rows if start <= row.time < end] + [row for row in rows if row.time < start][-1:]


def _time(rows: Sequence[Row], start: int, end: int, bid_to_ask: Callable[[float, float], bool]) -> int:
    """How long, within the span, the best bid stood so to the best ask."""
    total = 0
    for number, row in enumerate(rows):
        if row.asks and row.bids and bid_to_ask(row.bids[0][0], row.asks[0][0]):
            until = min(row.time + MAX_AGE, rows[number + 1].time if number + 1 < len(rows) else end)
            total += max(0, min(until, end) - max(row.time, start))
    return total


def _state(row: Row | None, contract: Contract, levels: int) -> dict[str, object]:
    asks: Side = row.asks if row else []
    bids: Side = row.bids if row else []
    state: dict[str, object] = {}
    for side, given in (("ask", asks), ("bid", bids)):
        for number in range(5):
            state[f"{side}_price_{number + 1}"] = given[number][0] if number < len(given) else None
            state[f"{side}_amount_{number + 1}"] = given[number][1] if number < len(given) else None
    is_open = bool(asks) and bool(bids) and bids[0][0] < asks[0][0]
    mid = (asks[0][0] + bids[0][0]) / 2 if is_open else None
    state["mid"] = mid
    state["spread"] = asks[0][0] - bids[0][0] if mid else None
    state["spread_bps"] = 1e4 * (asks[0][0] - bids[0][0]) / mid if mid else None
    state["microprice"] = (asks[0][0] * bids[0][1] + bids[0][0] * asks[0][1]) / (asks[0][1] + bids[0][1]) if mid else None
    for count in (1, 5, 25):
        state[f"obi_{count}"] = _imbalance(asks[:count], bids[:count]) if levels >= count else None
    for side, given in (("bid", bids), ("ask", asks)):
        values = [_quote(level, contract) for level in given]
        state[f"depth_{side}_5"] = math.fsum(values[:5]) if row and levels >= 5 else None
        distances = [abs(price - mid) / mid * 1e4 for price, _ in given] if mid else []
        for limit in (5, 10, 25):
            near = math.fsum(value for value, distance in zip(values, distances, strict=False) if distance <= limit)
            state[f"depth_within_{limit}bps_{side}"] = near if mid else None
        state[f"book_slope_{side}"] = _slope(distances[:5], values[:5])
    for label, notional in (("10k", 10_000.0), ("100k", 100_000.0)):
        state[f"sweep_cost_{label}_buy"] = _sweep(asks, contract, mid, notional, 1)
        state[f"sweep_cost_{label}_sell"] = _sweep(bids, contract, mid, notional, -1)
    state["levels"] = levels if row else None
    return state


def _quote(level: tuple[float, float], contract: Contract) -> float:
    price, amount = level
    return amount * contract.multiplier if contract.inverse else amount * contract.multiplier * price


def _imbalance(asks: Side, bids: Side) -> float | None:
    if not asks or not bids:
        return None
    bid, ask = math.fsum(amount for _, amount in bids), math.fsum(amount for _, amount in asks)
    return (bid - ask) / (bid + ask)


def _slope(distances: Sequence[float], values: Sequence[float]) -> float | None:
    if len(distances) < 2:
        return None
    cumulative = [math.fsum(values[: number + 1]) for number in range(len(distances))]
    mean_x, mean_y = math.fsum(distances) / len(distances), math.fsum(cumulative) / len(distances)
    covariance = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(distances, cumulative, strict=True))
    return covariance / math.fsum((x - mean_x) ** 2 for x in distances)


def _sweep(side: Side, contract: Contract, mid: float | None, notional: float, direction: int) -> float | None:
    if mid is None:
        return None
    left, base = notional, 0.0
    for level in side:
        eaten = min(left, _quote(level, contract))
        base += eaten / level[0]
        left -= eaten
    # What is left of a level that fills the order exactly is rounding.
    return None if left > notional * 1e-12 else direction * (notional / base / mid - 1) * 1e4
