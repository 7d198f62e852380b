"""Standard deviation of returns from closes and from ranges, per √year of 365 days of 24 hours."""

from collections.abc import Callable

import numpy as np

from market_data_assets.compute.mft import rolling
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.ratios import log_ratio
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.compute.mft.returns import log_return
from market_data_assets.domain.timeframes import DAY_SECONDS

_YEAR_SECONDS = 365 * DAY_SECONDS

Variance = Callable[[Bars, int], Floats]
"""Variance of the log return of one bar, from a window of so many bars."""


def close_to_close(bars: Bars, length: int) -> Floats:
    """Sample variance of the last ``length`` log returns, about their mean."""
    return rolling.variance(log_return(bars), length, 1)


def parkinson(bars: Bars, length: int) -> Floats:
    """mean ln²(H/L) / (4 ln 2)."""
    return np.asarray(rolling.mean(_square(log_ratio(bars["high"], bars["low"])), length) / (4.0 * np.log(2.0)))


def garman_klass(bars: Bars, length: int) -> Floats:
    """mean [½ ln²(H/L) − (2 ln 2 − 1) ln²(C/O)]."""
    span, body = log_ratio(bars["high"], bars["low"]), log_ratio(bars["close"], bars["open"])
    return rolling.mean(0.5 * _square(span) - (2.0 * np.log(2.0) - 1.0) * _square(body), length)


def rogers_satchell(bars: Bars, length: int) -> Floats:
    """mean [ln(H/C) ln(H/O) + ln(L/C) ln(L/O)]."""
    opened, high, low, close = (bars[name] for name in ("open", "high", "low", "close"))
    upper = log_ratio(high, close) * log_ratio(high, opened)
    lower = log_ratio(low, close) * log_ratio(low, opened)
    return rolling.mean(upper + lower, length)


def yang_zhang(bars: Bars, length: int) -> Floats:
    """σ_o² + k σ_c² + (1 − k) σ_RS², k = 0.34 / (1.34 + (n + 1) / (n − 1))."""
    overnight = log_ratio(bars["open"], rolling.previous(bars["close"]))
    daytime = log_ratio(bars["close"], bars["open"])
    share = 0.34 / (1.34 + (length + 1) / (length - 1))
    spread = rolling.variance(overnight, length, 1) + share * rolling.variance(daytime, length, 1)
    return np.asarray(spread + (1.0 - share) * rogers_satchell(bars, length))


def _square(values: Floats) -> Floats:
    return np.square(values, out=values)


def _annualised(variance: Variance, length: int) -> Callable[[Bars], Floats]:
    def value(bars: Bars) -> Floats:
        # Candles whose low is above their open or close can make a range estimator negative; its root is then null.
        found = variance(bars, length)
        return np.sqrt(np.where(found >= 0.0, found, np.nan) * (_YEAR_SECONDS / bars.timeframe.seconds))

    return value


def _volatility(name: str, length: int, formula: str, *, look_back: int, source: str, inputs: tuple[str, ...]) -> MftFeature:
    return MftFeature(
        name=f"{name}_{length}",
        formula=f"√({formula} · 365 · 86400 / bar seconds), n = {length} bars",
        unit="log per √year",
        null_rule=unbroken(look_back),
        source=source,
        group="volatility",
        look_back_bars=look_back,
        inputs=inputs,
        value=_annualised(_ESTIMATORS[name], length),
    )


_ESTIMATORS: dict[str, Variance] = {
    "volatility": close_to_close,
    "parkinson": parkinson,
    "garman_klass": garman_klass,
    "rogers_satchell": rogers_satchell,
    "yang_zhang": yang_zhang,
}
_PRICES = ("open", "high", "low", "close")
_CLOSES = "sample variance of n returns ln(C_t / C_(t−1)), divisor n − 1"

FEATURES: tuple[MftFeature, ...] = (
    _volatility("volatility", 20, _CLOSES, look_back=20, source="", inputs=("close",)),
    _volatility("volatility", 60, _CLOSES, look_back=60, source="", inputs=("close",)),
    _volatility(
        "parkinson",
        20,
        "mean ln²(H/L) / (4 ln 2), H and L of the bar itself",
        look_back=19,
        source="Parkinson 1980",
        inputs=("high", "low"),
    ),
    _volatility(
        "garman_klass",
        20,
        "mean [½ ln²(H/L) − (2 ln 2 − 1) ln²(C/O)]",
        look_back=19,
        source="Garman-Klass 1980",
        inputs=_PRICES,
    ),
    _volatility(
        "rogers_satchell",
        20,
        "mean [ln(H/C) ln(H/O) + ln(L/C) ln(L/O)]",
        look_back=19,
        source="Rogers-Satchell 1991",
        inputs=_PRICES,
    ),
    _volatility(
        "yang_zhang",
        20,
        "(σ_o² + k σ_c² + (1 − k) σ_RS²), σ_o² and σ_c² sample variances of ln(O_t / C_(t−1)) and ln(C/O), σ_RS² Rogers-Satchell,"
        " k = 0.34 / (1.34 + (n + 1) / (n − 1))",
        look_back=20,
        source="Yang-Zhang 2000",
        inputs=_PRICES,
    ),
)
