"""What trading costs, estimated from candles: spreads from prices alone, price impact, and the book's own spread and depth."""

from functools import partial

import numpy as np

from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.moments import covariance, slope
from market_data_assets.compute.mft.ratios import log_ratio, ratio
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.compute.mft.returns import log_return
from market_data_assets.compute.mft.rolling import change, deviation, mean, previous, total

_BARS = 20
_PER_MILLION = 1e6
_NO_TRADES = "none of them has trades"
_NO_BOOK = "one of them has no book data"


def _corwin_schultz(bars: Bars) -> Floats:
    """Overnight gaps are not adjusted for: the market does not close."""
    high, low = bars["high"], bars["low"]
    squared_range = log_ratio(high, low) ** 2
    beta = squared_range + previous(squared_range)
    gamma = log_ratio(np.maximum(high, previous(high)), np.minimum(low, previous(low))) ** 2
    scale = 3.0 - 2.0 * np.sqrt(2.0)
    alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / scale - np.sqrt(gamma / scale)
    # 2 (e^α − 1) / (e^α + 1), in the form that does not overflow.
    return mean(np.maximum(2.0 * np.tanh(alpha / 2.0), 0.0), _BARS)


def _abdi_ranaldo(bars: Bars) -> Floats:
    close = log_ratio(bars["close"], np.ones(len(bars)))
    middle = 0.5 * (log_ratio(bars["high"], np.ones(len(bars))) + log_ratio(bars["low"], np.ones(len(bars))))
    before = previous(close)
    product = (before - previous(middle)) * (before - middle)
    return 2.0 * np.sqrt(np.maximum(mean(product, _BARS), 0.0))


def _amihud(bars: Bars) -> Floats:
    """Bars without trades say nothing of the impact of trading, so the mean is over the others."""
    traded = bars["quote_volume"] > 0.0
    impact = np.where(traded, ratio(np.abs(log_return(bars)), bars["quote_volume"]), 0.0)
    # The bars without trades must still be known, and have a return.
    impact = np.where(np.isnan(log_return(bars)) | np.isnan(bars["quote_volume"]), np.nan, impact)
    return _PER_MILLION * ratio(total(impact, _BARS), total(traded.astype(np.float64), _BARS))


def _kyle_lambda(bars: Bars) -> Floats:
    return slope(change(bars["close"]), bars["volume_delta"], _BARS)


def _roll_spread(bars: Bars) -> Floats:
    changes = change(bars["close"])
    moment = covariance(changes, previous(changes), _BARS)
    return 2.0 * np.sqrt(np.where(moment < 0.0, -moment, np.nan))


def _mean_spread(bars: Bars) -> Floats:
    return mean(bars["spread_bps_twa"], _BARS)


def _depth_zscore(bars: Bars) -> Floats:
    depth = bars["depth_bid_5_twa"] + bars["depth_ask_5_twa"]
    return ratio(depth - mean(depth, _BARS), deviation(depth, _BARS, freedom=1))


_LIQUIDITY = partial(MftFeature, group="liquidity")

FEATURES = (
    _LIQUIDITY(
        name="corwin_schultz_20",
        formula="mean over the last 20 pairs of neighbouring bars of max(S, 0), S = 2 (e^α − 1) / (1 + e^α),"
        " α = (√(2β) − √β) / (3 − 2√2) − √(γ / (3 − 2√2)), β = Σ ln²(H / L) of both bars, γ = ln²(H / L) of the pair as one bar",
        unit="share of price",
        null_rule=unbroken(20),
        source="Corwin & Schultz 2012",
        look_back_bars=20,
        inputs=("high", "low"),
        value=_corwin_schultz,
    ),
    _LIQUIDITY(
        name="amihud_20",
        formula="1e6 × mean of |ln(C_t / C_(t−1))| / quote_volume over those of the last 20 bars that have trades",
        unit="1e6/quote",
        null_rule=unbroken(20, _NO_TRADES),
        source="Amihud 2002",
        look_back_bars=20,
        inputs=("close", "quote_volume"),
        value=_amihud,
    ),
    _LIQUIDITY(
        name="abdi_ranaldo_20",
        formula="2 √max(mean of (c_(t−1) − η_(t−1)) (c_(t−1) − η_t) over the last 20 pairs of neighbouring bars, 0), c = ln C,"
        " η = (ln H + ln L) / 2",
        unit="share of price",
        null_rule=unbroken(20),
        source="Abdi & Ranaldo 2017",
        look_back_bars=20,
        inputs=("high", "low", "close"),
        default=False,
        value=_abdi_ranaldo,
    ),
    _LIQUIDITY(
        name="kyle_lambda_20",
        formula="least-squares slope, with intercept, of C_t − C_(t−1) on volume_delta over the last 20 bars",
        unit="quote/base",
        null_rule=unbroken(20, "volume_delta does not vary"),
        source="Kyle 1985",
        look_back_bars=20,
        inputs=("close", "volume_delta"),
        default=False,
        value=_kyle_lambda,
    ),
    _LIQUIDITY(
        name="roll_spread_20",
        formula="2 √(−cov(C_t − C_(t−1), C_(t−1) − C_(t−2))), population covariance with means over the last 20 pairs",
        unit="quote",
        null_rule=unbroken(21, "the covariance is 0 or more"),
        source="Roll 1984",
        look_back_bars=21,
        inputs=("close",),
        default=False,
        value=_roll_spread,
    ),
    _LIQUIDITY(
        name="spread_bps_20",
        formula="mean of spread_bps_twa over the last 20 bars",
        unit="bps of mid",
        null_rule=unbroken(19, _NO_BOOK),
        source="",
        look_back_bars=19,
        inputs=("spread_bps_twa",),
        default=False,
        value=_mean_spread,
    ),
    _LIQUIDITY(
        name="depth_zscore_20",
        formula="(depth − mean) / sample standard deviation (n − 1) over the last 20 bars, depth = depth_bid_5_twa + depth_ask_5_twa",
        unit="standard deviations",
        null_rule=unbroken(19, f"{_NO_BOOK}, or the depth does not vary"),
        source="",
        look_back_bars=19,
        inputs=("depth_bid_5_twa", "depth_ask_5_twa"),
        default=False,
        value=_depth_zscore,
    ),
)
