"""Charts of raw ticks, as SVG: what a vendor's day looks like before anything is computed from it."""

import datetime as dt

import numpy as np
import pyarrow as pa

from market_data_assets.domain.days import day_end, day_start
from market_data_assets.report.bars import bars_of_executions
from market_data_assets.report.charts import MOST_BARS, draw_bars
from market_data_assets.report.drawing import BLUE, GREY, VERMILION
from market_data_assets.report.panels import Floats, Int64s, Panel, TimeChart, no_values


def execution_chart(table: pa.Table, title: str, day: dt.date) -> str:
    """Prices and amounts by side of trades or liquidations, in bars of ten minutes of the UTC day.

    Args:
        table: ``timestamp, side, price, amount`` of one instrument, ascending.
    """
    chart = TimeChart(title, (day_start(day), day_end(day)), (190, 80))
    bars = bars_of_executions(table, (day_start(day), day_end(day)), MOST_BARS)
    draw_bars(chart.panels[0], chart.panels[1], bars, "amount, as the venue reports it")
    return chart.svg()


def ticker_chart(table: pa.Table, title: str, day: dt.date) -> str:
    """Mark price, funding rate and open interest over the UTC day, as each was last known.

    Args:
        table: ``timestamp, mark_price, funding_rate, open_interest`` of one instrument, ascending.
    """
    chart = TimeChart(title, (day_start(day), day_end(day)), (110, 70, 80))
    shown = (
        ("mark price", _numbers(table, "mark_price"), BLUE),
        ("funding rate, bps an interval", _numbers(table, "funding_rate") * 1e4, VERMILION),
        ("open interest, units of amount", _numbers(table, "open_interest"), GREY),
    )
    places = _last_of_each(_instants(table, "timestamp"), chart.span)
    times = _instants(table, "timestamp")[places]
    for panel, (caption, values, colour) in zip(chart.panels, shown, strict=True):
        panel.caption(caption)
        _draw(panel, times, values[places], colour)
    return chart.svg()


def activity_chart(table: pa.Table, title: str, day: dt.date) -> str:
    """Rows a minute, and how late they arrived, in ten minutes each of the UTC day.

    Args:
        table: ``timestamp, local_timestamp`` of one instrument.
    """
    chart = TimeChart(title, (day_start(day), day_end(day)), (150, 80))
    times = _instants(table, "timestamp")
    width = (chart.span[1] - chart.span[0]) // MOST_BARS
    group = (times - chart.span[0]) // width
    inside = (group >= 0) & (group < MOST_BARS)
    counts = np.bincount(group[inside], minlength=MOST_BARS) / (width / 60e6)
    starts = chart.span[0] + np.arange(MOST_BARS, dtype=np.int64) * width
    rows, delay = chart.panels
    rows.caption("rows a minute")
    rows.scale(0, float(counts.max()) * 1.05 or 1.0)
    some = counts > 0
    rows.bars((starts[some], width), np.zeros(int(some.sum())), counts[some], BLUE)
    delay.caption("arrival after the exchange's time, median, ms")
    late = (_instants(table, "local_timestamp") - times) / 1e3
    _draw(delay, starts + width // 2, _medians(group[inside], late[inside]), VERMILION)
    return chart.svg()


def _draw(panel: Panel, times: Int64s, values: Floats, colour: str) -> None:
    if no_values(values):
        panel.say("none")
        return
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.06 * (high - low) or 0.001 * abs(high) or 1.0
    panel.scale(low - margin, high + margin)
    panel.line(times, values, colour)


def _last_of_each(times: Int64s, span: tuple[int, int]) -> Int64s:
    """Places of the last row in each of 4 × :data:`MOST_BARS` parts of the span: more cannot be seen."""
    width = (span[1] - span[0]) // (4 * MOST_BARS)
    inside = np.flatnonzero((times >= span[0]) & (times < span[1]))
    group = (times[inside] - span[0]) // width
    return inside[np.flatnonzero(np.diff(group, append=-1))]


def _medians(group: Int64s, values: Floats) -> Floats:
    """The median of each group; NaN of one without values."""
    medians = np.full(MOST_BARS, np.nan)
    order = np.argsort(group, kind="stable")
    found, firsts = np.unique(group[order], return_index=True)
    for number, part in zip(found, np.split(values[order], firsts[1:]), strict=True) if len(found) else ():
        medians[number] = np.median(part)
    return medians


def _instants(table: pa.Table, name: str) -> Int64s:
    return np.asarray(table[name].cast(pa.int64()).to_numpy(), np.int64)


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), np.float64)
