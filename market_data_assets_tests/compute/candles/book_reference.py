"""The book columns of a candle, slowly and plainly, from the text of their formulas."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

from market_data_assets.compute.contract import Contract
from market_data_assets.compute.staleness import MAX_AGE
from market_data_assets_tests.compute.book_snapshots.books import Row, Side
from market_data_assets_tests.compute.candles.trades import Trade

Candle = dict[str, float | int | None]
_INFINITE = Fraction(10) ** 30


def book_candle(rows: Sequence[Row], trades: Sequence[Trade], contract: Contract, start: int, length: int, *, until: int) -> Candle:
    """The bucket ``[start, start + length)``, µs since 00:00, of a day with these book rows and trades, both ascending.

    Args:
        until: End of listing, µs since 00:00: the last book stands until then, as every book at most for MAX_AGE.
    """
    ends = [min(end, row.at + MAX_AGE) for row, end in zip(rows, [*(later.at for later in rows[1:]), until], strict=False)]
    standing = [
        (row, min(end, start + length) - max(row.at, start))
        for row, end in zip(rows, ends, strict=False)
        if min(end, start + length) > max(row.at, start)
    ]
    opened = [(row, time) for row, time in standing if _is_open(row)]
    two_sided = [(row, time) for row, time in standing if row.asks and row.bids]
    result: Candle = {
        "spread_last": float(_spread(opened[-1][0])) if opened else None,
        "spread_twa": _mean(opened, _spread),
        "spread_bps_twa": _mean(opened, lambda row: 10_000 * _spread(row) / _mid(row)),
        "mid_last": float(_mid(opened[-1][0])) if opened else None,
        "mid_twa": _mean(opened, _mid),
        "micro_deviation_bps_twa": _mean(opened, lambda row: 10_000 * (_weighted(row) - _mid(row)) / _mid(row)),
        "crossed_us": sum(time for row, time in two_sided if row.bids[0][0] > row.asks[0][0]),
        "book_updates": sum(start <= row.at < start + length for row in rows),
        "effective_spread_bps": _effective(rows, [trade for trade in trades if start <= trade.at < start + length], contract),
    }
    for count in (1, 5):
        result[f"obi_{count}_last"] = float(_imbalance(two_sided[-1][0], count)) if two_sided else None
        result[f"obi_{count}_twa"] = _mean(two_sided, lambda row, count=count: _imbalance(row, count))  # type: ignore[misc]
    for side in ("bid", "ask"):
        result[f"depth_{side}_5_twa"] = _mean(standing, lambda row, side=side: _depth(getattr(row, f"{side}s")[:5], contract))  # type: ignore[misc]
    for level in range(1, 6):
        flows = [_flow(before, row, level, contract) for before, row in pairwise(rows) if start <= row.at < start + length]
        result["ofi" if level == 1 else f"mlofi_{level}"] = float(sum(flows)) if standing else None
    return result


def _mean(standing: Sequence[tuple[Row, int]], value: Callable[[Row], Fraction]) -> float | None:
    total = sum(time for _, time in standing)
    return float(sum(value(row) * time for row, time in standing) / total) if total else None


def _is_open(row: Row) -> bool:
    return bool(row.asks and row.bids) and row.bids[0][0] < row.asks[0][0]


def _spread(row: Row) -> Fraction:
    return _decimal(row.asks[0][0]) - _decimal(row.bids[0][0])


def _mid(row: Row) -> Fraction:
    return (_decimal(row.asks[0][0]) + _decimal(row.bids[0][0])) / 2


def _weighted(row: Row) -> Fraction:
    (ask, ask_amount), (bid, bid_amount) = ([_decimal(value) for value in side[0]] for side in (row.asks, row.bids))
    return (ask * bid_amount + bid * ask_amount) / (ask_amount + bid_amount)


def _imbalance(row: Row, count: int) -> Fraction:
    asks, bids = (sum(_decimal(amount) for _, amount in side[:count]) for side in (row.asks, row.bids))
    return Fraction(bids - asks) / (bids + asks)


def _depth(levels: Side, contract: Contract) -> Fraction:
    multiplier = _decimal(contract.multiplier)
    return sum((_decimal(amount) * multiplier * (1 if contract.inverse else _decimal(price)) for price, amount in levels), Fraction(0))


def _flow(before: Row, row: Row, level: int, contract: Contract) -> Fraction:
    (old_bid, old_bids), (bid, bids) = (_level(each.bids, level, contract, Fraction(0)) for each in (before, row))
    (old_ask, old_asks), (ask, asks) = (_level(each.asks, level, contract, _INFINITE) for each in (before, row))
    return bids * (bid >= old_bid) - old_bids * (bid <= old_bid) - asks * (ask <= old_ask) + old_asks * (ask >= old_ask)


def _level(side: Side, level: int, contract: Contract, missing: Fraction) -> tuple[Fraction, Fraction]:
    """Price, and amount in base."""
    if len(side) < level:
        return missing, Fraction(0)
    price, amount = (_decimal(value) for value in side[level - 1])
    size = amount * _decimal(contract.multiplier)
    return price, size / price if contract.inverse else size


def _effective(rows: Sequence[Row], trades: Sequence[Trade], contract: Contract) -> float | None:
    costs = []
    for trade in trades:
        before = [row for row in rows if row.at < trade.at]
        if trade.side != "unknown" and before and _is_open(before[-1]) and trade.at - before[-1].at <= MAX_AGE:
            price, mid = _decimal(trade.price), _mid(before[-1])
            size = _decimal(trade.amount) * (1 / price if contract.inverse else 1)
            costs.append((size, 20_000 * (1 if trade.side == "buy" else -1) * (price - mid) / mid))
    return float(sum(size * cost for size, cost in costs) / sum(size for size, _ in costs)) if costs else None


def _decimal(value: float) -> Fraction:
    """The decimal number that a double is printed as."""
    return Fraction(repr(value))
