"""Estimators of trading costs, against their formulas window by window, and against spreads that are known."""

import numpy as np

from market_data_assets.compute.mft.bars import Floats
from market_data_assets_tests.compute.mft.candles import HOUR, changed, sample_bars, value_of
from market_data_assets_tests.compute.mft.references import assert_matches, over_windows
from market_data_assets_tests.compute.mft.walks import candles

BARS = sample_bars(HOUR, 6)


def _corwin_schultz(high: Floats, low: Floats) -> float:
    spreads = []
    for one in range(20):
        beta = sum(np.log(high[day] / low[day]) ** 2 for day in (one, one + 1))
        gamma = np.log(high[one : one + 2].max() / low[one : one + 2].min()) ** 2
        scale = 3 - 2 * np.sqrt(2)
        alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / scale - np.sqrt(gamma / scale)
        spreads.append(max(2 * (np.exp(alpha) - 1) / (1 + np.exp(alpha)), 0.0))
    return float(np.mean(spreads))


def test_corwin_schultz_is_its_formula() -> None:
    assert_matches(value_of("corwin_schultz_20", BARS), over_windows(BARS, 21, ("high", "low"), _corwin_schultz))


def test_corwin_schultz_and_abdi_ranaldo_find_the_spread_of_a_price_that_does_not_move() -> None:
    half = 0.001
    ask, bid = np.full(60, 100.0 * np.exp(half)), np.full(60, 100.0 * np.exp(-half))
    alternating = np.where(np.arange(60) % 2 == 0, ask, bid)
    bars = candles(alternating, ask, bid, alternating, np.ones(60))
    np.testing.assert_allclose(value_of("corwin_schultz_20", bars)[-1], 2 * np.tanh(half), rtol=1e-9)
    np.testing.assert_allclose(value_of("abdi_ranaldo_20", bars)[-1], 2 * half, rtol=1e-9)


def test_abdi_ranaldo_is_its_formula() -> None:
    def reference(high: Floats, low: Floats, close: Floats) -> float:
        middle, close = (np.log(high) + np.log(low)) / 2, np.log(close)
        return float(2 * np.sqrt(max(np.mean((close[:-1] - middle[:-1]) * (close[:-1] - middle[1:])), 0.0)))

    assert_matches(value_of("abdi_ranaldo_20", BARS), over_windows(BARS, 21, ("high", "low", "close"), reference), absolute=1e-9)


def test_amihud_leaves_out_the_bars_without_trades() -> None:
    quote_volume = BARS["quote_volume"].copy()
    quote_volume[40:43] = 0.0
    bars = changed(BARS, quote_volume=quote_volume)

    def reference(close: Floats, volume: Floats) -> float:
        impact = [abs(np.log(close[one] / close[one - 1])) / volume[one] for one in range(1, 21) if volume[one] > 0]
        return float(1e6 * np.mean(impact))

    assert_matches(value_of("amihud_20", bars), over_windows(bars, 21, ("close", "quote_volume"), reference))
    assert np.isnan(value_of("amihud_20", changed(BARS, quote_volume=np.zeros(len(BARS))))).all()


def test_kyle_lambda_is_the_slope_of_price_changes_on_signed_volume() -> None:
    def reference(close: Floats, flow: Floats) -> float:
        return float(np.polyfit(flow[1:], np.diff(close), 1)[0])

    assert_matches(value_of("kyle_lambda_20", BARS), over_windows(BARS, 21, ("close", "volume_delta"), reference))
    impact = changed(BARS, close=100.0 + 0.25 * np.cumsum(BARS["volume_delta"]))
    np.testing.assert_allclose(value_of("kyle_lambda_20", impact)[20:], 0.25, rtol=1e-9)


def test_roll_spread_is_that_of_the_covariance_of_neighbouring_changes() -> None:
    def reference(close: Floats) -> float:
        changes = np.diff(close)
        moment = np.cov(changes[1:], changes[:-1], ddof=0)[0, 1]
        return float(2 * np.sqrt(-moment)) if moment < 0 else np.nan

    assert_matches(value_of("roll_spread_20", BARS), over_windows(BARS, 22, ("close",), reference))


def test_spread_and_depth_of_the_book() -> None:
    assert_matches(value_of("spread_bps_20", BARS), over_windows(BARS, 20, ("spread_bps_twa",), np.mean))

    def reference(bid: Floats, ask: Floats) -> float:
        depth = bid + ask
        return float((depth[-1] - depth.mean()) / depth.std(ddof=1))

    assert_matches(value_of("depth_zscore_20", BARS), over_windows(BARS, 20, ("depth_bid_5_twa", "depth_ask_5_twa"), reference))
