"""Charts for the terminal."""

import sys

import numpy as np
import pyarrow as pa

from market_data_assets.domain.days import to_datetime
from market_data_assets.report.bars import Bars, bars_of

# plotext's frame and price labels take about this many columns; each bar takes one.
_FRAME_COLUMNS = 12
# Okabe and Ito's sky blue and orange: distinct under every common colour blindness, and on dark and light backgrounds.
_RISING, _FALLING = (86, 180, 233), (230, 159, 0)
_TIME_LABELS, _PRICE_LABELS = 6, 5


def candle_text(table: pa.Table, title: str, width: int, height: int) -> str:
    """Candles as text of ``width`` × ``height`` characters, time in UTC: light bodies rose, full bodies fell.

    Nothing is drawn where there are no prices. Candles that do not fit are put together. In colour (ANSI codes) only when
    standard output is a terminal.

    Args:
        table: Candles of one instrument and timeframe, ascending: ``timestamp, timestamp_close, open, high, low, close``, volumes by side.
        title: Instrument, timeframe and day.

    Returns:
        Lines without a newline at the end.
    """
    import plotext  # noqa: PLC0415

    bars = bars_of(table, max(1, width - _FRAME_COLUMNS))
    if not len(bars):
        return f"{title}: no trades"
    # plotext has one figure; what an earlier call left in it must not show. Without a terminal it would assume 80 columns.
    plotext.terminal.limit(False, False)
    figure = plotext.figure.clear()
    figure.plot_size(width, height)
    figure.theme("colorless")
    figure.title(title)
    positions = (bars.start - bars.span[0]) // bars.width
    for number, position in enumerate(positions.tolist()):
        rose = bars.close[number] >= bars.open[number]
        colour = _RISING if rose else _FALLING
        across = (position, position)
        body = sorted((float(bars.open[number]), float(bars.close[number])))
        figure.draw(figure.segment(across, (float(bars.low[number]), float(bars.high[number])), marker=plotext.marker("│", colour)))
        figure.draw(figure.rectangle(across, tuple(body), marker=plotext.marker("░" if rose else "█", colour)))
    times, labels = _time_marks(bars)
    figure.ruler("x").ticks(times, labels=labels)
    prices = np.linspace(bars.low.min(), bars.high.max(), _PRICE_LABELS).tolist()
    figure.ruler("y").ticks(prices, labels=[f"{price:.6g}" for price in prices])
    text = str(figure.build()).rstrip("\n")
    return text if sys.stdout.isatty() else str(plotext.uncolorize(text))


def _time_marks(bars: Bars) -> tuple[list[int], list[str]]:
    count = (bars.span[1] - bars.span[0]) // bars.width
    marks = sorted({int(mark) for mark in np.linspace(0, count, _TIME_LABELS, endpoint=False)})
    return marks, [f"{to_datetime(bars.span[0] + mark * bars.width):%H:%M}" for mark in marks]
