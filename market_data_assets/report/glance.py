"""A day at a glance: price and volume as a picture of less than a kilobyte, which the Dagster UI shows without a click."""

import numpy as np

from market_data_assets.report.bars import Bars
from market_data_assets.report.drawing import BLUE, GREY

MOST_BARS = 48
"""Half an hour of a day each; with more the picture would not fit."""
_STEP, _PRICE, _GAP, _VOLUME = 8, 44, 4, 20


def glance(bars: Bars) -> str:
    """Closes as a line, interrupted where nobody traded, and the volume of all sides below, as SVG without words."""
    low, high = (float(bars.close.min()), float(bars.close.max())) if len(bars) else (0.0, 0.0)
    heights = 1 + np.rint((high - bars.close) / ((high - low) or 1.0) * (_PRICE - 2)).astype(int)
    volume = sum(bars.volumes.values(), np.zeros(len(bars)))
    columns = np.rint(volume / (volume.max(initial=0.0) or 1.0) * _VOLUME).astype(int)
    line, area, place, up = "", "", -2, 0
    for number, left in enumerate(((bars.start - bars.span[0]) // bars.width).tolist()):
        if left == place + 1:
            line += f",{_STEP},{heights[number] - heights[number - 1]}"
        else:
            line += f"M{left * _STEP + _STEP // 2},{heights[number]}l0,0"
            area += f"v{up}H{left * _STEP}"
            up = 0
        area += f"v{up - columns[number]}h{_STEP}"
        place, up = left, columns[number]
    width, height = MOST_BARS * _STEP, _PRICE + _GAP + _VOLUME
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<path d="M0,{height}{area}V{height}z" fill="{GREY}"/>'
        f'<path d="{line}" fill="none" stroke="{BLUE}" stroke-width="2" stroke-linecap="round"/></svg>'
    )
