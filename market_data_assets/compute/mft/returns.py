"""Returns, momentum, and how far the price is from its mean and from its peak."""

from market_data_assets.compute.mft import rolling
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.ratios import distance, log_ratio, ratio
from market_data_assets.compute.mft.record import MftFeature, unbroken


def log_return(bars: Bars, length: int = 1) -> Floats:
    """ln(C_t / C_{t−length})."""
    return log_ratio(bars["close"], rolling.oldest(bars["close"], length))


def momentum(bars: Bars, length: int) -> Floats:
    """C_t / C_{t−length} − 1."""
    return distance(bars["close"], rolling.oldest(bars["close"], length))


def _return(length: int) -> MftFeature:
    return MftFeature(
        name=f"return_{length}",
        formula=f"ln(C_t / C_(t−{length}))",
        unit="log",
        null_rule=unbroken(length),
        source="",
        group="returns",
        look_back_bars=length,
        inputs=("close",),
        value=lambda bars: log_return(bars, length),
    )


def _momentum(length: int) -> MftFeature:
    return MftFeature(
        name=f"momentum_{length}",
        formula=f"C_t / C_(t−{length}) − 1",
        unit="1",
        null_rule=unbroken(length),
        source="",
        group="returns",
        look_back_bars=length,
        inputs=("close",),
        value=lambda bars: momentum(bars, length),
    )


def _acceleration(bars: Bars) -> Floats:
    return rolling.change(momentum(bars, 10))


def _zscore(bars: Bars) -> Floats:
    close = bars["close"]
    return ratio(close - rolling.mean(close, 20), rolling.deviation(close, 20, 0))


def _drawdown(bars: Bars) -> Floats:
    return distance(bars["close"], rolling.maximum(bars["close"], 60))


FEATURES: tuple[MftFeature, ...] = (
    *(_return(length) for length in (1, 5, 15, 60)),
    *(_momentum(length) for length in (10, 30)),
    MftFeature(
        name="acceleration_10",
        formula="momentum_10 of t − momentum_10 of t−1",
        unit="1",
        null_rule=unbroken(11),
        source="",
        group="returns",
        look_back_bars=11,
        inputs=("close",),
        default=False,
        value=_acceleration,
    ),
    MftFeature(
        name="zscore_20",
        formula="(C − mean C) / population standard deviation of C, over 20 bars",
        unit="standard deviations",
        null_rule=unbroken(19, "the price did not change"),
        source="",
        group="returns",
        look_back_bars=19,
        inputs=("close",),
        default=False,
        value=_zscore,
    ),
    MftFeature(
        name="drawdown_60",
        formula="C / (highest C of 60 bars) − 1",
        unit="[−1, 0]",
        null_rule=unbroken(59),
        source="",
        group="returns",
        look_back_bars=59,
        inputs=("close",),
        default=False,
        value=_drawdown,
    ),
    MftFeature(
        name="max_drawdown_60",
        formula="min over j of C_j / (highest C_i, i <= j) − 1, i and j within the last 60 bars",
        unit="[−1, 0]",
        null_rule=unbroken(59),
        source="",
        group="returns",
        look_back_bars=59,
        inputs=("close",),
        default=False,
        value=lambda bars: rolling.deepest_fall(bars["close"], 60),
    ),
)
