"""Every technical feature that TA-Lib has: its values, its seeding, its nulls, and what it says of a market that stands still."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import talib

from market_data_assets.compute.mft import bands, oscillators, recursive, regression, returns, rolling, trend, trend_systems, volume
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets_tests.compute.mft.walks import quiet_walk, random_walk, real_minutes, with_holes

FEATURES = {feature.name: feature for family in (returns, trend, oscillators, bands, volume) for feature in family.FEATURES}


def _high(bars: Bars) -> tuple[Floats, Floats, Floats]:
    return bars["high"], bars["low"], bars["close"]


def _position(bars: Bars, band: tuple[Floats, Floats, Floats]) -> Floats:
    upper, _, lower = band
    return np.divide(bars["close"] - lower, upper - lower, out=np.full(len(bars), np.nan), where=upper != lower)


def _width(band: tuple[Floats, Floats, Floats]) -> Floats:
    upper, middle, lower = band
    return (upper - lower) / middle


def _donchian(bars: Bars) -> tuple[Floats, Floats, Floats]:
    upper, middle, lower = talib.DONCHIAN(bars["high"], bars["low"], 20)
    return upper, middle, lower


def _r_squared(close: Floats, length: int) -> Floats:
    found = talib.CORREL(close, np.arange(len(close), dtype=np.float64), length) ** 2
    return np.where(_flat(close, length), np.nan, found)


def _zscore(close: Floats, length: int) -> Floats:
    spread = np.where(_flat(close, length), np.nan, talib.STDDEV(close, length))
    return (close - talib.SMA(close, length)) / spread


def _flat(close: Floats, length: int) -> npt.NDArray[np.bool_]:
    """Where a quotient by what does not vary is 0 in TA-Lib and null in ours."""
    return talib.MAX(close, length) == talib.MIN(close, length)


TALIB: dict[str, Callable[[Bars], Floats]] = {
    **{f"ema_distance_{n}": lambda b, n=n: b["close"] / talib.EMA(b["close"], n) - 1.0 for n in (5, 10, 12, 20, 26, 50, 200)},
    **{f"sma_distance_{n}": lambda b, n=n: b["close"] / talib.SMA(b["close"], n) - 1.0 for n in (5, 10, 20, 50, 200)},
    "macd": lambda b: talib.MACD(b["close"], 12, 26, 9)[0],
    "macd_signal": lambda b: talib.MACD(b["close"], 12, 26, 9)[1],
    "macd_histogram": lambda b: talib.MACD(b["close"], 12, 26, 9)[2],
    "adx_14": lambda b: talib.ADX(*_high(b), 14),
    "plus_di_14": lambda b: talib.PLUS_DI(*_high(b), 14),
    "minus_di_14": lambda b: talib.MINUS_DI(*_high(b), 14),
    "aroon_down_25": lambda b: talib.AROON(b["high"], b["low"], 25)[0],
    "aroon_up_25": lambda b: talib.AROON(b["high"], b["low"], 25)[1],
    "efficiency_ratio_10": lambda b: talib.ER(b["close"], 10),
    "kama_distance_10": lambda b: b["close"] / talib.KAMA(b["close"], 10) - 1.0,
    "linear_slope_20": lambda b: talib.LINEARREG_SLOPE(b["close"], 20) / b["close"],
    "linear_residual_20": lambda b: 1.0 - talib.LINEARREG(b["close"], 20) / b["close"],
    "supertrend_distance_10": lambda b: b["close"] / talib.SUPERTREND(*_high(b), 10, 3.0)[0] - 1.0,
    "rsi_14": lambda b: talib.RSI(b["close"], 14),
    "stochastic_k_14": lambda b: talib.STOCHF(*_high(b), 14, 3)[0],
    "stochastic_d_3": lambda b: talib.STOCHF(*_high(b), 14, 3)[1],
    "cci_20": lambda b: talib.CCI(*_high(b), 20),
    "mfi_14": lambda b: talib.MFI(*_high(b), b["volume"], 14),
    "stochastic_rsi_k_14": lambda b: talib.STOCHRSI(b["close"], 14, 5, 3)[0],
    "stochastic_rsi_d_14": lambda b: talib.STOCHRSI(b["close"], 14, 5, 3)[1],
    "williams_r_14": lambda b: talib.WILLR(*_high(b), 14),
    "roc_10": lambda b: talib.ROC(b["close"], 10),
    "momentum_10": lambda b: talib.ROCP(b["close"], 10),
    "momentum_30": lambda b: talib.ROCP(b["close"], 30),
    "trix_15": lambda b: talib.TRIX(b["close"], 15),
    "ultimate_oscillator": lambda b: talib.ULTOSC(*_high(b), 7, 14, 28),
    "atr_14": lambda b: talib.ATR(*_high(b), 14),
    "natr_14": lambda b: talib.NATR(*_high(b), 14),
    "bollinger_percent_b_20": lambda b: _position(b, talib.BBANDS(b["close"], 20, 2.0, 2.0)),
    "bollinger_width_20": lambda b: _width(talib.BBANDS(b["close"], 20, 2.0, 2.0)),
    "keltner_position_20": lambda b: _position(b, talib.KC(*_high(b), 20, 10, 2.0)),
    "keltner_width_20": lambda b: _width(talib.KC(*_high(b), 20, 10, 2.0)),
    "donchian_position_20": lambda b: _position(b, _donchian(b)),
    "donchian_width_20": lambda b: _donchian(b)[0] / _donchian(b)[2] - 1.0,
    "linear_r2_20": lambda b: _r_squared(b["close"], 20),
    "zscore_20": lambda b: _zscore(b["close"], 20),
    "obv": lambda b: talib.OBV(b["close"], b["volume"]),
    "cmf_20": lambda b: talib.CMF(*_high(b), b["volume"], 20),
}


def _agree(found: Floats, expected: Floats) -> None:
    assert np.array_equal(np.isnan(found), np.isnan(expected)), "other warm-up nulls"
    # Relative to the column's own size: near 0 both sides are what is left of a difference of large numbers.
    scale = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10 * scale)


@pytest.mark.parametrize("name", TALIB)
def test_a_random_walk_gives_what_talib_gives(name: str) -> None:
    bars = random_walk(7, 1_440)
    _agree(FEATURES[name].value(bars), TALIB[name](bars))


@pytest.mark.parametrize("name", TALIB)
def test_a_market_that_stands_still_for_a_while_gives_what_talib_gives(name: str) -> None:
    bars = quiet_walk(11, 600)
    _agree(FEATURES[name].value(bars), TALIB[name](bars))


@pytest.mark.parametrize("name", TALIB)
def test_real_minutes_give_what_talib_gives(name: str, samples: Path) -> None:
    bars = real_minutes(samples)
    _agree(FEATURES[name].value(bars), TALIB[name](bars))


@pytest.mark.parametrize("name", TALIB)
def test_after_a_hole_the_values_are_those_of_talib_from_there_on(name: str) -> None:
    hole = 300
    bars = random_walk(13, 900)
    after = with_holes(bars, [hole]).last(900 - hole - 1)
    expected = np.concatenate([TALIB[name](bars)[:hole], [np.nan], TALIB[name](after)])
    _agree(FEATURES[name].value(with_holes(bars, [hole])), expected)


def test_the_direction_of_the_supertrend_is_that_of_talib() -> None:
    bars = random_walk(17, 1_440)
    _, expected = talib.SUPERTREND(*_high(bars), 10, 3.0)
    found = FEATURES["supertrend_direction_10"].value(bars)
    assert set(found[10:]) == {-1.0, 1.0}
    assert np.array_equal(found[10:], expected[10:])


@pytest.mark.parametrize("length", [5, 20, 60])
def test_windows_give_what_talib_gives(length: int) -> None:
    bars = random_walk(19, 400)
    close, other = bars["close"], np.log1p(bars["volume"])
    _agree(rolling.mean(close, length), talib.SMA(close, length))
    _agree(rolling.total(other, length), talib.SUM(other, length))
    _agree(rolling.maximum(close, length), talib.MAX(close, length))
    _agree(rolling.minimum(close, length), talib.MIN(close, length))
    _agree(rolling.deviation(close, length, 0), talib.STDDEV(close, length))
    _agree(rolling.mean_absolute_deviation(close, length), talib.AVGDEV(close, length))
    _agree(rolling.correlation(close, other, length), talib.CORREL(close, other, length))
    _agree(regression.lines(close, length).slope, talib.LINEARREG_SLOPE(close, length))
    _agree(close - regression.lines(close, length).residual, talib.LINEARREG(close, length))


@pytest.mark.parametrize("length", [2, 12, 100])
def test_averages_give_what_talib_gives(length: int) -> None:
    close = random_walk(23, 400)["close"]
    _agree(recursive.exponential(close, length), talib.EMA(close, length))
    _agree(trend_systems.kaufman(close, length), talib.KAMA(close, length))
    _agree(oscillators.relative_strength(close, length), talib.RSI(close, length))


@pytest.mark.parametrize("length", [5, 14])
def test_directional_movement_and_ranges_give_what_talib_gives_for_other_lengths(length: int) -> None:
    bars = random_walk(29, 400)
    plus, minus = trend.directional(bars, length)
    _agree(plus, talib.PLUS_DI(*_high(bars), length))
    _agree(minus, talib.MINUS_DI(*_high(bars), length))
    _agree(bands.average_true_range(bars, length), talib.ATR(*_high(bars), length))
    _agree(bands.true_range(bars), talib.TRANGE(*_high(bars)))
