"""Charts of stored candles and book snapshots, as SVG. Equal tables give equal pictures."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.report.bars import VOLUMES, Bars, bars_of
from market_data_assets.report.drawing import BLUE, FAINT, GREY, VERMILION
from market_data_assets.report.panels import Floats, Int64s, Panel, TimeChart, no_values

# Five pixels a bar, in which body and gap are told apart; and ten minutes of a day, which a reader can count.
MOST_BARS = 144
_COLOURS: Mapping[str, tuple[str, str]] = dict(zip(VOLUMES, ((BLUE, "bought"), (VERMILION, "sold"), (GREY, "side unknown")), strict=True))
_CANDLES = ((BLUE, "rose"), (VERMILION, "fell"))


def candle_chart(table: pa.Table, title: str) -> str:
    """Candles, their volume by side, and the spread where a book was there; time in UTC.

    Blue rose or was bought, vermilion fell or was sold, grey is volume whose side is not known. Nothing is drawn where there are
    no prices. Many candles are put together into bars, and the picture says how long they are.

    Args:
        table: Candles of one instrument, ascending: ``timestamp, timestamp_close, open, high, low, close``, the volumes by side, and
            perhaps ``spread_bps_twa``.
        title: Instrument, timeframe and day.
    """
    bars = bars_of(table, MOST_BARS)
    spreads = _numbers(table, "spread_bps_twa") if "spread_bps_twa" in table.column_names else np.empty(0)
    quoted = not no_values(spreads)
    chart = TimeChart(title, bars.span, (190, 70, 50) if quoted else (190, 70))
    draw_bars(chart.panels[0], chart.panels[1], bars)
    if quoted:
        chart.panels[2].caption("spread, time-weighted, bps of the mid")
        times, values = _thinned(_instants(table, "timestamp"), spreads)
        _draw_line(chart.panels[2], times, values, from_zero=True)
    return chart.svg()


def book_chart(table: pa.Table, title: str) -> str:
    """The spread, who is deeper, and where a book is known; time in UTC.

    Lines are broken where there is no spread (a crossed, locked or one-sided book) and where the status is ``no_data``. The
    strip is blue where the status is ``quoted``.

    Args:
        table: Book snapshots of one instrument, ascending: ``timestamp, timestamp_close, bucket_status, spread_bps, obi_5``.
        title: Instrument, timeframe and day.
    """
    starts, ends = _instants(table, "timestamp"), _instants(table, "timestamp_close")
    quoted = np.asarray(table["bucket_status"].to_pylist(), dtype=object) == "quoted"
    chart = TimeChart(title, (int(starts[0]), int(ends[-1])) if len(starts) else (0, 0), (140, 100, 14))
    spread, imbalance, strip = chart.panels
    spread.caption("spread, bps of the mid")
    imbalance.caption("imbalance of the best five levels: 1 only bids, -1 only asks")
    # The book is that of the bucket's end.
    _draw_line(spread, *_thinned(ends, np.where(quoted, _numbers(table, "spread_bps"), np.nan)), from_zero=True)
    imbalance.scale(-1, 1)
    imbalance.line(*_thinned(ends, np.where(quoted, _numbers(table, "obi_5"), np.nan)), VERMILION)
    share = quoted.mean() if len(quoted) else 0.0
    strip.caption(f"book known {share:.1%} of the time", ((BLUE, "known"), (FAINT, "no data")))
    for flags, colour in ((~quoted, FAINT), (quoted, BLUE)):
        first, last = _runs(flags)
        strip.cover(starts[first], ends[last], colour)
    return chart.svg()


def draw_bars(prices: Panel, volumes: Panel, bars: Bars, unit: str = "volume, base") -> None:
    """Bars of prices, and the volume of each by side below."""
    minutes = bars.width / 60e6
    length = f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:g} h"
    prices.caption(f"price, bars of {length}" if len(bars) else "price", _CANDLES)
    volumes.caption(unit, [_COLOURS[side] for side, volume in bars.volumes.items() if volume.any()])
    if not len(bars):
        prices.say("no trades")
        return
    low, high = float(bars.low.min()), float(bars.high.max())
    margin = 0.04 * (high - low) or 0.001 * abs(high)
    prices.scale(low - margin, high + margin)
    rose = bars.close >= bars.open
    bottom, top = np.minimum(bars.open, bars.close), np.maximum(bars.open, bars.close)
    for flags, (colour, _) in zip((rose, ~rose), _CANDLES, strict=True):
        spans = (bars.start[flags], bars.width)
        prices.bars(spans, bars.low[flags], bars.high[flags], colour, share=0)
        prices.bars(spans, bottom[flags], top[flags], colour)
    below = np.zeros(len(bars))
    volumes.scale(0, float(sum(bars.volumes.values(), below).max()) * 1.05 or 1.0)
    for side, (colour, _) in _COLOURS.items():
        above = below + bars.volumes[side]
        drawn = above > below
        volumes.bars((bars.start[drawn], bars.width), below[drawn], above[drawn], colour)
        below = above


def _draw_line(panel: Panel, times: Int64s, values: Floats, *, from_zero: bool) -> None:
    if no_values(values):
        panel.say("none")
        return
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    panel.scale(min(0.0, low) if from_zero else low - margin, high + margin)
    panel.line(times, values)


def _thinned(times: Int64s, values: Floats) -> tuple[Int64s, Floats]:
    """The median of each of at most 4 × :data:`MOST_BARS` groups of neighbours, where most of it is known: more cannot be seen."""
    together = -(-len(times) // (4 * MOST_BARS)) if len(times) else 1
    if together == 1:
        return times, values
    whole = len(times) // together * together
    groups = values[:whole].reshape(-1, together)
    known = np.isfinite(groups).sum(axis=1) * 2 >= together
    medians = np.full(len(groups), np.nan)
    medians[known] = np.nanmedian(groups[known], axis=1)
    return times[:whole].reshape(-1, together)[:, together // 2], medians


def _runs(flags: npt.NDArray[np.bool_]) -> tuple[Int64s, Int64s]:
    """First and last place of each run of flags that are set."""
    edges = np.diff(np.concatenate(([False], flags, [False])).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1


def _instants(table: pa.Table, name: str) -> Int64s:
    return np.asarray(table[name].cast(pa.int64()).to_numpy(), np.int64)


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), np.float64)
