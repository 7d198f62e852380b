"""The option surface's level, slope, premium and change."""

import numpy as np
import pytest

from market_data_assets_tests.compute.mft.candles import HOUR, WHOLE_DAY, changed, sample_bars, value_of
from market_data_assets_tests.compute.mft.references import assert_matches

BARS = sample_bars(HOUR, 31)


@pytest.mark.parametrize("name", ["atm_mark_iv", "skew_25d_put_call_ratio"])
def test_levels_are_those_of_the_candle(name: str) -> None:
    np.testing.assert_array_equal(value_of(name, BARS), BARS[name])


def test_term_slopes_are_far_less_near() -> None:
    assert_matches(value_of("iv_term_slope_7d_30d", BARS), BARS["atm_mark_iv"] - BARS["atm_iv_7d"])
    assert_matches(value_of("iv_term_slope_30d_90d", BARS), BARS["atm_iv_90d"] - BARS["atm_mark_iv"])


def test_variance_risk_premium_is_implied_less_realised_variance_a_year() -> None:
    # A daily variance of 0.0004 is 0.146 a year.
    bars = changed(BARS, rv_1s=np.full(len(BARS), 0.0004 / 24.0), model_free_iv_30d=np.full(len(BARS), 0.5))
    found = value_of("variance_risk_premium_30d", bars)
    assert np.isnan(found[: 30 * 24 - 1]).all()
    np.testing.assert_allclose(found[30 * 24 - 1 :], 0.25 - 0.146)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("atm_iv_change_1d", "atm_mark_iv"),
        ("skew_25d_change_1d", "skew_25d_put_call_ratio"),
        ("risk_reversal_25d_change_1d", "risk_reversal_25d_30d"),
        ("butterfly_25d_change_1d", "butterfly_25d_30d"),
        ("option_put_call_open_interest_change_1d", "option_put_call_open_interest_ratio"),
    ],
)
@pytest.mark.parametrize(("timeframe", "bars_per_day"), [(HOUR, 24), (WHOLE_DAY, 1)])
def test_changes_are_over_a_day(name, column, timeframe, bars_per_day) -> None:  # type: ignore[no-untyped-def]
    bars = sample_bars(timeframe, 3)
    found = value_of(name, bars)
    assert np.isnan(found[:bars_per_day]).all()
    np.testing.assert_array_equal(found[bars_per_day:], bars[column][bars_per_day:] - bars[column][:-bars_per_day])
