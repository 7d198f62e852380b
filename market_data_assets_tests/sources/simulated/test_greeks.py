import csv
import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.instruments import OptionType
from market_data_assets.sources.simulated.greeks import greeks
from market_data_assets.sources.simulated.options import black, volatility_of

STRIKE = 60_000.0
KINDS = st.sampled_from(OptionType)
TERMS = {"forward": st.floats(40_000, 90_000), "years": st.floats(0.01, 1), "volatility": st.floats(0.2, 2)}
NAMES = ("delta", "gamma", "vega", "theta", "rho")


def dollars(kind: OptionType, forward: float, years: float, volatility: float) -> float:
    return black(kind, np.array([forward]), STRIKE, np.array([years]), np.array([volatility]))[0] * forward


def sensitivities(kind: OptionType, forward: float, years: float, volatility: float) -> dict[str, float]:
    found = greeks(kind, np.array([forward]), STRIKE, np.array([years]), np.array([volatility]))
    return {name: getattr(found, name)[0] for name in NAMES}


@given(kind=KINDS, **TERMS)
def test_greeks_are_the_slopes_of_the_premium_in_dollars(kind, forward, years, volatility):
    found = sensitivities(kind, forward, years, volatility)

    def slope(step: float, **change: float) -> float:
        low, high = (
            dollars(
                kind,
                forward + sign * change.get("forward", 0),
                years + sign * change.get("years", 0),
                volatility + sign * change.get("volatility", 0),
            )
            for sign in (-1, 1)
        )
        return (high - low) / (2 * step)

    assert found["delta"] == pytest.approx(slope(1, forward=1), abs=1e-5)
    assert found["vega"] == pytest.approx(slope(1e-4, volatility=1e-4) / 100, rel=1e-4, abs=1e-3)
    assert found["theta"] == pytest.approx(-slope(1e-5, years=1e-5) / 365, rel=1e-3, abs=1e-2)
    up, down = (sensitivities(kind, forward + sign, years, volatility)["delta"] for sign in (1, -1))
    assert found["gamma"] == pytest.approx((up - down) / 2, rel=1e-3, abs=1e-9)


@given(**TERMS)
def test_greeks_of_calls_and_puts_obey_their_parity(forward, years, volatility):
    call, put = (sensitivities(kind, forward, years, volatility) for kind in OptionType)
    assert call["delta"] - put["delta"] == pytest.approx(1)
    assert 0 <= call["delta"] <= 1
    assert [call[name] for name in ("gamma", "vega", "theta")] == [put[name] for name in ("gamma", "vega", "theta")]
    assert call["rho"] - put["rho"] == pytest.approx(STRIKE * years / 100)


def test_a_real_row_of_deribit_has_the_greeks_and_volatilities_that_we_compute(samples):
    path = samples / "tardis/v1/deribit/options_chain/2020/06/08/OPTIONS.csv.gz"
    with gzip.open(path, "rt") as lines:
        # Only the first rows are genuine, and of those the first one's quotes are as old as its mark.
        row = next(csv.DictReader(lines))
    strike, forward = float(row["strike_price"]), np.array([float(row["underlying_price"])])
    years = np.array([(int(row["expiration"]) - int(row["timestamp"])) / (365 * 86_400e6)])
    found = greeks(OptionType.PUT, forward, strike, years, np.array([float(row["mark_iv"]) / 100]))
    for name in NAMES:
        assert getattr(found, name)[0] == pytest.approx(float(row[name]), rel=3e-3), name
    for side in ("bid", "ask"):
        paid = np.array([float(row[f"{side}_price"])])
        assert volatility_of(OptionType.PUT, paid, forward, strike, years)[0] * 100 == pytest.approx(float(row[f"{side}_iv"]), abs=0.02)
