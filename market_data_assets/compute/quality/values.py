"""Prices and amounts: possible at all, without a price far off its neighbours, and in one unit all day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from market_data_assets.compute.quality.columns import Doubles, Flags, Int64s, first_time
from market_data_assets.compute.quality.findings import Finding

JUMP_FACTOR = 2.0
"""A price this many times above or below both its neighbourhoods is no price of the same market."""
_NEIGHBOURS = 5
_FAR = 2.0
"""Decades off the day's median from which on an amount may be in another unit."""
_STEP, _SLACK = 3.0, 0.5
"""Units differ by three decades (milli, kilo); medians of a span scatter by half of one."""
_TOGETHER = 0.8
"""Least share of a span's rows that are off by more than half a step: another unit moves small amounts as it does large ones."""
_LEAST_ROWS = 10
_SHORTEST, _LONGEST = 9, 101


@dataclass(frozen=True, slots=True)
class Signs:
    """What a column may hold, where it holds anything: NaN stands for nothing.

    Attributes:
        positive: Above 0; otherwise 0 is allowed, too.
        required: NaN is not allowed either.
    """

    positive: bool = True
    required: bool = False


def judge_signs(instrument: str, times: Int64s, columns: Mapping[str, tuple[Doubles, Signs]]) -> Iterator[Finding]:
    """Values that cannot be: infinite, negative, zero where that is impossible, or missing. All are wrong."""
    for name, (values, signs) in columns.items():
        with np.errstate(invalid="ignore"):
            impossible = np.isinf(values) | (values <= 0 if signs.positive else values < 0)
        if signs.required:
            impossible |= np.isnan(values)
        if impossible.any():
            example = f"such as {values[np.argmax(impossible)]}"
            yield Finding(
                instrument, f"impossible_{name}", int(impossible.sum()), len(values), True, first_time(times, impossible), example
            )


def judge_jumps(instrument: str, name: str, times: Int64s, prices: Doubles) -> Iterator[Finding]:
    """Single prices off by more than :data:`JUMP_FACTOR` against the medians of the five before and of the five after.

    A market that moves for good is off against one of them only. Flagged, never deleted: they warn.
    """
    known = np.flatnonzero(np.isfinite(prices) & (prices > 0))
    logs = np.log(prices[known])
    jumps = np.zeros(len(prices), dtype=bool)
    # Between two rows a spike moves the price by at least half of what it is off, so few rows are looked at closely.
    suspects = np.flatnonzero(np.abs(np.diff(logs)) > np.log(JUMP_FACTOR) / 2)
    for at in np.unique(np.concatenate([suspects, suspects + 1])):
        before, after = logs[max(0, at - _NEIGHBOURS) : at], logs[at + 1 : at + 1 + _NEIGHBOURS]
        sides = [float(logs[at] - np.median(side)) for side in (before, after) if len(side) >= 2]
        jumps[known[at]] = bool(sides) and (min(sides) > np.log(JUMP_FACTOR) or max(sides) < -np.log(JUMP_FACTOR))
    if jumps.any():
        example = f"such as {prices[np.argmax(jumps)]}, more than {JUMP_FACTOR:g} times off its neighbours' medians"
        yield Finding(instrument, f"jump_of_{name}", int(jumps.sum()), len(prices), False, first_time(times, jumps), example)


def judge_unit(instrument: str, name: str, times: Int64s, amounts: Doubles) -> Iterator[Finding]:
    """Spans in which amounts are about a thousand (million, …) times larger or smaller than on the rest of the day.

    A row is far off at a hundred times the day's median, or a hundredth; a span is a run of windows most of whose rows are.
    A window has 9 rows, on busy days one in five hundred of them up to 101. The fills of one order share its time, and only
    the first row of a time is judged, so that a large order does not make a span. The median of a span must lie within half
    a decade of whole thousands of what is usual on the rest of the day, and nearly all its rows must be off, the small ones
    too: other amounts are large, not of another unit. Spans of fewer rows than half a window are not found, nor where amounts
    scatter over decades; a flip that lasts most of the day shows as one of the rest; one that lasts all day cannot be seen
    here. They warn.
    """
    known = np.flatnonzero(np.isfinite(amounts) & (amounts > 0))
    known = known[np.diff(times[known], prepend=-1) > 0]
    if len(known) < _LEAST_ROWS:
        return
    logs = np.log10(amounts[known])
    off = logs - np.median(logs)
    flipped = np.zeros(len(amounts), dtype=bool)
    factors = []
    for far in (off > _FAR, off < -_FAR):
        spans = list(_crowded(far))
        rest = np.ones(len(off), dtype=bool)
        for start, end in spans:
            rest[start:end] = False
        # The flipped rows moved the day's median, too: a span is measured against what is left.
        usual = float(np.median(off[rest])) if rest.any() else 0.0
        for start, end in spans:
            nearest = _whole_thousands(off[start:end] - usual)
            if nearest:
                flipped[known[start:end]] = True
                factors.append(f"about 10^{nearest:g}")
    if factors:
        detail = f"{', '.join(dict.fromkeys(factors))} times the day's median in {len(factors)} span(s)"
        yield Finding(instrument, f"unit_of_{name}", int(flipped.sum()), len(amounts), False, first_time(times, flipped), detail)


def runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """``[start, end)`` of every run of set flags."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _whole_thousands(off: Doubles) -> float:
    """By how many decades, a multiple of three, a span as a whole is off; 0 where it is not."""
    decades = float(np.median(off))
    nearest = _STEP * round(decades / _STEP)
    together = np.mean(np.sign(decades) * off > _STEP / 2) >= _TOGETHER
    return nearest if together and abs(decades - nearest) <= _SLACK else 0.0


def _crowded(far: Flags) -> Iterator[tuple[int, int]]:
    """Runs of windows in which most rows are far off, as ``[start, end)`` from the first such row to the last."""
    half = int(np.clip(len(far) // 500, _SHORTEST, _LONGEST)) // 2
    total = np.concatenate([np.zeros(half + 1, np.int64), np.cumsum(far)])
    total = np.concatenate([total, np.full(half, total[-1])])
    window = 2 * half + 1
    for middle, end in runs(2 * (total[window:] - total[:-window]) > window):
        start = max(0, middle - half)
        inside = np.flatnonzero(far[start : end + half])
        yield start + int(inside[0]), start + int(inside[-1]) + 1
