"""What holds of every technical feature, whatever its formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.mft import alpha158, bands, oscillators, returns, trend, volatility, volume
from market_data_assets.compute.mft.bars import Bars
from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets_tests.compute.mft.walks import PRICES, bars_of, changed, quiet_walk, random_walk, with_holes

TECHNICAL = tuple(f for family in (returns, volatility, trend, oscillators, bands, volume, alpha158) for f in family.FEATURES)
# Of the five lengths of an Alpha158 window one stands for all.
CHECKED = tuple(f for f in TECHNICAL if f.group != "alpha158" or f.look_back_bars in (0, 9, 10))
WINDOWS = tuple(feature for feature in CHECKED if not feature.recursive and feature.name not in ("relative_volume_14d", "vwap_distance"))
HOUR = Timeframe.parse("1h")

every_feature = pytest.mark.parametrize("feature", CHECKED, ids=lambda feature: feature.name)


def _same(found: np.ndarray, expected: np.ndarray) -> None:
    assert np.array_equal(found, expected, equal_nan=True)


@every_feature
def test_a_value_does_not_change_when_everything_after_its_bar_does(feature: MftFeature) -> None:
    """Half of the bars after it are made holes besides; hours, so that windows of days are whole."""
    bars = random_walk(31, 400, HOUR)
    for now in (250, 366, 398):
        other = random_walk(now, 400, HOUR, tick=0.7)
        joined = {name: np.concatenate([values[: now + 1], other[name][now + 1 :]]) for name, values in bars.columns.items()}
        later = with_holes(changed(bars, **joined), range(now + 2, 400, 2))
        _same(feature.value(later)[: now + 1], feature.value(bars)[: now + 1])


@every_feature
def test_nothing_is_said_before_the_look_back_is_whole_nor_later_than_declared(feature: MftFeature) -> None:
    bars = random_walk(37, 400, HOUR)
    first = feature.look_back_bars + feature.look_back_days * HOUR.buckets_per_day
    values = feature.value(bars)
    assert values.shape == (400,)
    assert values.dtype == np.float64
    assert np.isnan(values[:first]).all()
    assert np.isfinite(values[first:]).all()


@every_feature
def test_a_hole_silences_the_look_back_behind_it_and_nothing_else_is_shortened(feature: MftFeature) -> None:
    hole = 230 - (230 % 24) if feature.look_back_days else 120
    values = feature.value(with_holes(random_walk(41, 700, HOUR), [hole]))
    if feature.look_back_days:
        silent = hole + HOUR.buckets_per_day * np.arange(feature.look_back_days + 1)
        silent = silent[silent < 700]
    elif feature.name == "vwap_distance":
        silent = np.arange(hole, hole - hole % 24 + 24)
    else:
        silent = np.arange(hole, hole + feature.look_back_bars + 1)
    assert np.isnan(values[silent]).all()
    after = hole + feature.look_back_bars + feature.look_back_days * HOUR.buckets_per_day + 1
    rest = np.setdiff1d(np.arange(after, 700), silent)
    assert len(rest) > 24
    assert np.isfinite(values[rest]).all()


@pytest.mark.parametrize("feature", WINDOWS, ids=lambda feature: feature.name)
def test_a_window_knows_nothing_of_the_bars_before_it_to_the_last_bit(feature: MftFeature) -> None:
    bars = random_walk(43, 300)
    for first in (1, 100):
        cut = feature.value(bars.last(300 - first))[feature.look_back_bars :]
        _same(cut, feature.value(bars)[first + feature.look_back_bars :])


@every_feature
@pytest.mark.parametrize("length", [0, 1, 2, 30])
def test_any_number_of_bars_gives_as_many_values(feature: MftFeature, length: int) -> None:
    values = feature.value(random_walk(47, 30).last(length))
    assert values.shape == (length,)
    assert values.dtype == np.float64


@every_feature
def test_no_market_however_still_gives_an_infinity_or_a_warning(feature: MftFeature) -> None:
    still = quiet_walk(53, 300)
    assert not np.isinf(feature.value(still)).any()
    worthless = changed(still, **{name: np.zeros(300) for name in still.columns})
    assert not np.isinf(feature.value(worthless)).any()
    unknown = with_holes(still, range(300))
    assert np.isnan(feature.value(unknown)).all()


@every_feature
def test_only_the_declared_inputs_are_read(feature: MftFeature) -> None:
    bars = random_walk(59, 400, HOUR)
    only = {name: bars[name] for name in feature.inputs}
    _same(feature.value(Bars(bars.instrument_id, HOUR, bars.start, bars.known, only)), feature.value(bars))


@every_feature
def test_the_columns_of_the_bars_are_left_as_they_are(feature: MftFeature) -> None:
    bars, untouched = random_walk(61, 120), random_walk(61, 120)
    feature.value(bars)
    for name, values in bars.columns.items():
        _same(values, untouched[name])


def _in_other_units(bars: Bars, price: float, amount: float) -> Bars:
    """Powers of two, so that not even the last bit may differ."""
    factors = dict.fromkeys(PRICES, price) | {"vwap": price, "quote_volume": price * amount}
    return changed(bars, **{name: values * factors.get(name, amount) for name, values in bars.columns.items()})


_UNITS = {"quote": (1, 0), "base": (0, 1), "base per bar": (0, 1)}
# ln(V + 1) has no unit: the formula is qlib's.
WITH_UNITS = tuple(f for f in CHECKED if f.name != "alpha158_corr_10")


@pytest.mark.parametrize("feature", WITH_UNITS, ids=lambda feature: feature.name)
@settings(max_examples=3)
@given(price=st.integers(-30, 30), amount=st.integers(-30, 30))
def test_the_unit_says_how_a_value_scales_with_prices_and_amounts(feature: MftFeature, price: int, amount: int) -> None:
    bars = quiet_walk(67, 260)
    of_price, of_amount = _UNITS.get(feature.unit, (0, 0))
    factor = 2.0 ** (price * of_price + amount * of_amount)
    scaled = feature.value(_in_other_units(bars, 2.0**price, 2.0**amount))
    _same(scaled, feature.value(bars) * factor)


@every_feature
@settings(max_examples=3)
@given(days=st.integers(-1_000, 1_000))
def test_the_same_bars_on_other_days_give_the_same_values(feature: MftFeature, days: int) -> None:
    bars = random_walk(71, 120, HOUR)
    moved = bars_of(bars.columns, HOUR, int(bars.start[0]) + days * 86_400_000_000)
    _same(feature.value(moved), feature.value(bars))


def test_the_default_columns_are_those_of_the_catalogue() -> None:
    names = {feature.name for feature in TECHNICAL if feature.default}
    assert names == {
        *(f"return_{n}" for n in (1, 5, 15, 60)),
        *("momentum_10", "momentum_30"),
        *("volatility_20", "volatility_60", "parkinson_20", "garman_klass_20", "rogers_satchell_20", "yang_zhang_20"),
        *("ema_distance_12", "ema_distance_26", "ema_distance_50", "macd", "macd_signal", "macd_histogram"),
        *("adx_14", "plus_di_14", "minus_di_14"),
        *("rsi_14", "stochastic_k_14", "stochastic_d_3", "cci_20", "mfi_14"),
        *("atr_14", "natr_14", "bollinger_percent_b_20", "bollinger_width_20"),
        *("obv", "cmf_20", "vwap_distance", "relative_volume_14d", "taker_ratio_ema_20"),
    }


def test_no_two_features_share_a_name_and_each_says_what_it_is() -> None:
    assert len({feature.name for feature in TECHNICAL}) == len(TECHNICAL)
    for feature in TECHNICAL:
        assert feature.formula
        assert feature.unit
        assert feature.null_rule != "never"
        assert feature.family == "technical"
        assert feature.column().nullable
