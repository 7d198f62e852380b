"""Sums and quotients that lose nothing."""

from fractions import Fraction
from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.compute.candles import exact
from market_data_assets.compute.candles.arithmetic import log_ratio, on_grid
from market_data_assets.compute.candles.medians import write_medians
from market_data_assets.compute.candles.scale import Facts, scale_of
from market_data_assets.compute.candles.survey import decimals_of, is_ascending
from market_data_assets.compute.candles.ticks import read_only

_WHOLE = st.integers(-(2**53), 2**53).map(float)


@given(_WHOLE, _WHOLE)
def test_a_product_is_exact(a: float, b: float) -> None:
    high, low = exact.two_product(a, b)
    assert Fraction(high) + Fraction(low) == Fraction(a) * Fraction(b)


@given(st.lists(st.tuples(_WHOLE, _WHOLE), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_sums_of_whole_products_are_exact_in_any_order(terms: list[tuple[float, float]], random: object) -> None:
    # Half the bits of each factor: 30 products of 2^106 would pass the 100 bits that a sum may have.
    pairs = [exact.two_product(float(a // 2**10), float(b // 2**10)) for a, b in terms]
    random.shuffle(pairs)  # type: ignore[attr-defined]
    *_, (high, low) = accumulate(pairs, lambda total, pair: exact.add(*total, *pair), initial=(0.0, 0.0))
    assert Fraction(high) + Fraction(low) == sum(Fraction(a // 2**10) * Fraction(b // 2**10) for a, b in terms)


@given(st.integers(-(2**90), 2**90), st.integers(0, 14))
def test_a_quotient_by_a_power_of_ten_is_the_nearest_double(total: int, decimals: int) -> None:
    high = float(total)
    low = float(total - int(high))
    found = exact.nearest_decimal(np.array([high]), np.array([low]), np.array([decimals]))[0]
    assert found == total / 10**decimals  # Python rounds quotients of integers correctly


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=20), st.integers(0, 9))
def test_the_decimals_found_make_every_value_whole(lots: list[int], decimals: int) -> None:
    values = np.array([lot / 10**decimals for lot in lots])
    found = decimals_of(read_only(values))
    assert 0 <= found <= decimals
    assert all(Fraction(repr(float(value))) * 10**found == round(value * 10**found) for value in values)


def test_values_that_are_no_decimals_have_none() -> None:
    assert decimals_of(read_only(np.array([1.0, 1 / 3]))) == -1
    assert decimals_of(read_only(np.array([0.001, 1e14]))) == -1


def test_missing_values_say_nothing_of_decimals() -> None:
    assert decimals_of(read_only(np.array([np.nan, 0.25, np.nan]))) == 2
    assert decimals_of(read_only(np.full(3, np.nan))) == 0


def test_a_scale_too_fine_for_doubles_keeps_amounts_whole_and_prices_as_they_are() -> None:
    scale = scale_of(Facts(12, 8, 1e-12, 1e-9, 1.0), multiplier=0.001, inverse=False)
    assert (scale.amount_whole, scale.price_whole, scale.base_decimals) == (True, False, 11)
    assert scale.quote_unit > 0 == scale.base_unit


@given(st.floats(-1e300, 1e300), st.integers(-200, 200))
def test_a_value_on_the_grid_is_a_multiple_of_its_unit(value: float, power: int) -> None:
    unit = 2.0**power
    found = on_grid(value, unit)
    assert Fraction(found) % Fraction(unit) == 0
    assert abs(Fraction(found) - Fraction(value)) <= Fraction(unit)


@given(st.floats(1e-9, 1e9), st.floats(0.5, 2.0))
def test_log_ratios_keep_their_digits(earlier: float, factor: float) -> None:
    later = earlier * factor
    change = float((Fraction(later) - Fraction(earlier)) / Fraction(earlier))
    np.testing.assert_allclose(log_ratio(later, earlier), np.log1p(change), rtol=1e-12, atol=0)


@given(st.lists(st.lists(st.integers(-(10**7), 10**9), max_size=200), max_size=4), st.integers(0, 3))
def test_medians_equal_numpys(groups: list[list[int]], outlier: int) -> None:
    groups = [[*group, *[10**12] * outlier] if group else group for group in groups]
    values = np.array([value for group in groups for value in group], np.int64)
    bounds = np.cumsum([0, *map(len, groups)])
    lowest, highest = (np.array([of(group, default=0) for group in groups], np.int64) for of in (min, max))
    found = np.empty(len(groups))
    write_medians(values, bounds, lowest, highest, found)
    expected = [np.median(group) if group else np.nan for group in groups]
    np.testing.assert_array_equal(found, expected)


def test_an_order_is_ascending_only_by_its_step() -> None:
    values = read_only(np.array([1, 1, 2], np.int64))
    assert is_ascending(values, 0)
    assert not is_ascending(values, 1)
