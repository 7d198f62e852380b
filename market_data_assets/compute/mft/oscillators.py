"""Oscillators between fixed bounds, or about 0."""

import numpy as np

from market_data_assets.compute.mft import recursive, rolling
from market_data_assets.compute.mft.bands import true_range, typical_price
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.ratios import distance, ratio_or_zero
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.compute.mft.returns import momentum

_RANGE = ("high", "low", "close")
_NO_MOVE = 1e-13
_SAME_STRENGTH = 1e-10
_FLAT = "0 where the price did not move, as TA-Lib"


def relative_strength(values: Floats, length: int) -> Floats:
    """Wilder's RSI, percent: 100 · gains / (gains + losses)."""
    moves = rolling.change(values)
    gains, losses = recursive.wilder(np.maximum(moves, 0.0), length), recursive.wilder(np.maximum(-moves, 0.0), length)
    return 100.0 * ratio_or_zero(gains, gains + losses)


def position(value: Floats, high: Floats, low: Floats, length: int) -> Floats:
    """Where the value stands between the lowest low and the highest high of ``length`` bars, percent; 0 without a range."""
    bottom = rolling.minimum(low, length)
    return 100.0 * ratio_or_zero(value - bottom, rolling.maximum(high, length) - bottom)


def _stochastic_d(bars: Bars) -> Floats:
    return rolling.mean(position(bars["close"], bars["high"], bars["low"], 14), 3)


def _stochastic_k(bars: Bars) -> Floats:
    """Null until %D is there, as in TA-Lib: the two columns begin on the same bar."""
    fast = position(bars["close"], bars["high"], bars["low"], 14)
    return np.where(np.isnan(rolling.total(fast, 3)), np.nan, fast)


def _commodity_channel(bars: Bars) -> Floats:
    typical = typical_price(bars)
    return ratio_or_zero(typical - rolling.mean(typical, 20), 0.015 * rolling.mean_absolute_deviation(typical, 20))


def _money_flow(bars: Bars) -> Floats:
    typical = typical_price(bars)
    move, flow = rolling.change(typical), typical * bars["volume"]
    # Equal sums of three decimals differ in their last bit; a tick of a real price is at least 1e-10 of it.
    move[np.abs(move) <= _NO_MOVE * typical] = 0.0
    holes = np.where(np.isnan(move) | np.isnan(flow), np.nan, 0.0)
    into, out = rolling.total(np.where(move > 0.0, flow, holes), 14), rolling.total(np.where(move < 0.0, flow, holes), 14)
    return 100.0 * ratio_or_zero(into, into + out)


def _strength_position(bars: Bars) -> Floats:
    strength = relative_strength(bars["close"], 14)
    placed = position(strength, strength, strength, 5)
    # While the price stands still both means shrink alike: the RSI stays the same but for its last bits.
    placed[rolling.maximum(strength, 5) - rolling.minimum(strength, 5) <= _SAME_STRENGTH] = 0.0
    return placed


def _stochastic_rsi_d(bars: Bars) -> Floats:
    return rolling.mean(_strength_position(bars), 3)


def _stochastic_rsi_k(bars: Bars) -> Floats:
    fast = _strength_position(bars)
    return np.where(np.isnan(rolling.total(fast, 3)), np.nan, fast)


def _williams(bars: Bars) -> Floats:
    top = rolling.maximum(bars["high"], 14)
    return 100.0 * ratio_or_zero(bars["close"] - top, top - rolling.minimum(bars["low"], 14))


def _rate_of_change(bars: Bars) -> Floats:
    return 100.0 * momentum(bars, 10)


def _triple_average(bars: Bars) -> Floats:
    smooth = bars["close"]
    for _ in range(3):
        smooth = recursive.exponential(smooth, 15)
    return 100.0 * distance(smooth, rolling.previous(smooth))


def _ultimate(bars: Bars) -> Floats:
    span = true_range(bars)
    pressure = bars["close"] - np.minimum(bars["low"], rolling.previous(bars["close"]))
    short, middle, long = (ratio_or_zero(rolling.total(pressure, n), rolling.total(span, n)) for n in (7, 14, 28))
    return np.asarray(100.0 * (4.0 * short + 2.0 * middle + long) / 7.0)


DEFAULTS = (
    MftFeature(
        name="rsi_14",
        formula=f"100 · AG / (AG + AL), Wilder means (n = 14, seeded by the plain mean) of gains and losses of C; {_FLAT}",
        unit="percent",
        null_rule=unbroken(14),
        source="Wilder 1978; TA-Lib RSI",
        group="oscillator",
        look_back_bars=14,
        recursive=True,
        inputs=("close",),
        value=lambda bars: relative_strength(bars["close"], 14),
    ),
    MftFeature(
        name="stochastic_k_14",
        formula=f"fast %K: 100 (C − lowest L) / (highest H − lowest L) of 14 bars; {_FLAT}",
        unit="percent",
        null_rule=unbroken(15, "as long as stochastic_d_3 is"),
        source="Lane 1984; TA-Lib STOCHF",
        group="oscillator",
        look_back_bars=15,
        inputs=_RANGE,
        value=_stochastic_k,
    ),
    MftFeature(
        name="stochastic_d_3",
        formula="mean of 3 fast %K, n = 14",
        unit="percent",
        null_rule=unbroken(15),
        source="Lane 1984; TA-Lib STOCHF",
        group="oscillator",
        look_back_bars=15,
        inputs=_RANGE,
        value=_stochastic_d,
    ),
    MftFeature(
        name="cci_20",
        formula=f"(P − mean P) / (0.015 · mean |P − mean P|), P = (H + L + C) / 3, 20 bars; {_FLAT}",
        unit="1",
        null_rule=unbroken(19),
        source="Lambert 1980; TA-Lib CCI",
        group="oscillator",
        look_back_bars=19,
        inputs=_RANGE,
        value=_commodity_channel,
    ),
    MftFeature(
        name="mfi_14",
        formula=f"100 · Σ P·V of bars with rising P / Σ P·V of bars with rising or falling P, P = (H + L + C) / 3, 14 changes; {_FLAT}",
        unit="percent",
        null_rule=unbroken(14),
        source="Quong-Soudack 1989; TA-Lib MFI",
        group="oscillator",
        look_back_bars=14,
        inputs=(*_RANGE, "volume"),
        value=_money_flow,
    ),
)

ON_REQUEST = (
    MftFeature(
        name="stochastic_rsi_k_14",
        formula=f"100 (rsi_14 − lowest) / (highest − lowest) of 5 rsi_14; {_FLAT}",
        unit="percent",
        null_rule=unbroken(20, "as long as stochastic_rsi_d_14 is"),
        source="Chande-Kroll 1994; TA-Lib STOCHRSI",
        group="oscillator",
        look_back_bars=20,
        recursive=True,
        inputs=("close",),
        default=False,
        value=_stochastic_rsi_k,
    ),
    MftFeature(
        name="stochastic_rsi_d_14",
        formula="mean of 3 positions of rsi_14 among 5 of them, percent",
        unit="percent",
        null_rule=unbroken(20),
        source="Chande-Kroll 1994; TA-Lib STOCHRSI",
        group="oscillator",
        look_back_bars=20,
        recursive=True,
        inputs=("close",),
        default=False,
        value=_stochastic_rsi_d,
    ),
    MftFeature(
        name="williams_r_14",
        formula=f"100 (C − highest H) / (highest H − lowest L) of 14 bars; {_FLAT}",
        unit="percent",
        null_rule=unbroken(13),
        source="Williams 1973; TA-Lib WILLR",
        group="oscillator",
        look_back_bars=13,
        inputs=_RANGE,
        default=False,
        value=_williams,
    ),
    MftFeature(
        name="roc_10",
        formula="100 (C_t / C_(t−10) − 1)",
        unit="percent",
        null_rule=unbroken(10),
        source="TA-Lib ROC",
        group="oscillator",
        look_back_bars=10,
        inputs=("close",),
        default=False,
        value=_rate_of_change,
    ),
    MftFeature(
        name="trix_15",
        formula="100 (E_t / E_(t−1) − 1), E = EMA_15 of EMA_15 of EMA_15 of C",
        unit="percent",
        null_rule=unbroken(43),
        source="Hutson 1983; TA-Lib TRIX",
        group="oscillator",
        look_back_bars=43,
        recursive=True,
        inputs=("close",),
        default=False,
        value=_triple_average,
    ),
    MftFeature(
        name="ultimate_oscillator",
        formula=f"100 (4 U_7 + 2 U_14 + U_28) / 7, U_n = Σ (C − min(L, C_(t−1))) / Σ true range of n bars; {_FLAT}",
        unit="percent",
        null_rule=unbroken(28),
        source="Williams 1985; TA-Lib ULTOSC",
        group="oscillator",
        look_back_bars=28,
        inputs=_RANGE,
        default=False,
        value=_ultimate,
    ),
)

FEATURES: tuple[MftFeature, ...] = (*DEFAULTS, *ON_REQUEST)
