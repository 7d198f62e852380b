"""Columns of derivatives: what the venue says of the contract, and forced executions.

Liquidations are an overlay: the same executions are among the trades, so they are never added to volume.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from market_data_assets.compute.candles.components.derivatives import LIQUIDATIONS, LIQUIDATIONS_AND_INTEREST
from market_data_assets.compute.candles.features import totals
from market_data_assets.compute.features import Array, Components, Feature, Merge
from market_data_assets.domain.datasets import TIMESTAMP

_AS_OF = "; the last one known before the bucket's end, of the same UTC day and at most 5 minutes old at the end of the 15s bucket"
_NULL = "no derivative ticker, or nothing known for 5 minutes"
_NO_LIQUIDATIONS = "no liquidations feed, or not listed"
_LOWER_BOUND = "; a lower bound, since some venues send at most one liquidation a second"


def _last(name: str, formula: str, unit: str, null_rule: str = _NULL) -> Feature:
    return Feature(name, formula + _AS_OF, unit, Merge.ADDITIVE, "K", null_rule, 1, "Tardis derivative_ticker")


def _basis(of: Components) -> Array:
    index = totals.number(of, "index_price")
    return 1e4 * totals.ratio(totals.number(of, "mark_price") - index, index)


def _funding_timestamp(of: Components) -> Array:
    """Doubles hold microseconds of this century exactly."""
    instants = totals.number(of, "funding_at")
    known = np.where(np.isnan(instants), 0.0, instants).astype(np.int64).view("datetime64[us]")
    return np.where(np.isnan(instants), np.datetime64("NaT"), known)


def _interest_change(of: Components) -> Array:
    return totals.number(of, "open_interest") - totals.number(of, "open_interest_from")


def _liquidated(name: str, feed: str) -> Callable[[Components], Array]:
    return lambda of: totals.at_least(
        totals.number(of, feed), 1, totals.decimal(of, totals.pair(of, f"liquidation_{name}_base"), "liquidation")
    )


def _volume(name: str, formula: str) -> Feature:
    return Feature(
        f"liquidation_{name}_volume",
        f"Σ base of {formula}{_LOWER_BOUND}",
        "base",
        Merge.ADDITIVE,
        "L",
        _NO_LIQUIDATIONS,
        1,
        value=_liquidated(name, LIQUIDATIONS),
    )


def _with_interest(name: str, formula: str) -> Feature:
    return Feature(
        f"liquidation_with_{name}_oi",
        f"Σ base liquidated in the 15s buckets whose open interest {formula}; a coarser bucket is the sum of its 15s buckets{_LOWER_BOUND}",
        "base",
        Merge.ADDITIVE,
        "KL",
        f"{_NO_LIQUIDATIONS}; or open interest not known",
        1,
        value=_liquidated(name, LIQUIDATIONS_AND_INTEREST),
    )


def _count(name: str, formula: str) -> Feature:
    return Feature(name, formula, "1", Merge.ADDITIVE, "L", _NO_LIQUIDATIONS, 1, type=pa.int64())


FEATURES: tuple[Feature, ...] = (
    _last("mark_price", "price that profits and liquidations are computed with", "quote per base"),
    _last("index_price", "index that the derivative follows", "quote per base"),
    Feature(
        "basis_bps",
        "10⁴ (mark_price − index_price) / index_price",
        "bps",
        Merge.ALGEBRAIC,
        "K",
        "mark or index price not known",
        1,
        value=_basis,
    ),
    _last("funding_rate", "funding rate as the venue states it; positive: longs pay shorts", "share of position per funding interval"),
    _last("predicted_funding_rate", "predicted rate of the next interval", "share of position per funding interval"),
    Feature(
        "funding_timestamp",
        f"next funding{_AS_OF}",
        "µs UTC",
        Merge.ADDITIVE,
        "K",
        f"{_NULL}; or the venue states none: its funding is continuous, or the contract has none",
        1,
        "Tardis derivative_ticker",
        type=TIMESTAMP,
        value=_funding_timestamp,
    ),
    _last(
        "funding_interval_hours",
        "how far funding_timestamp moved when it last did so in the UTC day, between two rows at most 5 minutes apart",
        "h",
        f"{_NULL}; or no funding yet since 00:00 UTC",
    ),
    _last(
        "open_interest",
        "open interest as the venue reports it × contract multiplier, which takes it to be in the unit of the venue's trade amounts",
        "base; quote for inverse contracts",
    ),
    Feature(
        "open_interest_change",
        "open_interest − what it was before the bucket: every change since 00:00 UTC belongs to the bucket of its later row",
        "base; quote for inverse contracts",
        Merge.CARRIED,
        "K",
        _NULL,
        1,
        value=_interest_change,
    ),
    _volume("buy", "liquidations that bought: short positions"),
    _volume("sell", "liquidations that sold: long positions"),
    _count("liquidation_count", f"liquidations{_LOWER_BOUND}"),
    _with_interest("rising", "rose"),
    _with_interest("falling", "fell"),
    _count("dup_liquidations", "rows dropped because an earlier row of the day has their id, price and amount"),
)
