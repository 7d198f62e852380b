"""The surface of known smiles, against the slow reference, and what may change it."""

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.options.chain import read_chain
from market_data_assets.compute.options.registry import EXPIRIES, UNDERLYING
from market_data_assets.compute.options.surface import Surface, surface_at
from market_data_assets.errors import QueryError
from market_data_assets_tests.compute.options import reference
from market_data_assets_tests.compute.options.chains import FORWARD, MIDNIGHT, SECOND, YEAR, Quote, smile_quotes, surface, table

_STRIKES = [20_000.0 + 1_000.0 * step for step in range(140)]
_DAYS = (5, 20, 45, 120)


def test_of_a_flat_smile_every_volatility_is_its_own_and_skew_and_curvature_are_none() -> None:
    of = surface(smile_quotes(lambda _strike, _years: 0.6, _STRIKES, _DAYS), 0).of_underlying()
    for name in ("atm_iv_7d", "atm_iv_30d", "atm_iv_90d"):
        assert of[name][0] == pytest.approx(0.6, rel=1e-12)
    for name in ("risk_reversal_25d_30d", "butterfly_25d_30d", "term_slope"):
        assert of[name][0] == pytest.approx(0.0, abs=1e-12)
    assert of["skew_25d_put_call_ratio"][0] == pytest.approx(1.0, rel=1e-12)
    assert of["model_free_iv_30d"][0] == pytest.approx(0.6, rel=2e-3)


def _ssvi(strike: float, years: float) -> float:
    """Gatheral and Jacquier 2014: total variance θ/2 (1 + ρφk + √((φk + ρ)² + 1 − ρ²)), θ = 0.3 T, ρ = −0.3, φ = 1.5."""
    k, theta, rho, phi = math.log(strike / FORWARD), 0.3 * years, -0.3, 1.5
    return math.sqrt(theta / 2 * (1 + rho * phi * k + math.sqrt((phi * k + rho) ** 2 + 1 - rho**2)) / years)


def test_of_a_skewed_smile_the_points_are_those_of_the_smile() -> None:
    quotes = smile_quotes(_ssvi, _STRIKES, _DAYS)
    rows = surface(quotes, 0).expiry_table().to_pylist()
    for row in rows:
        assert row["atm_iv"] == pytest.approx(math.sqrt(0.3), rel=1e-4)
        for name, kind, target in (("iv_25c", "call", 0.25), ("iv_25p", "put", -0.25)):
            of = [q for q in quotes if q.kind == kind and q.expiration == int(row["expiration"].timestamp()) * SECOND]
            pairs = sorted((q.delta, q.iv / 100) for q in of if q.delta is not None and q.iv is not None)
            expected = np.interp(target, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
            assert row[name] == pytest.approx(expected, rel=1e-12)
        assert row["risk_reversal_25d"] == row["iv_25c"] - row["iv_25p"] < 0
        assert row["skew_25d_put_call_ratio"] == row["iv_25p"] / row["iv_25c"] > 1
        assert row["butterfly_25d"] == pytest.approx((row["iv_25c"] + row["iv_25p"]) / 2 - row["atm_iv"], abs=1e-15)
        # A skew adds variance in the wings: the strip is worth more than the middle.
        assert row["model_free_variance"] > row["atm_iv"] ** 2
    of_underlying = surface(quotes, 0).of_underlying()
    assert of_underlying["atm_iv_30d"][0] == pytest.approx(math.sqrt(0.3), rel=1e-4)


def test_deltas_less_the_premium_give_the_same_points_of_the_smile() -> None:
    """OKX states Black and Scholes' delta less the premium in base."""
    stated = smile_quotes(_ssvi, _STRIKES, _DAYS)
    adjusted = [replace(q, venue="OKX", delta=q.delta - q.mark) for q in stated if q.delta is not None and q.mark is not None]
    one, other = surface(stated, 0), surface(adjusted, 0)
    for of, names in (
        (Surface.expiry_table, ("iv_25c", "iv_25p", "risk_reversal_25d", "skew_25d_put_call_ratio")),
        (Surface.underlying_table, ("risk_reversal_25d_30d", "butterfly_25d_30d", "skew_25d_put_call_ratio")),
    ):
        for name in names:
            np.testing.assert_allclose(of(other)[name].to_numpy(), of(one)[name].to_numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


def test_strikes_that_are_quoted_later_do_not_end_the_strip_before() -> None:
    quotes = smile_quotes(lambda _strike, _years: 0.6, _STRIKES[::2], (20, 45))
    later = [replace(quote, at=SECOND) for quote in smile_quotes(lambda _strike, _years: 0.6, _later_strikes(), (20, 45))]
    assert surface([*quotes, *later], 0).underlying_table().equals(surface(quotes, 0).underlying_table())


def _later_strikes() -> list[float]:
    return [_STRIKES[50] + 200.0, _STRIKES[50] + 400.0, _STRIKES[30] + 200.0, _STRIKES[30] + 400.0]


def test_linear_premiums_are_quote_already() -> None:
    inverse = smile_quotes(lambda _strike, _years: 0.6, _STRIKES, (20, 45))
    linear = [replace(q, quote="USDC", bid=q.bid * FORWARD, ask=q.ask * FORWARD) for q in inverse if q.bid and q.ask]
    one, other = surface(inverse, 0), surface(linear, 0)
    np.testing.assert_allclose(one.of_underlying()["model_free_iv_30d"], other.of_underlying()["model_free_iv_30d"], rtol=1e-12)


def test_dealers_who_hold_calls_and_owe_puts_gain_gamma_from_calls_and_lose_it_to_puts() -> None:
    call = Quote(60_000, gamma=2e-5, interest=100.0)
    alone = surface([call], 0).expiry_table()["gamma_exposure"].to_pylist()
    assert alone == [pytest.approx(2e-5 * 100 * FORWARD**2 / 100)]
    both = surface([call, Quote(60_000, "put", gamma=2e-5, interest=150.0)], 0).expiry_table()["gamma_exposure"].to_pylist()
    assert both == [pytest.approx(-alone[0] / 2)]


def test_a_quote_counts_for_sixty_seconds_from_its_own_instant() -> None:
    of = surface([Quote(60_000, at=5, interest=7.0)], 4, 5, 5 + 60 * SECOND, 6 + 60 * SECOND)
    np.testing.assert_array_equal(of.expiries["call_open_interest"][:, 0], [np.nan, 7.0, 7.0, np.nan])
    np.testing.assert_array_equal(of.of_underlying()["option_stale_share"], [np.nan, 0.0, 0.0, 1.0])
    assert of.arrivals.tolist() == [0, MIDNIGHT + 1_005, MIDNIGHT + 1_005, 0]


def test_a_newer_quote_takes_the_place_of_one_that_is_too_old() -> None:
    quotes = [Quote(60_000, at=0, interest=1.0), Quote(60_000, at=200 * SECOND, interest=2.0)]
    of = surface(quotes, 0, 100 * SECOND, 200 * SECOND, 300 * SECOND)
    np.testing.assert_array_equal(of.expiries["call_open_interest"][:, 0], [1.0, np.nan, 2.0, np.nan])


def test_of_quotes_at_one_instant_the_last_delivered_counts() -> None:
    of = surface([Quote(60_000, interest=1.0), Quote(60_000, interest=2.0)], 0)
    assert of.expiries["call_open_interest"].tolist() == [[2.0]]


def test_an_expiry_ends_at_its_instant() -> None:
    quote = Quote(60_000, days=0, at=8 * 3_600 * SECOND - 2 * SECOND, interest=3.0)
    of = surface([quote], 8 * 3_600 * SECOND - SECOND, 8 * 3_600 * SECOND)
    np.testing.assert_array_equal(np.isnan(of.expiries["years"][:, 0]), [False, True])
    assert len(of.expiry_table()) == 1


def test_no_quotes_and_no_instants_give_empty_surfaces() -> None:
    empty = surface([], 0, SECOND)
    assert len(empty.expiry_table()) == 0
    assert all(np.isnan(values).all() for values in empty.of_underlying().values())
    assert len(surface([Quote(60_000)]).underlying_table()) == 0


def test_instants_must_ascend() -> None:
    with pytest.raises(QueryError, match="ascending"):
        surface([Quote(60_000)], 1, 0)


def test_the_tables_have_the_registered_columns() -> None:
    of = surface(smile_quotes(_ssvi, _STRIKES[::10], _DAYS), 0)
    assert of.expiry_table().column_names == ["sampled_at", "expiration", *(feature.name for feature in EXPIRIES)]
    assert of.underlying_table().column_names == ["sampled_at", "available_at", *(feature.name for feature in UNDERLYING)]
    assert all(feature.formula and feature.unit and feature.null_rule for feature in (*EXPIRIES, *UNDERLYING))


_PRICES = st.one_of(st.none(), st.just(0.0), st.floats(0.0001, 0.2))
_QUOTES = st.lists(
    st.builds(
        Quote,
        strike=st.sampled_from([50_000.0, 55_000.0, 58_000.0, 60_000.0, 63_000.0, 70_000.0]),
        kind=st.sampled_from(["call", "put"]),
        at=st.integers(0, 20).map(lambda step: step * 10 * SECOND),
        days=st.sampled_from([0, 12, 50]),
        iv=st.one_of(st.none(), st.just(0.0), st.floats(5, 300)),
        delta=st.one_of(st.none(), st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.9])),
        gamma=st.one_of(st.none(), st.floats(0, 1e-3)),
        interest=st.one_of(st.none(), st.integers(0, 50).map(float)),
        bid=_PRICES,
        ask=_PRICES,
        forward=st.one_of(st.none(), st.sampled_from([54_000.0, 60_000.0, 61_500.0])),
    ).map(lambda quote: replace(quote, delta=-quote.delta) if quote.kind == "put" and quote.delta is not None else quote),
    max_size=60,
)


@given(_QUOTES, st.lists(st.integers(0, 250).map(lambda second: second * SECOND), max_size=6).map(sorted))
@settings(max_examples=80)
def test_the_surface_equals_the_slow_reference(quotes: list[Quote], instants: list[int]) -> None:
    of = surface(quotes, *instants)
    table_rows = of.expiry_table().to_pylist()
    for row in table_rows:
        row["total_variance"] = None if row["model_free_variance"] is None else row["model_free_variance"] * row["years"]
    expected = [(instant, expiration, values) for instant in instants for expiration, values in reference.at(quotes, instant).items()]
    assert len(expected) == len(table_rows)
    for row, (instant, expiration, values) in zip(table_rows, expected, strict=True):
        assert round(row["sampled_at"].timestamp() * 1e6) == MIDNIGHT + instant
        assert round(row["expiration"].timestamp() * 1e6) == expiration
        for name, value in values.items():
            assert row[name] == (None if value is None else pytest.approx(value, rel=1e-9, abs=1e-12)), name


@given(_QUOTES, st.integers(0, 200), st.randoms())
@settings(max_examples=30)
def test_quotes_after_an_instant_and_the_order_of_contracts_change_nothing(quotes: list[Quote], second: int, random: object) -> None:
    instant = second * SECOND
    before = [quote for quote in quotes if quote.at <= instant]
    assert surface(before, instant).underlying_table().equals(surface(quotes, instant).underlying_table())
    by_contract = sorted(quotes, key=lambda quote: quote.instrument_id)
    assert surface(by_contract, instant).expiry_table().equals(surface(quotes, instant).expiry_table())


def test_the_chunks_of_the_table_do_not_matter() -> None:
    quotes = smile_quotes(_ssvi, _STRIKES[::5], _DAYS)
    whole = table(quotes)
    chunks = pa.concat_tables([whole.slice(0, 17), whole.slice(17, 0), whole.slice(17)])
    instants = np.array([MIDNIGHT])
    one, other = (surface_at(read_chain(rows, "DERIBIT"), instants) for rows in (whole, chunks))
    assert one.expiry_table().equals(other.expiry_table())


def test_time_is_counted_in_years_of_365_days() -> None:
    quote = Quote(60_000)
    assert surface([quote], 0).expiry_table()["years"].to_pylist() == [(quote.expiration - MIDNIGHT) / YEAR]
