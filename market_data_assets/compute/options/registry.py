"""Every column of the option surface, one record each: those of an expiry, and those of the whole underlying."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from market_data_assets.compute.features import Array, Components, Feature, Merge
from market_data_assets.compute.options.maturities import volatility_at

_QUOTED = "no quote of at most 60 s in reach"
_SIDES = "a strike, or a delta, is missing on a side: nothing is extrapolated"
_TERM = "no expiry on one side of the maturity has it: nothing is extrapolated"
# Deribit's ticker has 0.62959 at a premium of 0.038 BTC, not less that; OKX states it less that, and the chain adds it back.
_DELTAS = (
    "delta convention: black_scholes, of options out of the money and the first strike in it; where the venue's own is less the"
    " premium (OKX), plus mark_price"
)
_NO_DELTA = "a delta is missing on a side, or there is no forward: nothing is extrapolated"
_FORWARD = "F = underlying_price of the expiry's latest quote"


def _feature(
    name: str,
    formula: str,
    unit: str,
    null_rule: str,
    value: Callable[[Components], Array] | None = None,
    *,
    source: str = "",
    version: int = 1,
    type: pa.DataType = pa.float64(),  # noqa: A002, B008 - the name of the record's own field
) -> Feature:
    return Feature(name, formula, unit, Merge.ADDITIVE, "O", null_rule, 1, source, version, type=type, value=value)


def _risk_reversal(of: Components) -> Array:
    return of["iv_25c"] - of["iv_25p"]


def _butterfly(of: Components) -> Array:
    return np.asarray(0.5 * (of["iv_25c"] + of["iv_25p"]) - of["atm_iv"])


def _skew_ratio(of: Components) -> Array:
    return of["iv_25p"] / of["iv_25c"]


def _variance(of: Components) -> Array:
    return of["total_variance"] / of["years"]


def _ratio(puts: Array, calls: Array) -> Array:
    return np.asarray(np.divide(puts, calls, out=np.full(len(calls), np.nan), where=calls > 0))


def _put_call(of: Components) -> Array:
    return _ratio(of["put_open_interest"], of["call_open_interest"])


def _stale_share(of: Components) -> Array:
    return _ratio(np.asarray(of["stale"], np.float64), np.asarray(of["contracts"], np.float64))


EXPIRIES: tuple[Feature, ...] = (
    _feature("forward", _FORWARD, "quote per base", _QUOTED),
    _feature("years", "(expiration − instant) / 365 days", "years", "never"),
    _feature("atm_iv", "√w at ln(K / F) = 0, w = σ² linear in ln(K / F) between the nearest strikes, σ of the option that is out of"
        f" the money; {_FORWARD}", "decimals a year", _SIDES),
    _feature("iv_25c", f"σ of calls at a delta of 0.25, linear in the delta; {_DELTAS}", "decimals a year", _NO_DELTA, version=2),
    _feature("iv_25p", f"σ of puts at a delta of −0.25, linear in the delta; {_DELTAS}", "decimals a year", _NO_DELTA, version=2),
    _feature("risk_reversal_25d", "iv_25c − iv_25p", "decimals a year", _SIDES, _risk_reversal, source="Clark 2011", version=2),
    _feature("butterfly_25d", "(iv_25c + iv_25p) / 2 − atm_iv", "decimals a year", _SIDES, _butterfly, source="Clark 2011", version=2),
    _feature("skew_25d_put_call_ratio", "iv_25p / iv_25c", "ratio", _SIDES, _skew_ratio, version=2),
    _feature("model_free_variance", "[2 Σ ΔK / K² Q(K) − (F / K0 − 1)²] / T, Q = mid out of the money in quote, interest 0", "1/year",
        "fewer than two options with a bid and an ask on a side of K0", _variance, source="Cboe VIX white paper 2019", version=2),
    _feature("call_open_interest", "Σ open interest of calls", "as the venue reports it", _QUOTED),
    _feature("put_open_interest", "Σ open interest of puts", "as the venue reports it", _QUOTED),
    _feature("put_call_open_interest_ratio", "put_open_interest / call_open_interest", "ratio", "no open interest of calls", _put_call),
    _feature("open_interest_weighted_strike", "Σ OI·K / Σ OI, calls and puts", "quote per base", "no open interest"),
    _feature("max_pain", "strike S with the least Σ OI_call (S − K)+ + Σ OI_put (K − S)+, the lowest of equals", "quote per base",
        "no open interest"),
    _feature("gamma_exposure", "Σ ± Γ·OI·F² / 100, calls +, puts −: what dealers who hold every call and owe every put must trade when"
        " the forward moves by 1 %, as if one unit of open interest were one base", "quote per 1 %", "no gamma or no forward"),
    _feature("n_strikes", "strikes with an implied volatility", "1", "never", type=pa.int64()),
    _feature("stale_share", "contracts whose last quote is older than 60 s / contracts quoted so far", "[0, 1]", "never", _stale_share),
)  # fmt: skip
"""Of one expiry at one instant."""


def _total(of: Components, volatility: str) -> Array:
    return np.asarray(of[volatility] ** 2 * of["years"])


def constant_maturity(name: str, days: float) -> Callable[[Components], Array]:
    """The volatility ``name`` of the expiries, at ``days``."""
    return lambda of: volatility_at(days, of["years"], _total(of, name))


_CALL, _PUT, _ATM = (constant_maturity(name, 30) for name in ("iv_25c", "iv_25p", "atm_iv"))


def _over_expiries(name: str) -> Callable[[Components], Array]:
    """Sum over the expiries to come; NaN where none has a value."""

    def total(of: Components) -> Array:
        values = np.where(np.isnan(of["years"]), np.nan, of[name])
        return np.where(np.isnan(values).all(axis=1), np.nan, np.nansum(values, axis=1))

    return total


def _all_put_call(of: Components) -> Array:
    return _ratio(_over_expiries("put_open_interest")(of), _over_expiries("call_open_interest")(of))


def _all_stale(of: Components) -> Array:
    return _ratio(_over_expiries("stale")(of), _over_expiries("contracts")(of))


_MATURITY = "w = σ²T linear in T between the nearest expiries that have it, T ACT/365"

UNDERLYING: tuple[Feature, ...] = (
    _feature("atm_iv_7d", f"atm_iv at 7 days: {_MATURITY}", "decimals a year", _TERM, constant_maturity("atm_iv", 7)),
    _feature("atm_iv_30d", f"atm_iv at 30 days: {_MATURITY}", "decimals a year", _TERM, _ATM),
    _feature("atm_iv_90d", f"atm_iv at 90 days: {_MATURITY}", "decimals a year", _TERM, constant_maturity("atm_iv", 90)),
    _feature("term_slope", "atm_iv_30d − atm_iv_7d", "decimals a year", _TERM,
        lambda of: _ATM(of) - constant_maturity("atm_iv", 7)(of)),
    _feature("risk_reversal_25d_30d", f"iv_25c − iv_25p, each at 30 days: {_MATURITY}; {_DELTAS}", "decimals a year", _TERM,
        lambda of: _CALL(of) - _PUT(of), source="Clark 2011", version=2),
    _feature("butterfly_25d_30d", f"(iv_25c + iv_25p) / 2 − atm_iv, each at 30 days: {_MATURITY}; {_DELTAS}", "decimals a year", _TERM,
        lambda of: 0.5 * (_CALL(of) + _PUT(of)) - _ATM(of), source="Clark 2011", version=2),
    _feature("skew_25d_put_call_ratio", f"iv_25p / iv_25c, each at 30 days: {_MATURITY}; {_DELTAS}", "ratio", _TERM,
        lambda of: _PUT(of) / _CALL(of), version=2),
    _feature("model_free_iv_30d", f"√ of model_free_variance at 30 days: {_MATURITY}", "decimals a year", _TERM,
        lambda of: volatility_at(30, of["years"], of["total_variance"]), source="Cboe VIX white paper 2019", version=2),
    _feature("option_put_call_open_interest_ratio", "Σ open interest of puts / of calls, all expiries", "ratio",
        "no open interest of calls", _all_put_call),
    _feature("option_stale_share", "contracts whose last quote is older than 60 s / contracts quoted so far, all expiries to come",
        "[0, 1]", "no contract was quoted so far", _all_stale),
)  # fmt: skip
"""Of the underlying at one instant."""
