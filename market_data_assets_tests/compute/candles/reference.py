"""Every feature of a candle, slowly and plainly, from the text of its formula. Only what a reader can check by hand."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import fmean, median

from market_data_assets.compute.contract import Contract
from market_data_assets.compute.numbering import is_numbered
from market_data_assets.compute.staleness import MAX_AGE
from market_data_assets.domain.timeframes import FINEST
from market_data_assets_tests.compute.candles.trades import MIDNIGHT, SECOND, Trade

Candle = dict[str, float | int | str | None]


def _decimal(value: float) -> Fraction:
    """The decimal number that a double is printed as."""
    return Fraction(repr(value))


def _base_and_quote(trade: Trade, contract: Contract) -> tuple[Fraction, Fraction]:
    size = _decimal(trade.amount) * _decimal(contract.multiplier)
    price = _decimal(trade.price)
    return (size / price, size) if contract.inverse else (size, size * price)


def _signed(trade: Trade) -> int:
    return {"buy": 1, "sell": -1, "unknown": 0}[trade.side]


def _covariance(pairs: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    n = len(pairs)
    return sum((x * y for x, y in pairs), Fraction(0)) / n - sum(x for x, _ in pairs) * sum(y for _, y in pairs) / Fraction(n * n)


def _log(later: float, earlier: float) -> float:
    change = (_decimal(later) - _decimal(earlier)) / _decimal(earlier)
    return math.log1p(float(change)) if abs(change) < Fraction(1, 2) else math.log(later / earlier)


def _seconds(trades: Sequence[Trade]) -> Mapping[int, list[int]]:
    """Numbers of the trades in each second."""
    seconds: dict[int, list[int]] = {}
    for number, trade in enumerate(trades):
        seconds.setdefault(trade.at // SECOND, []).append(number)
    return seconds


def candle(trades: Sequence[Trade], contract: Contract, start: int, length: int) -> Candle:
    """The bucket ``[start, start + length)``, µs since 00:00, of a day whose trades are in order and each once."""
    inside = [number for number, trade in enumerate(trades) if start <= trade.at < start + length]
    rows = [trades[number] for number in inside]
    sizes = [_base_and_quote(trade, contract) for trade in rows]
    edges = [start, *(trade.at for trade in rows), start + length]
    result: Candle = {
        "timestamp": MIDNIGHT + start,
        "timestamp_close": MIDNIGHT + start + length,
        "available_at": _available(trades, start, start + length),
        "first_trade_at": MIDNIGHT + rows[0].at if rows else None,
        "last_trade_at": MIDNIGHT + rows[-1].at if rows else None,
        "gap_us": max(later - earlier for earlier, later in pairwise(edges)),
        "dup_trades": 0,
        "out_of_order_trades": sum(
            any(other.at > trade.at and other.at + other.delay < trade.at + trade.delay for other in trades) for trade in rows
        ),
        "trade_count": len(rows),
        "cvd_day": float(
            sum((_signed(trade) * _base_and_quote(trade, contract)[0] for trade in trades if trade.at < start + length), Fraction(0))
        ),
    }
    result.update(_prices(rows))
    result.update(_volumes(rows, sizes))
    result.update(_returns(trades, inside))
    result.update(_liquidity(trades, start, length, contract))
    result.update(_timing(trades, inside))
    return result


def _available(trades: Sequence[Trade], start: int, end: int) -> int:
    """When all trades before the end had arrived, and those that prove that none is missing from its 15s buckets without trades."""
    needed = [trade for trade in trades if trade.at < end]
    width = FINEST.microseconds
    for number, (before, after) in enumerate(pairwise(trades), 1):
        empty = range((before.at // width + 1) * width, after.at // width * width, width)
        numbered = is_numbered([trade.id for trade in trades[:number]]) and trades[0].id is not None
        if (numbered or after.at - before.at <= MAX_AGE) and any(start <= bucket < end for bucket in empty):
            needed.append(after)
    return MIDNIGHT + max([end, *(trade.at + trade.delay for trade in needed)])


def _prices(rows: Sequence[Trade]) -> Candle:
    prices = [trade.price for trade in rows]
    if not rows:
        return dict.fromkeys(["open", "high", "low", "close", "return_log"])
    return {
        "open": prices[0],
        "high": max(prices),
        "low": min(prices),
        "close": prices[-1],
        "return_log": math.log(prices[-1] / prices[0]),
    }


def _volumes(rows: Sequence[Trade], sizes: Sequence[tuple[Fraction, Fraction]]) -> Candle:
    def of(part: int, *sides: str) -> Fraction:
        return sum((size[part] for trade, size in zip(rows, sizes, strict=True) if trade.side in sides), Fraction(0))

    base, quote = of(0, "buy", "sell", "unknown"), of(1, "buy", "sell", "unknown")
    buy, sell, n = of(0, "buy"), of(0, "sell"), len(rows)
    mean = base / n if n else None
    squares = sum((size[0] ** 2 for size in sizes), Fraction(0))
    return {
        "volume": float(base),
        "quote_volume": float(quote),
        "buy_volume": float(buy),
        "sell_volume": float(sell),
        "unknown_volume": float(of(0, "unknown")),
        "buy_quote_volume": float(of(1, "buy")),
        "sell_quote_volume": float(of(1, "sell")),
        "buy_count": sum(trade.side == "buy" for trade in rows),
        "sell_count": sum(trade.side == "sell" for trade in rows),
        "vwap": float(quote / base) if n else None,
        "trade_size_mean": float(mean) if mean is not None else None,
        "trade_size_std": math.sqrt(squares / n - mean**2) if n > 1 and mean is not None else None,
        "trade_size_max": float(max(size[0] for size in sizes)) if n else None,
        "volume_delta": float(buy - sell),
        "volume_imbalance": float((buy - sell) / (buy + sell)) if buy + sell else None,
    }


def _returns(trades: Sequence[Trade], inside: Sequence[int]) -> Candle:
    changed = [number for number in inside if number >= 1]
    paired = [number for number in inside if number >= 2]
    returns = {number: _log(trades[number].price, trades[number - 1].price) for number in range(1, len(trades))}
    changes = {number: _decimal(trades[number].price) - _decimal(trades[number - 1].price) for number in range(1, len(trades))}
    result: Candle = {
        "up_ticks": sum(changes[number] > 0 for number in changed),
        "down_ticks": sum(changes[number] < 0 for number in changed),
    }
    result |= dict.fromkeys(
        ["rv_tick", "rs_up", "rs_down", "realized_quarticity", "efficiency", "bipower_variation", "jump_variation", "roll_spread"]
    )
    if changed:
        result["rv_tick"] = math.fsum(returns[number] ** 2 for number in changed)
        result["rs_up"] = math.fsum(returns[number] ** 2 for number in changed if returns[number] > 0)
        result["rs_down"] = math.fsum(returns[number] ** 2 for number in changed if returns[number] < 0)
        result["realized_quarticity"] = len(changed) / 3 * math.fsum(returns[number] ** 4 for number in changed)
        path = math.fsum(abs(returns[number]) for number in changed)
        result["efficiency"] = abs(math.fsum(returns[number] for number in changed)) / path if path else None
    if paired:
        bipower = math.pi / 2 * math.fsum(abs(returns[number] * returns[number - 1]) for number in paired)
        result["bipower_variation"] = bipower
        result["jump_variation"] = max(result["rv_tick"] - bipower, 0.0)  # type: ignore[operator]
    if len(paired) >= 2:
        covariance = _covariance([(changes[number], changes[number - 1]) for number in paired])
        result["roll_spread"] = 2 * math.sqrt(-covariance) if covariance < 0 else None
    return result


def _liquidity(trades: Sequence[Trade], start: int, length: int, contract: Contract) -> Candle:
    squares, ratios, pairs = [], [], []
    before = trades[0].price if trades else 0.0
    for second, numbers in _seconds(trades).items():
        last = trades[numbers[-1]].price
        if start <= second * SECOND < start + length:
            move = _log(last, before)
            sizes = [_base_and_quote(trades[number], contract) for number in numbers]
            flow = sum((_signed(trades[number]) * size[0] for number, size in zip(numbers, sizes, strict=True)), Fraction(0))
            squares.append(move**2)
            ratios.append(1e6 * abs(move) / float(sum(size[1] for size in sizes)))
            pairs.append((flow, _decimal(last) - _decimal(before)))
        before = last
    variance = _covariance([(x, x) for x, _ in pairs]) if pairs else Fraction(0)
    defined = len(pairs) >= 3 and variance > Fraction(1, 10**12) * sum(x * x for x, _ in pairs) / len(pairs)
    return {
        "rv_1s": math.fsum(squares) if squares else None,
        "amihud": fmean(ratios) if ratios else None,
        "kyle_lambda": float(_covariance(pairs) / variance) if defined else None,
    }


def _timing(trades: Sequence[Trade], inside: Sequence[int]) -> Candle:
    intervals = [trades[number].at - trades[number - 1].at for number in inside if number >= 1]
    delays = [trades[number].delay for number in inside]
    mean = Fraction(sum(intervals), len(intervals)) if intervals else Fraction(0)
    spread = sum(((interval - mean) ** 2 for interval in intervals), Fraction(0))
    return {
        "intertrade_mean": float(mean) if intervals else None,
        "intertrade_std": math.sqrt(spread / len(intervals)) if len(intervals) >= 2 else None,
        "delay_mean": float(Fraction(sum(delays), len(delays) * 1000)) if delays else None,
        "delay_min": min(delays) / 1000 if delays else None,
        "delay_max": max(delays) / 1000 if delays else None,
        "delay_median": median(delays) / 1000 if delays else None,
    }
