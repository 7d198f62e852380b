"""Colours of the charts: Okabe and Ito's palette (jfly.uni-koeln.de/color, 2008), distinct under every common colour blindness.

All of them show on white and on the dark page, so that a chart need not be drawn again when the reader's machine turns dark.
"""

BOUGHT, SOLD, UNKNOWN = "#2A86C7", "#E0701B", "#8A8F98"
SPREAD, IMBALANCE = "#9A6BB5", "#1A9E77"
INK, GRID = "#7A828D", "rgba(128, 136, 148, 0.22)"
GAP_FILLS = {"no_data": "#D55E00", "halted": "#CC79A7", "not_listed": "#8A8F98"}
"""State of a bucket → what shades it."""
GAP_ALPHA = 0.22
