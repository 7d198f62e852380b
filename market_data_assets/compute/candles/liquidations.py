"""The liquidations of a day → how much was liquidated in each 15s bucket, and whether open interest rose or fell meanwhile."""

import datetime as dt

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.candles import exact
from market_data_assets.compute.candles.buckets import collect_buckets, day_scale
from market_data_assets.compute.candles.feed_rows import numbers, rows_while_listed
from market_data_assets.compute.candles.trades import DayTrades, day_trades
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import Quarantined
from market_data_assets.domain.schemas import LIQUIDATIONS
from market_data_assets.domain.timeframes import FINEST

Rows = npt.NDArray[np.void]
_SIDES = pa.array(["buy", "sell"])


def day_liquidations(rows: pa.Table, contract: Contract, day: dt.date) -> tuple[DayTrades, tuple[Quarantined, ...]]:
    """The day's liquidations as trades are: in order, each id once, amounts as the venue reports them.

    Returns:
        The liquidations, and the rows set aside: ``outside_listing``, ``impossible_value`` (a price or amount that is not
        a finite number above 0), ``unknown_side`` (it does not say who was liquidated), ``conflicting_duplicate``.

    Raises:
        SchemaDrift: columns missing, with nulls or of another type.
        BadData: rows of another day.
    """
    feed = rows_while_listed(rows, LIQUIDATIONS, ("id", "side", "price", "amount"), contract, day)
    feed = feed.without(~(_possible(feed.table, "price") & _possible(feed.table, "amount")), "impossible_value")
    feed = feed.without(~np.asarray(pc.is_in(feed.table["side"].cast(pa.string()), value_set=_SIDES)), "unknown_side")
    known = day_trades(feed.table, contract, day)
    return known, (*feed.quarantined, *known.quarantined)


def _possible(rows: pa.Table, name: str) -> npt.NDArray[np.bool_]:
    values = numbers(rows[name])
    return np.asarray(np.isfinite(values) & (values > 0))


def write_liquidations(rows: Rows, liquidations: DayTrades, listed: npt.NDArray[np.bool_], contract: Contract, day: dt.date) -> None:
    """Fills the fields of liquidations in the day's 15s buckets, after those of the ticker.

    Args:
        listed: The buckets in which the contract was listed; elsewhere the feed says nothing.
    """
    # They are executions as trades are: the pass over trades converts and sums them in the same exact units.
    own, _ = collect_buckets(liquidations, day_scale(liquidations, contract), day, FINEST)
    rows["liquidation_buckets"] = listed
    rows["liquidation_decimals"] = own["base_decimals"]
    rows["liquidation_count"], rows["dup_liquidations"] = own["trade_count"], own["dup_trades"]
    _write_sum(rows, "liquidation_buy_base", (own["buy_base"], own["buy_base_low"]))
    _write_sum(rows, "liquidation_sell_base", (own["sell_base"], own["sell_base_low"]))
    rows["available_at"] = np.maximum(rows["available_at"], own["available_at"])
    change = rows["open_interest"] - rows["open_interest_from"]
    rows["liquidation_interest_buckets"] = listed & ~np.isnan(change)
    total = exact.add(own["buy_base"], own["buy_base_low"], own["sell_base"], own["sell_base_low"])
    _write_sum(rows, "liquidation_rising_base", (np.where(change > 0, total[0], 0.0), np.where(change > 0, total[1], 0.0)))
    _write_sum(rows, "liquidation_falling_base", (np.where(change < 0, total[0], 0.0), np.where(change < 0, total[1], 0.0)))


def _write_sum(rows: Rows, name: str, value: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]) -> None:
    rows[name], rows[f"{name}_low"] = value
