"""The instrument against the benchmark, the BTC perpetual."""

from functools import partial

import numpy as np

from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.moments import slope
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.compute.mft.returns import log_return
from market_data_assets.compute.mft.rolling import correlation

_WINDOW = 60


def _beta(bars: Bars) -> Floats:
    if bars.benchmark is None:
        return np.full(len(bars), np.nan)
    return slope(log_return(bars), log_return(bars.benchmark), _WINDOW)


def _correlation(bars: Bars) -> Floats:
    if bars.benchmark is None:
        return np.full(len(bars), np.nan)
    return correlation(log_return(bars), log_return(bars.benchmark), _WINDOW)


_CROSS_ASSET = partial(MftFeature, group="cross_asset", look_back_bars=_WINDOW, inputs=("close",))
_BENCHMARK = "the BTC perpetual of the same venue, or else of BINANCE against USDT; r = ln(C_t / C_(t−1)) of the last 60 bars"

FEATURES = (
    _CROSS_ASSET(
        name="btc_beta_60",
        formula=f"Cov(r, r_btc) / Var(r_btc), r_btc of {_BENCHMARK}",
        unit="1",
        null_rule=unbroken(_WINDOW, "the same for the BTC perpetual, or its price did not change"),
        source="Sharpe 1964",
        value=_beta,
    ),
    _CROSS_ASSET(
        name="btc_correlation_60",
        formula=f"Pearson correlation of r and r_btc of {_BENCHMARK}",
        unit="[−1, 1]",
        null_rule=unbroken(_WINDOW, "the same for the BTC perpetual, or either price did not change"),
        source="Pearson 1895",
        value=_correlation,
    ),
)
