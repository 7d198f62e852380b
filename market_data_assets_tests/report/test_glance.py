"""A day as a picture of less than a kilobyte."""

import numpy as np

from market_data_assets.report.bars import VOLUMES, Bars
from market_data_assets.report.drawing import data_uri
from market_data_assets.report.glance import MOST_BARS, glance

HOUR = 3_600_000_000


def bars(places: list[int], closes: list[float]) -> Bars:
    close = np.array(closes)
    volumes = {name: np.full(len(close), 1.0) for name in VOLUMES}
    start = np.array(places, np.int64) * HOUR
    return Bars((0, MOST_BARS * HOUR), HOUR, 1, start, close, close, close, close, volumes)


def test_line_goes_up_with_the_price_and_is_interrupted_where_nobody_traded() -> None:
    drawn = glance(bars([0, 1, 3], [10.0, 20.0, 15.0]))
    assert 'd="M4,43l0,0,8,-42M28,22l0,0"' in drawn
    assert 'd="M0,68v0H0v-20h8v0h8v20H24v-20h8V68z"' in drawn


def test_wildest_day_is_short_enough_to_be_shown_at_once() -> None:
    wild = bars(list(range(MOST_BARS)), [10.0, 99.0] * (MOST_BARS // 2))
    assert len(data_uri(glance(wild))) < 900


def test_one_price_and_no_trades_are_drawn_too() -> None:
    assert 'd="M4,1l0,0"' in glance(bars([0], [10.0]))
    assert glance(bars([], [])).endswith("</svg>")
