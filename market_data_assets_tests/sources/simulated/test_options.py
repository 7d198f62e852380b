import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.instruments import OptionType
from market_data_assets.sources.simulated.options import black, implied_volatility, premium, volatility_of

FORWARDS = st.floats(1_000, 200_000)
MONEYNESS = st.floats(0.5, 2.0)
YEARS = st.floats(0, 1)


@given(FORWARDS, MONEYNESS, YEARS)
def test_premiums_stay_within_the_no_arbitrage_bounds(forward, moneyness, years):
    strike = forward * moneyness
    call, put = (premium(kind, np.array([forward]), strike, np.array([years]))[0] for kind in OptionType)
    assert max(1 - moneyness, 0) - 1e-9 <= call <= 1
    assert max(moneyness - 1, 0) - 1e-9 <= put <= moneyness


@given(FORWARDS, MONEYNESS, YEARS)
def test_call_minus_put_is_the_forward_minus_the_strike(forward, moneyness, years):
    strike = forward * moneyness
    call, put = (premium(kind, np.array([forward]), strike, np.array([years]))[0] for kind in OptionType)
    assert call - put == pytest.approx(1 - moneyness, abs=1e-9)


@given(FORWARDS, YEARS)
def test_calls_cheapen_and_are_convex_in_the_strike(forward, years):
    strikes = np.linspace(0.7, 1.4, 29) * forward
    calls = np.array([premium(OptionType.CALL, np.array([forward]), strike, np.array([years]))[0] for strike in strikes])
    assert (np.diff(calls) <= 1e-12).all()
    assert (np.diff(calls, 2) >= -1e-9).all()


def test_at_the_money_premium_is_as_black_printed_it():
    # Brenner and Subrahmanyam (1988): at the money about 0.3989 × volatility × √T of the forward.
    volatility = implied_volatility(np.array([50_000.0]), 50_000.0, np.array([0.01]))[0]
    call = premium(OptionType.CALL, np.array([50_000.0]), 50_000.0, np.array([0.01]))[0]
    assert call == pytest.approx(0.398942 * volatility * 0.1, rel=1e-3)


def test_low_strikes_are_dearer_in_volatility_than_high_ones():
    low, high = (implied_volatility(np.array([1.0]), strike, np.array([0.05]))[0] for strike in (0.9, 1.1))
    assert low > high


@given(st.sampled_from(OptionType), FORWARDS, MONEYNESS, st.floats(1e-3, 1), st.floats(0.05, 3))
def test_the_volatility_of_a_premium_gives_that_premium_again(kind, forward, moneyness, years, volatility):
    terms = (np.array([forward]), forward * moneyness, np.array([years]))
    paid = black(kind, *terms, np.array([volatility]))
    found = volatility_of(kind, paid, *terms)
    if not np.isnan(found[0]):
        assert black(kind, *terms, found)[0] == pytest.approx(paid[0], abs=1e-12)
    # What has no time value to speak of in double precision has no volatility either.
    value = paid[0] - max(1 - moneyness if kind is OptionType.CALL else moneyness - 1, 0)
    assert not np.isnan(found[0]) or value < 1e-9


@given(st.sampled_from(OptionType), FORWARDS, MONEYNESS, st.floats(1e-3, 1))
def test_a_premium_below_the_intrinsic_value_has_no_volatility(kind, forward, moneyness, years):
    intrinsic = max(1 - moneyness if kind is OptionType.CALL else moneyness - 1, 0)
    assert np.isnan(volatility_of(kind, np.array([intrinsic - 1e-6]), np.array([forward]), forward * moneyness, np.array([years])))[0]
