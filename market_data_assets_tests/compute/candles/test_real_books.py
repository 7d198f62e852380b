"""Book columns of a real market: what pandas finds in the same rows, whatever the depth of the source."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.candles import Feeds, from_ticks, merge
from market_data_assets.compute.candles.features import book
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.days import day_end
from market_data_assets.domain.schemas import WORD
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES
from market_data_assets_tests.compute.book_snapshots.test_real_books import DAY, INVERSE, LINEAR, SPOT, raw_book, rows_of_day

_NAMES = [feature.name for feature in book.FEATURES]
_MARKETS = pytest.mark.parametrize("market", [SPOT, LINEAR, INVERSE], ids=lambda market: str(market[0]))
_MINUTE = TIMEFRAMES[1]


def _trades(samples: Path, exchange: str, symbol: str) -> pa.Table:
    rows = rows_of_day(samples / "tardis_from_raw" / "v1", exchange, "trades", symbol).drop_columns(["exchange", "symbol"])
    for name in ("timestamp", "local_timestamp"):
        rows = rows.set_column(rows.column_names.index(name), name, rows[name].cast(TIMESTAMP))
    amounts = rows["amount"].cast(pa.float64())
    return rows.set_column(rows.column_names.index("amount"), "amount", amounts).set_column(3, "side", rows["side"].cast(WORD))


def _book(samples: Path, exchange: str, symbol: str, levels: int = 5) -> pa.Table:
    return raw_book(rows_of_day(samples / "tardis_from_raw" / "v1", exchange, f"book_snapshot_{levels}", symbol), levels)


@_MARKETS
def test_a_minute_is_what_pandas_finds_in_it(samples: Path, market: tuple[str, str, Contract]) -> None:
    exchange, symbol, contract = market
    trades, rows = _trades(samples, exchange, symbol), _book(samples, exchange, symbol)
    found = from_ticks(Feeds(trades, rows), contract, DAY, [_MINUTE])[_MINUTE].table.slice(1435, 4).to_pylist()
    top = {f"{side}_{part}": np.stack(rows[f"{side}_{part}s"].to_pylist())[:, 0] for side in ("ask", "bid") for part in ("price", "amount")}
    quotes = pd.DataFrame({"at": rows["timestamp"].cast(pa.int64()).to_numpy(), **top})
    quotes = quotes.assign(mid=(quotes["ask_price"] + quotes["bid_price"]) / 2, spread=quotes["ask_price"] - quotes["bid_price"])
    deals = trades.to_pandas().assign(at=trades["timestamp"].cast(pa.int64()).to_numpy()).sort_values("at", kind="stable")
    deals = pd.merge_asof(deals, quotes, on="at", allow_exact_matches=False)
    sign = np.where(deals["side"] == "buy", 1, -1)
    deals["cost"] = 2e4 * sign * (deals["price"] - deals["mid"]) / deals["mid"]
    deals["base"] = deals["amount"] / deals["price"] if exchange == "binance-delivery" else deals["amount"]
    for number, row in enumerate(found):
        start = day_end(DAY) - (5 - number) * _MINUTE.microseconds
        inside = deals[(deals["at"] >= start) & (deals["at"] < start + _MINUTE.microseconds)]
        assert row["effective_spread_bps"] == pytest.approx((inside["cost"] * inside["base"]).sum() / inside["base"].sum(), rel=1e-9)
        since = quotes[quotes["at"] < start + _MINUTE.microseconds]
        begin = np.maximum(since["at"], start)
        lasts = (begin.shift(-1, fill_value=start + _MINUTE.microseconds) - begin).clip(lower=0)
        assert row["spread_twa"] == pytest.approx((since["spread"] * lasts).sum() / lasts.sum(), rel=1e-9)
        assert row["mid_twa"] == pytest.approx((since["mid"] * lasts).sum() / lasts.sum(), rel=1e-12)
        assert (row["mid_last"], row["spread_last"]) == pytest.approx((since["mid"].iloc[-1], since["spread"].iloc[-1]), rel=1e-9)
        assert row["book_updates"] == (since["at"] >= start).sum()
        assert row["crossed_us"] == 0


@_MARKETS
def test_candles_end_with_the_book_of_the_snapshots(samples: Path, market: tuple[str, str, Contract]) -> None:
    exchange, symbol, contract = market
    rows = _book(samples, exchange, symbol)
    candles = from_ticks(Feeds(_trades(samples, exchange, symbol), rows), contract, DAY, TIMEFRAMES)
    snapshots = from_book(rows, contract, DAY, TIMEFRAMES)
    for timeframe in TIMEFRAMES:
        ours, theirs = candles[timeframe].table, snapshots[timeframe].table
        for name, same in (("mid_last", "mid"), ("spread_last", "spread"), ("obi_1_last", "obi_1"), ("obi_5_last", "obi_5")):
            np.testing.assert_allclose(ours[name].to_numpy(), theirs[same].to_numpy(), rtol=1e-9, atol=1e-12)
        assert ours["book_updates"].equals(theirs["book_updates"])
        assert merge(candles[FINEST].table, timeframe).select(_NAMES).equals(ours.select(_NAMES))


@pytest.mark.parametrize("market", [SPOT, LINEAR], ids=lambda market: str(market[0]))
def test_five_and_twenty_five_levels_of_one_book_say_the_same(samples: Path, market: tuple[str, str, Contract]) -> None:
    exchange, symbol, contract = market
    trades = _trades(samples, exchange, symbol)
    shallow, deep = (
        from_ticks(Feeds(trades, _book(samples, exchange, symbol, levels)), contract, DAY, [_MINUTE])[_MINUTE].table for levels in (5, 25)
    )
    for name in set(_NAMES) - {"book_updates"}:
        np.testing.assert_allclose(deep[name].to_numpy(), shallow[name].to_numpy(), rtol=1e-11, atol=1e-11, err_msg=name)
    assert (deep["book_updates"].to_numpy() >= shallow["book_updates"].to_numpy()).all()
