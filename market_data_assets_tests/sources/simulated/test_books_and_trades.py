"""Laws of the simulated tape, on every instrument."""

import numpy as np
import pytest

from market_data_assets.domain.days import day_start
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, TRADES
from market_data_assets.sources.simulated.contracts import contracts
from market_data_assets.sources.simulated.grid import decimals
from market_data_assets.sources.simulated.recording import REACTION
from market_data_assets_tests.sources.simulated.markets import (
    DAY,
    PERP,
    full_table,
    instants,
    instrument_of,
    levels,
    numbers,
    quiet_source,
    quiet_table,
    some_with,
)

IDS = some_with(TRADES)


def is_on_grid(values: np.ndarray, step: float) -> bool:
    present = values[~np.isnan(values)]
    size = next(size for market in contracts(DAY) for size in (market.market.tick, market.market.lot) if float(size) == step)
    return bool((decimals(np.round(present / step).astype(np.int64), size) == present).all())


@pytest.mark.parametrize("instrument", IDS)
def test_prices_and_amounts_are_positive_and_on_the_grid(instrument):
    listed = instrument_of(quiet_source(), instrument)
    trades, book = quiet_table(TRADES, instrument), quiet_table(BOOK_SNAPSHOT_5, instrument)
    assert len(trades) > 0
    for prices in (numbers(trades, "price"), levels(book, "ask_prices"), levels(book, "bid_prices")):
        assert is_on_grid(prices, listed.tick_size)
        assert np.nanmin(prices) > 0
    for amounts in (numbers(trades, "amount"), levels(book, "ask_amounts"), levels(book, "bid_amounts")):
        assert is_on_grid(amounts, listed.lot_size)
        assert np.nanmin(amounts) > 0


@pytest.mark.parametrize("instrument", IDS)
def test_levels_are_ordered_and_the_book_is_never_crossed(instrument):
    book = quiet_table(BOOK_SNAPSHOT_5, instrument)
    asks, bids = levels(book, "ask_prices"), levels(book, "bid_prices")
    tick = instrument_of(quiet_source(), instrument).tick_size
    assert (asks[:, 0] - bids[:, 0] > 0.999 * tick).all()
    assert not (np.diff(asks, axis=1) <= 0).any()
    assert not (np.diff(bids, axis=1) >= 0).any()
    assert not np.isnan(asks).any()
    assert not np.isnan(bids[:, 0]).any()


@pytest.mark.parametrize("instrument", IDS)
def test_each_book_row_differs_from_the_one_before(instrument):
    book = quiet_table(BOOK_SNAPSHOT_5, instrument)
    state = np.concatenate([levels(book, name) for name in ("ask_prices", "ask_amounts", "bid_prices", "bid_amounts")], axis=1)
    assert not (np.nan_to_num(state[1:]) == np.nan_to_num(state[:-1])).all(axis=1).any()


@pytest.mark.parametrize("instrument", IDS)
def test_each_trade_takes_a_level_of_the_book_that_stood_just_before(instrument):
    trades, book = quiet_table(TRADES, instrument), quiet_table(BOOK_SNAPSHOT_5, instrument)
    trades = trades.slice(int(np.searchsorted(instants(trades), day_start(DAY))))
    row = np.searchsorted(instants(book), instants(trades)) - 1
    is_buy = np.array(trades["side"].to_pylist()) == "buy"
    for is_side, side in ((is_buy, "ask"), (~is_buy, "bid")):
        price, amount = numbers(trades, "price")[is_side], numbers(trades, "amount")[is_side]
        hit = levels(book, f"{side}_prices")[row[is_side]] == price[:, None]
        assert hit.any(axis=1).all()
        assert (amount <= np.nan_to_num(np.where(hit, levels(book, f"{side}_amounts")[row[is_side]], 0)).max(axis=1)).all()


def test_the_fills_of_one_order_walk_away_from_the_best_price():
    trades = full_table(TRADES, PERP)
    same = (np.diff(instants(trades)) == 0) & (trades["side"].to_numpy()[1:] == trades["side"].to_numpy()[:-1])
    direction = np.where(trades["side"].to_numpy()[1:] == "buy", 1, -1)
    assert same.mean() > 0.1
    assert ((np.diff(numbers(trades, "price")) * direction)[same] > 0).mean() > 0.9


def test_trade_sizes_have_a_heavy_tail_and_prefer_round_numbers():
    amounts = numbers(full_table(TRADES, PERP), "amount")
    assert ((amounts - amounts.mean()) ** 4).mean() / amounts.var() ** 2 > 10
    lots = np.round(amounts / 0.001)
    large = lots[lots >= 10]
    assert (large % 10 ** np.floor(np.log10(large)) == 0).mean() > 0.2


def test_trades_cluster_in_time():
    seconds = instants(full_table(TRADES, PERP)) // 1_000_000
    counts = np.bincount(seconds - seconds[0])
    assert counts.var() / counts.mean() > 1.5


def test_buyers_trade_before_the_price_rises():
    trades, book = full_table(TRADES, PERP), full_table(BOOK_SNAPSHOT_5, PERP)
    mid = (levels(book, "ask_prices")[:, 0] + levels(book, "bid_prices")[:, 0]) / 2
    now = np.searchsorted(instants(book), instants(trades)) - 1
    later = np.searchsorted(instants(book), instants(trades) + 2_000_000) - 1
    sign = np.where(trades["side"].to_numpy() == "buy", 1, -1)
    assert np.corrcoef(sign, np.log(mid[later] / mid[now]))[0, 1] > 0.1


def test_a_few_rows_a_day_arrive_out_of_order():
    arrivals = instants(full_table(TRADES, PERP), "local_timestamp")
    late = (arrivals < np.maximum.accumulate(arrivals)).sum()
    assert 0 < late < 0.01 * len(arrivals)


def test_the_default_day_is_busy_enough_and_not_too_busy():
    assert 40_000 < len(full_table(TRADES, PERP)) < 80_000
    assert 50_000 < len(full_table(BOOK_SNAPSHOT_5, PERP)) < 100_000


@pytest.mark.parametrize("instrument", IDS)
def test_each_trade_changes_the_book_within_20_milliseconds(instrument):
    trades, book = instants(quiet_table(TRADES, instrument)), instants(quiet_table(BOOK_SNAPSHOT_5, instrument))
    trades = trades[(trades >= day_start(DAY)) & (trades < book[-1] - REACTION * 1_000)]
    answer = book[np.searchsorted(book, trades, side="right")]
    assert (answer - trades <= REACTION * 1_000).all()


def test_the_most_traded_perp_trades_in_nine_of_ten_buckets_of_15_seconds():
    buckets = np.unique((instants(full_table(TRADES, PERP)) - day_start(DAY)) // 15_000_000)
    assert (buckets >= 0).sum() > 0.9 * 5_760
