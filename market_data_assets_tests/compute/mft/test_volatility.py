"""Volatilities of markets whose volatility is known, and of bars small enough to compute by hand."""

import math

import numpy as np
import pytest

from market_data_assets.compute.mft import volatility
from market_data_assets.compute.mft.bars import Bars
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets_tests.compute.mft.walks import MINUTE, candles, closes, random_walk

FEATURES = {feature.name: feature for feature in volatility.FEATURES}
MINUTES_A_YEAR = 365 * 24 * 60
every_estimator = pytest.mark.parametrize("name", FEATURES)


def _last(name: str, bars: Bars) -> float:
    return float(FEATURES[name].value(bars)[-1])


def _per_bar(name: str, bars: Bars) -> float:
    """Variance of one bar, the annual factor taken out."""
    return _last(name, bars) ** 2 / (365 * 86_400 / bars.timeframe.seconds)


@every_estimator
def test_a_price_that_stands_still_has_none(name: str) -> None:
    assert _last(name, closes(np.full(80, 0.3))) == 0.0


@pytest.mark.parametrize("name", ["volatility_20", "volatility_60", "yang_zhang_20", "rogers_satchell_20"])
def test_a_price_that_grows_at_a_constant_rate_has_none_where_the_drift_is_taken_out(name: str) -> None:
    close = 100.0 * 1.001 ** np.arange(80)
    opened = close / 1.001
    assert _last(name, candles(opened, close, opened, close, np.ones(80))) == pytest.approx(0.0, abs=1e-9)


def test_a_constant_range_gives_parkinson_that_range() -> None:
    low = np.full(20, 100.0)
    bars = candles(low, low * 1.01, low, low, np.ones(20))
    expected = math.log(1.01) / math.sqrt(4.0 * math.log(2.0)) * math.sqrt(MINUTES_A_YEAR)
    assert _last("parkinson_20", bars) == pytest.approx(expected, rel=1e-12)


def test_garman_klass_takes_the_body_from_the_range() -> None:
    low = np.full(20, 100.0)
    bars = candles(low, low * 1.03, low, low * 1.02, np.ones(20))
    expected = 0.5 * math.log(1.03) ** 2 - (2.0 * math.log(2.0) - 1.0) * math.log(1.02) ** 2
    assert _per_bar("garman_klass_20", bars) == pytest.approx(expected, rel=1e-12)


def test_rogers_satchell_by_hand() -> None:
    opened = np.full(20, 100.0)
    bars = candles(opened, opened * 1.03, opened * 0.98, opened * 1.01, np.ones(20))
    expected = math.log(1.03 / 1.01) * math.log(1.03) + math.log(0.98 / 1.01) * math.log(0.98)
    assert _per_bar("rogers_satchell_20", bars) == pytest.approx(expected, rel=1e-12)


def test_alternating_returns_have_their_sample_variance() -> None:
    move = 0.01
    bars = closes(100.0 * np.exp(move * (np.arange(61) % 2)))
    assert _per_bar("volatility_20", bars) == pytest.approx(20 / 19 * move**2, rel=1e-12)
    assert _per_bar("volatility_60", bars) == pytest.approx(60 / 59 * move**2, rel=1e-12)


def test_yang_zhang_of_gaps_alone_is_the_variance_of_the_gaps() -> None:
    """Bars without a range, which open where they close: only the jump from close to open moves."""
    gap = 0.01
    bars = closes(100.0 * np.exp(gap * (np.arange(21) % 2)))
    assert _per_bar("yang_zhang_20", bars) == pytest.approx(20 / 19 * gap**2, rel=1e-12)


def test_yang_zhang_without_gaps_weighs_the_bodies_with_k_and_rogers_satchell_with_the_rest() -> None:
    move = 0.01
    close = 100.0 * np.exp(move * (np.arange(21) % 2))
    opened = np.concatenate([close[1:2], close[:-1]])
    bars = candles(opened, np.maximum(opened, close), np.minimum(opened, close), close, np.ones(21))
    k = 0.34 / (1.34 + 21 / 19)
    assert _per_bar("yang_zhang_20", bars) == pytest.approx(k * 20 / 19 * move**2, rel=1e-12)


def test_yang_zhang_of_ranges_alone_is_the_rest_of_k_times_rogers_satchell() -> None:
    price = np.full(21, 100.0)
    bars = candles(price, price * 1.03, price * 0.98, price, np.ones(21))
    k = 0.34 / (1.34 + 21 / 19)
    expected = (1.0 - k) * (math.log(1.03) ** 2 + math.log(0.98) ** 2)
    assert _per_bar("yang_zhang_20", bars) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("label", ["5m", "1h", "24h"])
@every_estimator
def test_the_same_prices_in_longer_bars_are_less_by_the_root_of_the_length(name: str, label: str) -> None:
    longer, minutes = Timeframe.parse(label), random_walk(3, 100)
    bars = Bars(minutes.instrument_id, longer, minutes.start, minutes.known, minutes.columns)
    assert _last(name, bars) == pytest.approx(_last(name, minutes) * math.sqrt(MINUTE.seconds / longer.seconds), rel=1e-12)


@every_estimator
def test_a_diffusion_of_known_volatility_is_found_within_its_error(name: str) -> None:
    """Bars of 400 steps each; range estimators see a little less than a continuous path would show, some 1 / √steps."""
    random = np.random.default_rng(5)
    sigma, bars, steps = 0.6, 4_000, 400
    moves = random.normal(scale=sigma / math.sqrt(MINUTES_A_YEAR * steps), size=(bars, steps))
    path = 100.0 * np.exp(np.cumsum(moves).reshape(bars, steps))
    close = path[:, -1].copy()
    opened = np.concatenate([[100.0], close[:-1]])
    walk = candles(opened, np.maximum(path.max(axis=1), opened), np.minimum(path.min(axis=1), opened), close, np.ones(bars))
    values = FEATURES[name].value(walk)
    found = math.sqrt(np.nanmean(values**2))
    assert 0.93 * sigma < found < 1.03 * sigma


def test_a_range_that_contradicts_itself_gives_null_and_not_the_root_of_a_negative_number() -> None:
    price = np.full(20, 100.0)
    bars = candles(price, price * 1.001, price, price * 1.5, np.ones(20))
    assert math.isnan(_last("garman_klass_20", bars))
