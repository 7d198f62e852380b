"""The 158 features against qlib's expressions, evaluated with pandas as qlib does."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from market_data_assets.compute.mft import alpha158
from market_data_assets.compute.mft.bars import Bars
from market_data_assets_tests.compute.mft.walks import random_walk

FEATURES = {feature.name.removeprefix("alpha158_"): feature for feature in alpha158.FEATURES}
BARS = random_walk(3, 200)
OPEN, HIGH, LOW, CLOSE, VOLUME, VWAP = (pd.Series(BARS[name]) for name in ("open", "high", "low", "close", "volume", "vwap"))
BEFORE, VOLUME_BEFORE = CLOSE.shift(1), VOLUME.shift(1)
MOVED = (CLOSE / BEFORE - 1.0).abs() * VOLUME
RISE, FALL, CHANGE = (CLOSE - BEFORE).clip(lower=0.0), (BEFORE - CLOSE).clip(lower=0.0), (CLOSE - BEFORE).abs()
VOLUME_RISE, VOLUME_FALL, VOLUME_CHANGE = (
    (VOLUME - VOLUME_BEFORE).clip(lower=0.0),
    (VOLUME_BEFORE - VOLUME).clip(lower=0.0),
    (VOLUME - VOLUME_BEFORE).abs(),
)


def _line(window: pd.Series) -> tuple[float, float]:
    slope, intercept = np.polyfit(np.arange(1.0, len(window) + 1), window, 1)
    return slope, intercept + slope * len(window)


def _is(condition: pd.Series) -> pd.Series:
    return condition.astype(float).where(BEFORE.notna())


BAR = {
    "kmid": (CLOSE - OPEN) / OPEN,
    "klen": (HIGH - LOW) / OPEN,
    "kmid2": (CLOSE - OPEN) / (HIGH - LOW),
    "kup": (HIGH - np.maximum(OPEN, CLOSE)) / OPEN,
    "kup2": (HIGH - np.maximum(OPEN, CLOSE)) / (HIGH - LOW),
    "klow": (np.minimum(OPEN, CLOSE) - LOW) / OPEN,
    "klow2": (np.minimum(OPEN, CLOSE) - LOW) / (HIGH - LOW),
    "ksft": (2 * CLOSE - HIGH - LOW) / OPEN,
    "ksft2": (2 * CLOSE - HIGH - LOW) / (HIGH - LOW),
    "open_0": OPEN / CLOSE,
    "high_0": HIGH / CLOSE,
    "low_0": LOW / CLOSE,
    "vwap_0": VWAP / CLOSE,
}
ROLLING: dict[str, Callable[[int], pd.Series]] = {
    "roc": lambda n: CLOSE.shift(n) / CLOSE,
    "ma": lambda n: CLOSE.rolling(n).mean() / CLOSE,
    "std": lambda n: CLOSE.rolling(n).std() / CLOSE,
    "beta": lambda n: CLOSE.rolling(n).apply(lambda w: _line(w)[0]) / CLOSE,
    "rsqr": lambda n: CLOSE.rolling(n).apply(lambda w: np.corrcoef(np.arange(len(w)), w)[0, 1] ** 2),
    "resi": lambda n: (CLOSE - CLOSE.rolling(n).apply(lambda w: _line(w)[1])) / CLOSE,
    "max": lambda n: HIGH.rolling(n).max() / CLOSE,
    "min": lambda n: LOW.rolling(n).min() / CLOSE,
    "qtlu": lambda n: CLOSE.rolling(n).quantile(0.8) / CLOSE,
    "qtld": lambda n: CLOSE.rolling(n).quantile(0.2) / CLOSE,
    "rank": lambda n: CLOSE.rolling(n).rank(pct=True),
    "rsv": lambda n: (CLOSE - LOW.rolling(n).min()) / (HIGH.rolling(n).max() - LOW.rolling(n).min()),
    "imax": lambda n: HIGH.rolling(n).apply(lambda w: w.argmax() + 1, raw=True) / n,
    "imin": lambda n: LOW.rolling(n).apply(lambda w: w.argmin() + 1, raw=True) / n,
    "imxd": lambda n: ROLLING["imax"](n) - ROLLING["imin"](n),
    "corr": lambda n: CLOSE.rolling(n).corr(np.log(VOLUME + 1.0)),
    "cord": lambda n: (CLOSE / BEFORE).rolling(n).corr(np.log(VOLUME / VOLUME_BEFORE + 1.0)),
    "cntp": lambda n: _is(CLOSE > BEFORE).rolling(n).mean(),
    "cntn": lambda n: _is(CLOSE < BEFORE).rolling(n).mean(),
    "cntd": lambda n: _is(CLOSE > BEFORE).rolling(n).mean() - _is(CLOSE < BEFORE).rolling(n).mean(),
    "sump": lambda n: RISE.rolling(n).sum() / CHANGE.rolling(n).sum(),
    "sumn": lambda n: FALL.rolling(n).sum() / CHANGE.rolling(n).sum(),
    "sumd": lambda n: (RISE - FALL).rolling(n).sum() / CHANGE.rolling(n).sum(),
    "vma": lambda n: VOLUME.rolling(n).mean() / VOLUME,
    "vstd": lambda n: VOLUME.rolling(n).std() / VOLUME,
    "wvma": lambda n: MOVED.rolling(n).std() / MOVED.rolling(n).mean(),
    "vsump": lambda n: VOLUME_RISE.rolling(n).sum() / VOLUME_CHANGE.rolling(n).sum(),
    "vsumn": lambda n: VOLUME_FALL.rolling(n).sum() / VOLUME_CHANGE.rolling(n).sum(),
    "vsumd": lambda n: (VOLUME_RISE - VOLUME_FALL).rolling(n).sum() / VOLUME_CHANGE.rolling(n).sum(),
}


@pytest.mark.parametrize("name", BAR)
def test_a_bars_shape_is_that_of_qlib(name: str) -> None:
    np.testing.assert_allclose(FEATURES[name].value(BARS), BAR[name], rtol=1e-12)


@pytest.mark.parametrize("length", alpha158.WINDOWS)
@pytest.mark.parametrize("name", ROLLING)
def test_a_window_is_that_of_qlib(name: str, length: int) -> None:
    np.testing.assert_allclose(FEATURES[f"{name}_{length}"].value(BARS), ROLLING[name](length), rtol=1e-8, atol=1e-11)


def test_there_are_158_and_none_is_computed_unasked() -> None:
    assert len(BAR) + len(ROLLING) * len(alpha158.WINDOWS) == len(alpha158.FEATURES) == 158
    assert {feature.group for feature in alpha158.FEATURES} == {"alpha158"}
    assert not any(feature.default for feature in alpha158.FEATURES)


def test_a_bar_without_volume_gives_null_where_qlib_would_divide_by_almost_nothing() -> None:
    columns = {name: values.copy() for name, values in BARS.columns.items()}
    columns["volume"][-1] = 0.0
    quiet = Bars(BARS.instrument_id, BARS.timeframe, BARS.start, BARS.known, columns)
    assert np.isnan(FEATURES["vma_20"].value(quiet)[-1])
