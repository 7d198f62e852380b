from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.strikes import parse_strike, plain_strike


@pytest.mark.parametrize(("text", "plain"), [("50000", "50000"), ("0.625", "0.625"), ("2.40", "2.4"), ("0007", "7"), ("0.0", "0")])
def test_a_strike_is_read_exactly_and_without_idle_zeros(text: str, plain: str) -> None:
    assert str(parse_strike(text)) == plain


@pytest.mark.parametrize("text", ["", "-1", "+1", "1e5", "1.", ".5", "1,000", "NaN", "٥", "1 ", "1" * 19])
def test_anything_else_is_no_strike(text: str) -> None:
    assert parse_strike(text) is None


@given(st.decimals(min_value=0, max_value=10**17, allow_nan=False, allow_infinity=False, places=9), st.integers(0, 6))
def test_equal_values_have_one_plain_form(value: Decimal, zeros: int) -> None:
    padded = Decimal(f"{value:f}" + "0" * zeros)
    assert plain_strike(value) == value
    assert f"{plain_strike(value):f}" == f"{plain_strike(padded):f}"
    assert parse_strike(f"{plain_strike(value):f}") == value
