"""How much the bars themselves are worth."""

from functools import partial

import pyarrow as pa

from market_data_assets.compute.mft.bars import NO_DATA, PROVISIONAL, Bars, Floats
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.compute.mft.rolling import maximum, mean


def _gap(bars: Bars) -> Floats:
    return maximum(bars["gap_us"], 20)


def _no_data_share(bars: Bars) -> Floats:
    return mean(bars[NO_DATA], 20)


def _provisional(bars: Bars) -> Floats:
    return bars[PROVISIONAL]


_QUALITY = partial(MftFeature, group="quality", source="")

FEATURES = (
    _QUALITY(
        name="gap_us_20",
        formula="largest gap_us of the last 20 bars",
        unit="µs",
        null_rule=unbroken(19),
        look_back_bars=19,
        inputs=("gap_us",),
        value=_gap,
    ),
    _QUALITY(
        name="no_data_share_20",
        formula="share of the last 20 bars whose status is no_data",
        unit="[0, 1]",
        null_rule="a bar of the window is not stored, or not listed",
        look_back_bars=19,
        inputs=("bucket_status",),
        value=_no_data_share,
    ),
    _QUALITY(
        name="provisional",
        formula="late rows may still change the day of the candle, or a day of the timeframe's look-back, the benchmark's included",
        unit="true | false",
        null_rule="never",
        look_back_bars=0,
        inputs=(),
        type=pa.bool_(),
        value=_provisional,
    ),
)
