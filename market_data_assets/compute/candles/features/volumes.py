"""How much was traded, by whom, and in what sizes. Base = amount × multiplier (linear) or quote / price (inverse)."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from market_data_assets.compute.candles import exact
from market_data_assets.compute.candles.features import totals
from market_data_assets.compute.features import Array, Components, Feature, Merge

_EMPTY = "no trades in the bucket"
_PREMIUMS = "; of inverse options premiums, in base"


def _sum(name: str, formula: str, unit: str, value: Callable[[Components], Array]) -> Feature:
    formula = f"{formula}: the double nearest to the exact decimal sum (inverse base volumes: of rounded quotients)"
    return Feature(name, formula, unit, Merge.ADDITIVE, "T", value=value)


def _count(name: str, formula: str) -> Feature:
    return Feature(name, formula, "1", Merge.ADDITIVE, "T", type=pa.int64())


def _volume(of: Components) -> Array:
    return totals.decimal(of, totals.sum_of(of, "buy_base", "sell_base", "unknown_base"), "base")


def _quote_volume(of: Components) -> Array:
    return totals.decimal(of, totals.sum_of(of, "buy_quote", "sell_quote", "unknown_quote"), "quote")


def _side_volume(side: str) -> Callable[[Components], Array]:
    return lambda of: totals.decimal(of, totals.pair(of, f"{side}_base"), "base")


def _side_quote_volume(side: str) -> Callable[[Components], Array]:
    return lambda of: totals.decimal(of, totals.pair(of, f"{side}_quote"), "quote")


def _vwap(of: Components) -> Array:
    """In whole units as long as they fit, so that the quotient is rounded once."""
    base = totals.sum_of(of, "buy_base", "sell_base", "unknown_base")[0]
    quote = totals.sum_of(of, "buy_quote", "sell_quote", "unknown_quote")[0]
    return totals.ratio(quote, base * totals.power_of_ten(of, "quote") / totals.power_of_ten(of, "base"))


def _size_mean(of: Components) -> Array:
    return totals.ratio(totals.number(of, "volume"), totals.number(of, "trade_count"))


def _size_std(of: Components) -> Array:
    count = totals.number(of, "trade_count")
    base = totals.sum_of(of, "buy_base", "sell_base", "unknown_base")
    moment = exact.co_moment(count, totals.pair(of, "base_squares"), base, base)
    deviation = totals.ratio(np.sqrt(np.maximum(moment, 0.0)), count * totals.power_of_ten(of, "base"))
    return totals.at_least(count, 2, deviation)


def _delta(of: Components) -> Array:
    return totals.decimal(of, totals.difference(of, "buy_base", "sell_base"), "base")


def _imbalance(of: Components) -> Array:
    signed = totals.difference(of, "buy_base", "sell_base")
    return totals.ratio(signed[0], totals.sum_of(of, "buy_base", "sell_base")[0])


def _cvd_day(of: Components) -> Array:
    return totals.decimal(of, totals.pair(of, "flow_day"), "base")


FEATURES = (
    _sum("volume", "Σ base of all trades", "base", _volume),
    _sum("quote_volume", f"Σ quote of all trades{_PREMIUMS}", "quote", _quote_volume),
    _count("trade_count", "number of trades"),
    _sum("buy_volume", "Σ base of trades whose aggressor bought", "base", _side_volume("buy")),
    _sum("sell_volume", "Σ base of trades whose aggressor sold", "base", _side_volume("sell")),
    _sum("unknown_volume", "Σ base of trades whose aggressor is not known", "base", _side_volume("unknown")),
    _sum("buy_quote_volume", f"Σ quote of trades whose aggressor bought{_PREMIUMS}", "quote", _side_quote_volume("buy")),
    _sum("sell_quote_volume", f"Σ quote of trades whose aggressor sold{_PREMIUMS}", "quote", _side_quote_volume("sell")),
    _count("buy_count", "number of trades whose aggressor bought"),
    _count("sell_count", "number of trades whose aggressor sold"),
    Feature("vwap", f"quote_volume / volume{_PREMIUMS}", "quote per base", Merge.ALGEBRAIC, "T", _EMPTY, 1, value=_vwap),
    Feature("trade_size_mean", "volume / trade_count", "base", Merge.ALGEBRAIC, "T", _EMPTY, 1, value=_size_mean),
    Feature(
        "trade_size_std", "√(Σq² / n − (Σq / n)²), population", "base", Merge.ALGEBRAIC, "T", "fewer than 2 trades", 2, value=_size_std
    ),
    Feature("trade_size_max", "largest base of a trade", "base", Merge.ADDITIVE, "T", _EMPTY, 1),
    _sum("volume_delta", "Σ base bought − Σ base sold", "base", _delta),
    Feature(
        "volume_imbalance",
        "(bought − sold) / (bought + sold)",
        "[-1, 1]",
        Merge.ALGEBRAIC,
        "T",
        "no trade with a known side",
        1,
        "Chordia-Subrahmanyam 2004",
        value=_imbalance,
    ),
    Feature(
        "cvd_day",
        "Σ base bought − Σ base sold since 00:00 UTC to the bucket's end; carried through empty buckets",
        "base",
        Merge.CARRIED,
        "T",
        value=_cvd_day,
    ),
)
