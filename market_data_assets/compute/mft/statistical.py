"""Shape and memory of the returns: r_t = ln(C_t / C_(t−1))."""

from functools import partial

import numpy as np

from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.moments import centred, per_bar, windows
from market_data_assets.compute.mft.ratios import log_ratio, ratio
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.compute.mft.returns import log_return
from market_data_assets.compute.mft.rolling import previous, total

_HURST_BARS, _HURST_LAGS = 128, 64
_RATIO_RETURNS = 128
_WINDOW = 60
_TAIL_RETURNS, _TAIL_LARGEST = 240, 12
_FLAT = "the price did not change"


def _hurst(bars: Bars) -> Floats:
    """Slope of ln E|x_(t+τ) − x_t| on ln τ by least squares over τ = 1 … 64."""
    price = log_ratio(bars["close"], np.ones(len(bars)))
    logs = np.log(np.arange(1, _HURST_LAGS + 1))
    weights = (logs - logs.mean()) / ((logs - logs.mean()) ** 2).sum()
    slope = np.zeros(len(bars))
    for lag, weight in enumerate(weights, start=1):
        pairs = _HURST_BARS - lag
        moved = total(np.abs(price - previous(price, lag)), pairs)
        slope += weight * log_ratio(moved, np.full(len(bars), float(pairs)))
    return slope


def _variance_ratio(lag: int, bars: Bars) -> Floats:
    """Overlapping and unbiased: equations 12 to 14 of the paper."""
    count = _RATIO_RETURNS
    returns = log_return(bars)
    drift = total(returns, count) / count
    of_one = per_bar((centred(returns, count) ** 2).sum(axis=1), len(bars)) / (count - 1.0)
    sums = windows(log_return(bars, lag), count - lag + 1)
    expected = lag * drift[len(bars) - len(sums) :, np.newaxis]
    weight = lag * (count - lag + 1) * (1.0 - lag / count)
    return ratio(per_bar(((sums - expected) ** 2).sum(axis=1), len(bars)) / weight, of_one)


def _autocorrelation(lag: int, bars: Bars) -> Floats:
    deviations = centred(log_return(bars), _WINDOW)
    joint = (deviations[:, lag:] * deviations[:, :-lag]).sum(axis=1)
    return per_bar(ratio(joint, (deviations**2).sum(axis=1)), len(bars))


def _skewness(bars: Bars) -> Floats:
    deviations = centred(log_return(bars), _WINDOW)
    second, third = (deviations**2).mean(axis=1), (deviations**3).mean(axis=1)
    correction = np.sqrt(_WINDOW * (_WINDOW - 1.0)) / (_WINDOW - 2.0)
    return per_bar(correction * ratio(third, second**1.5), len(bars))


def _kurtosis(bars: Bars) -> Floats:
    deviations = centred(log_return(bars), _WINDOW)
    second, fourth = (deviations**2).mean(axis=1), (deviations**4).mean(axis=1)
    excess = (_WINDOW + 1.0) * (ratio(fourth, second**2) - 3.0) + 6.0
    return per_bar((_WINDOW - 1.0) / ((_WINDOW - 2.0) * (_WINDOW - 3.0)) * excess, len(bars))


def _sign_entropy(bars: Bars) -> Floats:
    returns = log_return(bars)
    entropy = np.zeros(len(bars))
    for sign in (-1.0, 0.0, 1.0):
        share = total(np.where(np.isnan(returns), np.nan, np.sign(returns) == sign), _WINDOW) / _WINDOW
        entropy -= share * np.log2(np.where(share == 0.0, 1.0, share))
    return entropy


def _tail_index(bars: Bars) -> Floats:
    sizes = windows(np.abs(log_return(bars)), _TAIL_RETURNS)
    largest = np.partition(sizes, _TAIL_RETURNS - _TAIL_LARGEST - 1, axis=1)[:, _TAIL_RETURNS - _TAIL_LARGEST - 1 :]
    least = np.repeat(largest[:, :1], _TAIL_LARGEST, axis=1)
    excess = log_ratio(largest[:, 1:], least).mean(axis=1)
    # NaN sorts to the end, so a window with a hole must be told apart by its sum.
    return per_bar(np.where(np.isnan(sizes.sum(axis=1)), np.nan, ratio(np.ones(len(excess)), excess)), len(bars))


def _variance_ratio_of(lag: int) -> MftFeature:
    return _STATISTICAL(
        name=f"variance_ratio_{lag}",
        formula=f"Var(r over {lag} bars) / ({lag} · Var(r)) of the last {_RATIO_RETURNS} returns, overlapping, unbiased",
        unit="1",
        null_rule=unbroken(_RATIO_RETURNS, _FLAT),
        source="Lo & MacKinlay 1988",
        look_back_bars=_RATIO_RETURNS,
        value=partial(_variance_ratio, lag),
    )


def _autocorrelation_of(lag: int) -> MftFeature:
    return _STATISTICAL(
        name=f"autocorrelation_{lag}_{_WINDOW}",
        formula=f"Σ (r_i − r̄) (r_(i−{lag}) − r̄) / Σ (r_i − r̄)² of the last {_WINDOW} returns, r̄ their mean",
        unit="[−1, 1]",
        null_rule=unbroken(_WINDOW, _FLAT),
        source="Box & Jenkins 1976",
        look_back_bars=_WINDOW,
        default=lag == 1,
        value=partial(_autocorrelation, lag),
    )


_STATISTICAL = partial(MftFeature, group="statistical", inputs=("close",))

FEATURES = (
    _STATISTICAL(
        name="hurst_128",
        formula="least-squares slope of ln mean|x_(s+τ) − x_s| on ln τ, τ = 1 … 64, x = ln C of the last 128 bars",
        unit="1",
        null_rule=unbroken(_HURST_BARS - 1, "the price did not change over some τ"),
        source="generalised Hurst exponent of order 1, Di Matteo 2007",
        look_back_bars=_HURST_BARS - 1,
        value=_hurst,
    ),
    *(_variance_ratio_of(lag) for lag in (2, 8)),
    *(_autocorrelation_of(lag) for lag in (1, 2, 3, 4, 5)),
    _STATISTICAL(
        name="skewness_60",
        formula="√(n (n − 1)) / (n − 2) · m3 / m2^(3/2) of the last n = 60 returns, m_k their k-th central moments",
        unit="1",
        null_rule=unbroken(_WINDOW, _FLAT),
        source="adjusted Fisher-Pearson, as pandas has it",
        look_back_bars=_WINDOW,
        value=_skewness,
    ),
    _STATISTICAL(
        name="kurtosis_60",
        formula="excess: (n − 1) / ((n − 2) (n − 3)) · ((n + 1) (m4 / m2² − 3) + 6) of the last n = 60 returns, 0 for normal returns",
        unit="1",
        null_rule=unbroken(_WINDOW, _FLAT),
        source="adjusted Fisher-Pearson, as pandas has it",
        look_back_bars=_WINDOW,
        value=_kurtosis,
    ),
    _STATISTICAL(
        name="sign_entropy_60",
        formula="−Σ p log2 p over the shares p of falling, flat and rising among the last 60 returns",
        unit="bits, [0, log2 3]",
        null_rule=unbroken(_WINDOW),
        source="Shannon 1948",
        look_back_bars=_WINDOW,
        default=False,
        value=_sign_entropy,
    ),
    _STATISTICAL(
        name="tail_index_240",
        formula="1 / mean of ln(X_i / X_13) over the 12 largest |r| of the last 240, X_13 the 13th largest: small = heavy tails",
        unit="1",
        null_rule=unbroken(_TAIL_RETURNS, "X_13 is 0, or the 13 largest are equal"),
        source="Hill 1975",
        look_back_bars=_TAIL_RETURNS,
        default=False,
        value=_tail_index,
    ),
)
