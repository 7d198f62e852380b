"""Candles as few enough bars to see: neighbours are put together until they fit the picture."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]
VOLUMES = ("buy_volume", "sell_volume", "unknown_volume")


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of equal length in order of time; one that has no prices is not among them.

    Attributes:
        span: ``[start, end)`` of the whole picture, µs UTC, gaps included.
        width: Length of a bar, µs.
        candles: How many candles a bar holds at most.
        start: Start of each bar, µs UTC.
        volumes: Per side, in base.
    """

    span: tuple[int, int]
    width: int
    candles: int
    start: Int64s
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volumes: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.start)


def bars_of(candles: pa.Table, at_most: int) -> Bars:
    """Candles as at most ``at_most`` bars: first open, highest high, lowest low, last close, summed volumes.

    Args:
        candles: Rows of one instrument and timeframe, ascending, as they are stored; rows without prices leave a gap.
    """
    start = _instants(candles, "timestamp")
    if not len(start):
        nothing = np.empty(0)
        return Bars((0, 0), 1, 1, start, nothing, nothing, nothing, nothing, dict.fromkeys(VOLUMES, nothing))
    first, end = int(start[0]), int(_instants(candles, "timestamp_close")[-1])
    length = int(_instants(candles, "timestamp_close")[0]) - first
    together = -(-(end - first) // (length * at_most))
    traded = ~np.isnan(_numbers(candles, "close"))
    bar = (start[traded] - first) // (length * together)
    firsts = np.flatnonzero(np.diff(bar, prepend=-1))
    lasts = np.append(firsts[1:], len(bar)) - 1
    column = {name: _numbers(candles, name)[traded] for name in ("open", "high", "low", "close", *VOLUMES)}
    return Bars(
        span=(first, end),
        width=length * together,
        candles=together,
        start=first + bar[firsts] * length * together,
        open=column["open"][firsts],
        high=_folded(np.maximum, column["high"], firsts),
        low=_folded(np.minimum, column["low"], firsts),
        close=column["close"][lasts] if len(bar) else np.empty(0),
        volumes={name: _folded(np.add, column[name], firsts) for name in VOLUMES},
    )


def bars_of_executions(table: pa.Table, span: tuple[int, int], count: int) -> Bars:
    """Trades or liquidations as bars of one length that divide the span (µs UTC, half-open) into ``count``.

    Args:
        table: ``timestamp, side, price, amount`` of one instrument, ascending; rows outside the span are left out. Volumes are
            sums of the amounts, in their unit.
    """
    times, width = _instants(table, "timestamp"), (span[1] - span[0]) // count
    inside = (times >= span[0]) & (times < span[1])
    bar, price, amount = (times[inside] - span[0]) // width, _numbers(table, "price")[inside], _numbers(table, "amount")[inside]
    firsts = np.flatnonzero(np.diff(bar, prepend=-1))
    lasts = (np.append(firsts[1:], len(bar)) - 1) if len(bar) else firsts
    sides = table["side"].cast(pa.string())
    volumes = {}
    for name in VOLUMES:
        taken = pc.equal(sides, pa.scalar(name.removesuffix("_volume"))).to_numpy()[inside]
        volumes[name] = _folded(np.add, np.where(taken, amount, 0.0), firsts)
    return Bars(
        span=span,
        width=width,
        candles=1,
        start=span[0] + bar[firsts] * width,
        open=price[firsts],
        high=_folded(np.maximum, price, firsts),
        low=_folded(np.minimum, price, firsts),
        close=price[lasts],
        volumes=volumes,
    )


def _folded(fold: np.ufunc, values: Floats, firsts: Int64s) -> Floats:
    return np.asarray(fold.reduceat(values, firsts)) if len(values) else values


def _instants(table: pa.Table, name: str) -> Int64s:
    return table[name].cast(pa.int64()).to_numpy()


def _numbers(table: pa.Table, name: str) -> Floats:
    return table[name].cast(pa.float64()).to_numpy()
