"""Panels on one axis of time: candles, volume by side, spread and imbalance of the book. Drawn without data, which the page puts in."""

from bokeh.layouts import gridplot
from bokeh.models import (
    BasicTicker,
    BasicTickFormatter,
    ColumnDataSource,
    CrosshairTool,
    DataRange1d,
    DatetimeTickFormatter,
    GridPlot,
    HoverTool,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.models.annotations import Span
from bokeh.plotting import figure
from bokeh.transform import linear_cmap

from market_data_assets.report.page.charts.candle_columns import COLUMNS, GAP_COLUMNS
from market_data_assets.report.page.charts.colours import BOUGHT, GAP_ALPHA, GRID, IMBALANCE, INK, SOLD, SPREAD, UNKNOWN
from market_data_assets.report.page.charts.named import CANDLES, GAPS, PRICE, PRICE_RANGE, SPREAD_RANGE, TIME, VOLUME, VOLUME_RANGE

_SIDES = {"buy_volume": BOUGHT, "sell_volume": SOLD, "unknown_volume": UNKNOWN}
_PANELS = {PRICE: 300, VOLUME: 110, "spread, bps": 90, "imbalance": 116}
"""Label → height in pixels; the last one has the axis of time."""
_LEFT_BORDER, _RIGHT_BORDER = 74, 14
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
_TOOLTIPS = [
    ("UTC", "@start{%H:%M}"),
    ("open", "@open{0,0.[00000000]}"),
    ("high", "@high{0,0.[00000000]}"),
    ("low", "@low{0,0.[00000000]}"),
    ("close", "@close{0,0.[00000000]}"),
    ("bought", "@buy_volume{0,0.[000]}"),
    ("sold", "@sell_volume{0,0.[000]}"),
    ("trades", "@trades{0,0}"),
    ("spread", "@spread_bps_twa{0.[000]} bps"),
    ("imbalance", "@obi_5_twa{0.00}"),
]


def candle_panels() -> GridPlot:
    """The panels with one toolbar, in the width of their container.

    Time is shared: dragging zooms into it in every panel, and prices and volumes follow. The page's script finds by their names what
    it fills: the candles and the gaps get the columns of :mod:`.candle_columns`, the axis of time its day, two axes their units.
    """
    # One candle of nothing: without any, Bokeh warns that it has no range to begin with.
    candles = ColumnDataSource({name: [0] for name in COLUMNS}, name=CANDLES)
    gaps = ColumnDataSource({name: [] for name in GAP_COLUMNS}, name=GAPS)
    time = Range1d(start=0, end=1, name=TIME)
    panels = [_panel(gaps, time, label, height) for label, height in _PANELS.items()]
    for panel, draw in zip(panels, (_prices, _volumes, _spread, _imbalance), strict=True):
        draw(panel, candles)
    crosshair = CrosshairTool(overlay=Span(dimension="height", line_color=INK, line_width=1, line_dash="dotted"))
    for panel in panels:
        panel.add_tools(crosshair)
        panel.xaxis.visible = panel is panels[-1]
    return gridplot(
        [[panel] for panel in panels],
        sizing_mode="stretch_width",
        toolbar_location="right",
        toolbar_options={"logo": None},
        merge_tools=True,
    )


def _prices(panel: figure, candles: ColumnDataSource) -> None:
    colour = linear_cmap("rising", [SOLD, BOUGHT], 0, 1)
    wicks = panel.segment("at", "high", "at", "low", source=candles, line_color=colour, line_width=1)
    bodies = panel.vbar("at", "body", "open", "close", source=candles, fill_color=colour, line_color=colour, line_width=1)
    panel.y_range = DataRange1d(name=PRICE_RANGE, renderers=[wicks, bodies], range_padding=0.06)
    panel.yaxis.formatter = BasicTickFormatter(use_scientific=False)
    panel.add_tools(HoverTool(renderers=[bodies], tooltips=_TOOLTIPS, formatters={"@start": "datetime"}, mode="vline"))


def _volumes(panel: figure, candles: ColumnDataSource) -> None:
    stacked = panel.vbar_stack(list(_SIDES), x="at", width="body", color=list(_SIDES.values()), source=candles, line_color=None)
    panel.y_range = DataRange1d(name=VOLUME_RANGE, renderers=[*stacked], start=0, range_padding=0.1)
    panel.yaxis.formatter = NumeralTickFormatter(format="0.[00]a")


def _spread(panel: figure, candles: ColumnDataSource) -> None:
    line = panel.line("at", "spread_bps_twa", source=candles, line_color=SPREAD, line_width=1.5)
    panel.y_range = DataRange1d(name=SPREAD_RANGE, renderers=[line], start=0, range_padding=0.1)


def _imbalance(panel: figure, candles: ColumnDataSource) -> None:
    panel.vbar("at", "width", "obi_5_twa", 0, source=candles, color=IMBALANCE, fill_alpha=0.75, line_color=None)
    panel.y_range = Range1d(start=-1, end=1)
    panel.yaxis.ticker = [-1, 0, 1]


def _panel(gaps: ColumnDataSource, time: Range1d, label: str, height: int) -> figure:
    """An empty panel with the gaps shaded."""
    panel = figure(
        height=height,
        x_range=time,
        x_axis_type="datetime",
        tools="xpan,xbox_zoom,xwheel_zoom,reset,save",
        active_drag="xbox_zoom",
        active_scroll=None,
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_color=None,
        min_border_left=_LEFT_BORDER,
        min_border_right=_RIGHT_BORDER,
        min_border_top=8,
        min_border_bottom=8,
    )
    panel.xaxis.formatter = DatetimeTickFormatter(
        seconds="%H:%M:%S", minsec="%H:%M:%S", minutes="%H:%M", hourmin="%H:%M", hours="%H:%M", days="%H:%M"
    )
    panel.yaxis.axis_label = panel.yaxis.name = label
    panel.yaxis.ticker = BasicTicker(desired_num_ticks=6 if height > 150 else 3)
    for axis in (panel.xaxis, panel.yaxis):
        axis.axis_label_text_color = axis.major_label_text_color = INK
        axis.axis_label_text_font = axis.major_label_text_font = _FONT
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "11px"
        axis.axis_line_color = axis.major_tick_line_color = GRID
        axis.minor_tick_line_color = None
    panel.grid.grid_line_color = GRID
    panel.vstrip("start", "end", source=gaps, color="colour", alpha=GAP_ALPHA, level="underlay")
    return panel
