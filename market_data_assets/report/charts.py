"""Charts as PNG pictures of 900 × 360 pixels. Equal tables give equal bytes on one version of matplotlib."""

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.domain.days import DAY_MICROSECONDS
from market_data_assets.report.bars import VOLUMES, Bars, Floats, Int64s, bars_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES, _DOTS_PER_INCH = (9.0, 3.6), 100
# Three pixels a bar: the fewest in which body and gap are told apart.
_MOST_BARS = 240
# Okabe and Ito's palette (jfly.uni-koeln.de/color, 2008): distinct under every common colour blindness.
_RISING, _FALLING, _UNKNOWN, _INK = "#0072B2", "#D55E00", "#999999", "#333333"
_VOLUME_LABELS = dict(zip(VOLUMES, ("bought", "sold", "side unknown"), strict=True))
_VOLUME_COLOURS = dict(zip(VOLUMES, (_RISING, _FALLING, _UNKNOWN), strict=True))


def candle_chart(table: pa.Table, title: str) -> bytes:
    """Candles with their volume by side below, time in UTC.

    Blue rose or was bought, orange fell or was sold, grey is volume whose side is not known. Nothing is drawn where there are
    no prices. Many candles are put together into bars, and the picture says how many.

    Args:
        table: Candles of one instrument, ascending: ``timestamp, timestamp_close, open, high, low, close`` and the volumes by side.
        title: Instrument, timeframe and day.

    Returns:
        A PNG.
    """
    figure, (prices, volumes) = _panels(title, (3, 1))
    bars = bars_of(table, _MOST_BARS)
    _time_axis(prices, volumes, bars.span)
    prices.set_ylabel("price" if bars.candles == 1 else f"price, bars of {bars.candles}", fontsize=8)
    volumes.set_ylabel("volume", fontsize=8)
    if len(bars):
        _draw_candles(prices, bars)
        _draw_volumes(volumes, bars)
    else:
        _say(prices, "no trades")
        _say(volumes, "")
    return _png(figure)


def spread_chart(table: pa.Table, title: str) -> bytes:
    """The spread in basis points as a line, and below it where a book is known; time in UTC.

    The line is broken where there is no spread (a crossed, locked or one-sided book) and where the status is ``no_data``. The
    strip is blue where the status is ``quoted`` and hatched grey where it is ``no_data``; its label gives the share of the former.

    Args:
        table: Book snapshots of one instrument, ascending: ``timestamp, timestamp_close, bucket_status, spread_bps``.
        title: Instrument, timeframe and day.

    Returns:
        A PNG.
    """
    figure, (spreads, coverage) = _panels(title, (9, 1))
    starts = table["timestamp"].cast(pa.int64()).to_numpy()
    ends = table["timestamp_close"].cast(pa.int64()).to_numpy()
    quoted = np.asarray(table["bucket_status"].to_pylist(), dtype=object) == "quoted"
    values = np.where(quoted, table["spread_bps"].cast(pa.float64()).to_numpy(), np.nan)
    _time_axis(spreads, coverage, (int(starts[0]), int(ends[-1])) if len(starts) else (0, 0))
    spreads.set_ylabel("spread, bps", fontsize=8)
    if np.isfinite(values).any():
        # The book is that of the bucket's end. A lone value between gaps needs a dot: a line of one point is invisible.
        alone = np.isfinite(values) & np.isnan(np.append(values[1:], np.nan)) & np.isnan(np.append(np.nan, values[:-1]))
        spreads.plot(_days(ends), values, color=_RISING, linewidth=0.9)
        spreads.scatter(_days(ends[alone]), values[alone], s=6, color=_RISING)
        spreads.set_ylim(0, np.nanmax(values) * 1.1)
    else:
        _say(spreads, "no spreads")
    _draw_coverage(coverage, starts, ends, quoted)
    return _png(figure)


def _panels(title: str, heights: tuple[int, int]) -> tuple["Figure", tuple["Axes", "Axes"]]:
    """An upper and a lower panel that share the time axis, without pyplot: nothing global is touched, nothing stays open."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    # Fixed margins: charts of different days align, and nothing is laid out twice.
    margins = {"left": 0.09, "right": 0.97, "top": 0.92, "bottom": 0.14, "hspace": 0.1}
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=heights, gridspec_kw=margins)
    upper.set_title(title, fontsize=10, loc="left", color=_INK, parse_math=False)
    for panel in (upper, lower):
        panel.set_facecolor("white")
        panel.tick_params(labelsize=8, colors=_INK)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", color="#dddddd", linewidth=0.5)
        panel.set_axisbelow(True)
    return figure, (upper, lower)


def _time_axis(upper: "Axes", lower: "Axes", span: tuple[int, int]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415

    locator = AutoDateLocator(tz="UTC", maxticks=10)  # type: ignore[no-untyped-call]
    lower.xaxis.set_major_locator(locator)
    lower.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz="UTC", show_offset=False))  # type: ignore[no-untyped-call]
    lower.set_xlabel("UTC", fontsize=8)
    upper.tick_params(labelbottom=False)
    for panel in (upper, lower):
        panel.ticklabel_format(axis="y", useOffset=False, style="plain")
    if span[0] < span[1]:
        lower.set_xlim(span[0] / DAY_MICROSECONDS, span[1] / DAY_MICROSECONDS)


def _draw_candles(panel: "Axes", bars: Bars) -> None:
    colours = np.where(bars.close >= bars.open, _RISING, _FALLING).tolist()
    panel.vlines(_days(bars.start + bars.width // 2), bars.low, bars.high, colors=colours, linewidth=0.8)
    _draw_boxes(panel, bars, (np.minimum(bars.open, bars.close), np.maximum(bars.open, bars.close)), colours)
    margin = 0.05 * (bars.high.max() - bars.low.min()) or 0.001 * bars.high.max()
    panel.set_ylim(bars.low.min() - margin, bars.high.max() + margin)


def _draw_volumes(panel: "Axes", bars: Bars) -> None:
    below = np.zeros(len(bars))
    for side in VOLUMES:
        above = below + bars.volumes[side]
        _draw_boxes(panel, bars, (below, above), _VOLUME_COLOURS[side], _VOLUME_LABELS[side])
        below = above
    panel.set_ylim(0, (below.max() or 1) * 1.5)
    panel.legend(loc="upper left", ncols=3, fontsize=7, frameon=False, borderaxespad=0.1, handlelength=1)


def _draw_boxes(panel: "Axes", bars: Bars, edges: tuple[Floats, Floats], colour: str | list[str], label: str = "") -> None:
    """One box per bar between a lower and an upper edge, as one collection: a patch each takes ten times as long."""
    from matplotlib.collections import PolyCollection  # noqa: PLC0415

    bottom, top = edges
    left, right = (_days(bars.start + int(bars.width * part)) for part in (0.15, 0.85))
    corners = np.stack([np.column_stack([left, left, right, right]), np.column_stack([bottom, top, top, bottom])], axis=-1)
    panel.add_collection(PolyCollection(list(corners), facecolor=colour, edgecolor=colour, linewidth=0.6, label=label))


def _draw_coverage(panel: "Axes", starts: Int64s, ends: Int64s, quoted: npt.NDArray[np.bool_]) -> None:
    panel.set_ylim(0, 1)
    panel.set_yticks([])
    panel.grid(visible=False)
    spans = np.column_stack([_days(starts), (ends - starts) / DAY_MICROSECONDS])
    panel.broken_barh(_joined(spans[quoted]), (0, 1), color=_RISING)
    panel.broken_barh(_joined(spans[~quoted]), (0, 1), facecolor="#eeeeee", edgecolor=_UNKNOWN, hatch="////", linewidth=0)
    share = f"{quoted.mean():.0%}" if len(quoted) else "0%"
    panel.set_ylabel(f"book\n{share}", fontsize=8, rotation=0, ha="right", va="center")


def _joined(spans: Floats) -> list[tuple[float, float]]:
    """Neighbouring (start, length) spans as one: thousands of seams would show, and cost bytes."""
    if not len(spans):
        return []
    start, end = spans[:, 0], spans.sum(axis=1)
    # A microsecond in days, the resolution of the times.
    seams = np.flatnonzero(start[1:] - end[:-1] > 1 / DAY_MICROSECONDS)
    firsts, lasts = np.append(0, seams + 1), np.append(seams, len(spans) - 1)
    return [(float(start[first]), float(end[last] - start[first])) for first, last in zip(firsts, lasts, strict=True)]


def _days(instants: Int64s) -> Floats:
    """What matplotlib counts in: days since the epoch."""
    return np.asarray(instants / DAY_MICROSECONDS)


def _say(panel: "Axes", text: str) -> None:
    panel.text(0.5, 0.5, text, transform=panel.transAxes, ha="center", va="center", fontsize=10, color=_UNKNOWN)
    panel.set_yticks([])


def _png(figure: "Figure") -> bytes:
    picture = io.BytesIO()
    # matplotlib would write its version into the file.
    figure.savefig(picture, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    figure.clear()
    return picture.getvalue()
