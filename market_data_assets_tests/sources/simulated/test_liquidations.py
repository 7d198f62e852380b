import numpy as np
import pytest

from market_data_assets.domain.schemas import DERIVATIVE_TICKER, LIQUIDATIONS, TRADES
from market_data_assets_tests.sources.simulated.markets import PERP, full_table, ids_with, instants, quiet_table

IDS = ids_with(LIQUIDATIONS)


def rows_of(table) -> set[tuple]:
    return set(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


@pytest.mark.parametrize("instrument", IDS)
def test_each_liquidation_is_a_trade_of_the_tape(instrument):
    forced = quiet_table(LIQUIDATIONS, instrument)
    assert rows_of(forced) <= rows_of(quiet_table(TRADES, instrument))
    assert len(forced) < 0.05 * len(quiet_table(TRADES, instrument))


def test_they_cluster_in_fast_moves_and_close_the_side_that_lost():
    forced, ticker = full_table(LIQUIDATIONS, PERP), full_table(DERIVATIVE_TICKER, PERP)
    times, index = instants(ticker), np.log(ticker["index_price"].to_numpy())
    now = np.searchsorted(times, instants(forced)) - 1
    known = now > 60
    move = index[now[known]] - index[now[known] - 60]
    sign = np.where(forced["side"].to_numpy()[known] == "buy", 1, -1)
    typical = np.abs(index[60:] - index[:-60]).mean()
    assert known.sum() > 100
    assert (move * sign > typical).mean() > 0.9


def test_the_fills_of_one_order_are_liquidated_together():
    trades, forced = full_table(TRADES, PERP), full_table(LIQUIDATIONS, PERP)
    keys = list(zip(instants(trades), trades["side"].to_pylist(), strict=True))
    chosen = set(zip(instants(forced), forced["side"].to_pylist(), strict=True))
    assert sum(key in chosen for key in keys) == len(forced)


def test_both_sides_are_liquidated_in_a_day_that_goes_both_ways():
    assert set(full_table(LIQUIDATIONS, PERP)["side"].to_pylist()) == {"buy", "sell"}
