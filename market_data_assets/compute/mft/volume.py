"""Volume, and its sides."""

import numpy as np

from market_data_assets.compute.mft import day_windows, recursive, rolling
from market_data_assets.compute.mft.bars import Bars, Floats, Int64s
from market_data_assets.compute.mft.ratios import distance, ratio, ratio_or_zero
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.domain.timeframes import DAY_SECONDS, MICROSECONDS

_MEDIAN_DAYS = 14
_SLOPE_BARS = 20
_RANGE = ("high", "low", "close", "volume")


def _day(bars: Bars) -> Int64s:
    """Number of the UTC day of every bar."""
    return bars.start // (DAY_SECONDS * MICROSECONDS)


def _on_balance(bars: Bars) -> Floats:
    return recursive.balance(bars["close"], bars["volume"], _day(bars))


def _chaikin_flow(bars: Bars) -> Floats:
    high, low, close, volume = (bars[name] for name in _RANGE)
    flow = ratio_or_zero((close - low) - (high - close), high - low) * volume
    return ratio_or_zero(rolling.total(flow, 20), rolling.total(volume, 20))


def _vwap_distance(bars: Bars) -> Floats:
    vwap = ratio(day_windows.since_midnight(bars, bars["quote_volume"]), day_windows.since_midnight(bars, bars["volume"]))
    return distance(bars["close"], vwap)


def _relative_volume(bars: Bars) -> Floats:
    volume, per_day = bars["volume"], bars.timeframe.buckets_per_day
    earlier = np.stack([rolling.previous(volume, per_day * days) for days in range(1, _MEDIAN_DAYS + 1)], axis=1)
    earlier.sort(axis=1)
    # NaN sorts to the end, so the middle alone would not tell that a day is missing.
    middle = 0.5 * (earlier[:, _MEDIAN_DAYS // 2 - 1] + earlier[:, _MEDIAN_DAYS // 2])
    return ratio(volume, np.where(np.isnan(earlier[:, -1]), np.nan, middle))


def _taker_ratio(bars: Bars) -> Floats:
    bought = bars["buy_volume"]
    sided = bought + bars["sell_volume"]
    # A bar whose trades have no known side, or that has none, tells nothing: the average stands still and does not start anew.
    counted = np.flatnonzero(sided != 0.0)
    averages = recursive.exponential(ratio(bought[counted], sided[counted]), 20)
    latest = np.searchsorted(counted, np.arange(len(bars)), side="right") - 1
    return np.where(latest >= 0, averages[np.maximum(latest, 0)] if len(averages) else np.nan, np.nan)


def _delta_slope(bars: Bars) -> Floats:
    """Least squares over the delta cumulated inside the window: where it starts does not matter to a slope.

    Σ over j of (x_j − mean x) S_j, S_j the sum of the deltas up to j, is a weighted sum of the deltas themselves.
    """
    length, delta = _SLOPE_BARS, bars["volume_delta"]
    joint = np.zeros(len(delta))
    for age in range(length):
        joint += (age + 1) * (length - 1 - age) / 2.0 * rolling.previous(delta, age)
    return joint / (length * (length * length - 1) / 12.0)


FEATURES: tuple[MftFeature, ...] = (
    MftFeature(
        name="obv",
        formula="since the first bar of the UTC day, or since a hole: V of that bar, then + V where C rose and − V where it fell. A bar"
        " of 24h is a day of its own",
        unit="base",
        null_rule=unbroken(0),
        source="Granville 1963; TA-Lib OBV of the day",
        group="volume",
        look_back_bars=0,
        recursive=True,
        inputs=("close", "volume"),
        value=_on_balance,
    ),
    MftFeature(
        name="cmf_20",
        formula="Σ V ((C − L) − (H − C)) / (H − L) / Σ V of 20 bars; a bar without a range adds 0 above, and 0 / 0 is 0, as TA-Lib",
        unit="[−1, 1]",
        null_rule=unbroken(19),
        source="Chaikin 1982; TA-Lib CMF",
        group="volume",
        look_back_bars=19,
        inputs=_RANGE,
        value=_chaikin_flow,
    ),
    MftFeature(
        name="vwap_distance",
        formula="C / (Σ quote_volume / Σ volume since 00:00 UTC, this bar included) − 1",
        unit="1",
        null_rule="no trade since 00:00 UTC, or a hole since then",
        source="",
        group="volume",
        look_back_bars=0,
        inputs=("close", "volume", "quote_volume"),
        value=_vwap_distance,
    ),
    MftFeature(
        name="relative_volume_14d",
        formula=f"V / median V of the bars of that time of day of the {_MEDIAN_DAYS} days before",
        unit="1",
        null_rule="that bar is a hole on any of the days, or the median is 0",
        source="",
        group="volume",
        look_back_bars=0,
        look_back_days=_MEDIAN_DAYS,
        inputs=("volume",),
        value=_relative_volume,
    ),
    MftFeature(
        name="taker_ratio_ema_20",
        formula="EMA_20 of buy_volume / (buy_volume + sell_volume), seeded by the mean of 20; bars without a known side are passed over",
        unit="[0, 1]",
        null_rule="fewer than 20 bars with a known side since the last hole",
        source="",
        group="volume",
        look_back_bars=19,
        recursive=True,
        inputs=("buy_volume", "sell_volume"),
        value=_taker_ratio,
    ),
    MftFeature(
        name="cvd_slope_20",
        formula=f"least-squares slope of the cumulative volume_delta on the bar, over {_SLOPE_BARS} bars",
        unit="base per bar",
        null_rule=unbroken(_SLOPE_BARS - 1),
        source="",
        group="volume",
        look_back_bars=_SLOPE_BARS - 1,
        inputs=("volume_delta",),
        default=False,
        value=_delta_slope,
    ),
)
