"""The book columns equal a plain computation from the text of their formulas, and hold by hand at the edges."""

import dataclasses
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.candles.features import book
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES, Timeframe
from market_data_assets.errors import BadData, SchemaDrift
from market_data_assets_tests.compute.book_snapshots import books
from market_data_assets_tests.compute.book_snapshots.books import Row
from market_data_assets_tests.compute.candles.book_reference import book_candle
from market_data_assets_tests.compute.candles.books import FIRST, LAST, Market, markets, opened
from market_data_assets_tests.compute.candles.trades import DAY, INVERSE, LINEAR, MIDNIGHT, SECOND, SPOT, Trade, table

_NAMES = [feature.name for feature in book.FEATURES]
_MINUTE = TIMEFRAMES[1]
# What cancels: a mean of imbalances or of flows near 0 keeps the digits of its terms, not its own.
_NOISE = {"micro_deviation_bps_twa": 1e-7, "obi_1_twa": 1e-12, "obi_5_twa": 1e-12, "effective_spread_bps": 1e-7}


def _candles(market: Market, contract: Contract = SPOT, timeframe: Timeframe = FINEST) -> pa.Table:
    return from_ticks(market.feeds, contract, DAY, [timeframe])[timeframe].table


def _first(rows: list[Row], trades: list[Trade] | None = None) -> dict[str, object]:
    return dict(_candles(Market(rows, trades or [])).slice(0, 1).drop_columns(["timestamp", "available_at"]).to_pylist()[0])


def _assert_equal(name: str, found: object, expected: float | int | None, largest: float) -> None:
    if not isinstance(expected, float):
        assert found == expected, name
        return
    assert isinstance(found, float), (name, expected)
    noise = 1e-9 * largest if name.startswith(("ofi", "mlofi")) else _NOISE.get(name, 0.0)
    assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=noise), (name, found, expected)


@pytest.mark.parametrize("levels", [5, 25])
@pytest.mark.parametrize("contract", [SPOT, LINEAR, INVERSE], ids=lambda contract: str(contract.instrument_id))
@settings(max_examples=5)
@given(data=st.data())
def test_every_book_column_equals_the_plain_computation(data: st.DataObject, contract: Contract, levels: int) -> None:
    market = data.draw(markets(levels))
    until = data.draw(st.sampled_from([LAST, LAST + 20 * SECOND, 86_400 * SECOND]))
    listed = dataclasses.replace(contract, listed_to=MIDNIGHT + until)
    frames = from_ticks(market.feeds, listed, DAY, TIMEFRAMES)
    largest = max((amount for row in market.rows for side in (row.asks, row.bids) for _, amount in side), default=0.0)
    for timeframe in (TIMEFRAMES[0], TIMEFRAMES[1], TIMEFRAMES[3], TIMEFRAMES[6]):
        width = timeframe.microseconds
        first, last = FIRST // width, (LAST + 30 * SECOND) // width
        found = frames[timeframe].table.slice(first, last - first + 1).select(_NAMES).to_pylist()
        for number, row in enumerate(found):
            expected = book_candle(market.rows, market.trades, listed, (first + number) * width, width, until=until)
            assert set(expected) == set(row)
            for name, value in expected.items():
                _assert_equal(name, row[name], value, largest * contract.multiplier)


def test_a_book_row_at_the_time_of_a_trade_is_not_before_it() -> None:
    rows = [opened(0, 99.0, 101.0), opened(5 * SECOND, 109.0, 111.0)]
    found = _first(rows, [Trade(5 * SECOND, 101.0, side="buy"), Trade(5 * SECOND + 1, 109.0, side="sell")])
    assert found["effective_spread_bps"] == pytest.approx((2e4 * 1 / 100 + 2e4 * 1 / 110) / 2)


def test_of_book_rows_of_one_time_the_last_is_what_trades_meet() -> None:
    rows = [opened(0, 99.0, 101.0), opened(0, 109.0, 111.0)]
    assert _first(rows, [Trade(1, 111.0, side="buy")])["effective_spread_bps"] == pytest.approx(2e4 / 110)


def test_trades_without_a_side_or_an_open_book_before_them_are_left_out() -> None:
    crossed = Row(3 * SECOND, [(98.0, 1.0)], [(99.0, 1.0)])
    rows = [opened(SECOND, 99.0, 101.0), crossed]
    alone = [Trade(0, 500.0), Trade(SECOND, 500.0), Trade(2 * SECOND, 500.0, side="unknown"), Trade(4 * SECOND, 500.0)]
    assert _first(rows, alone)["effective_spread_bps"] is None
    met = [*alone[:3], Trade(2 * SECOND, 101.0), Trade(2 * SECOND + 1, 98.0, amount=3.0, side="sell"), alone[3]]
    assert _first(rows, met)["effective_spread_bps"] == pytest.approx((200.0 + 3 * 400.0) / 4)


def test_a_book_is_charged_to_every_bucket_that_it_spans_and_starts_fresh_at_midnight() -> None:
    rows = [opened(20 * SECOND, 99.0, 101.0), opened(50 * SECOND, 99.0, 103.0)]
    found = _candles(Market(rows, [])).slice(0, 5).to_pylist()
    assert [row["spread_twa"] for row in found] == [None, 2.0, 2.0, (5 * 2.0 + 10 * 4.0) / 15, 4.0]
    assert [row["spread_last"] for row in found] == [None, 2.0, 2.0, 4.0, 4.0]
    assert [row["book_updates"] for row in found] == [0, 1, 0, 1, 0]
    assert [row["ofi"] for row in found] == [None, 0.0, 0.0, 1.0, 0.0]
    minute = _candles(Market(rows, []), timeframe=_MINUTE).slice(0, 1).to_pylist()[0]
    assert minute["spread_twa"] == (30 * 2.0 + 10 * 4.0) / 40


def test_a_book_stands_for_five_minutes_and_no_longer_whatever_comes_after_it() -> None:
    rows = [opened(10 * SECOND, 99.0, 101.0), opened(1_000 * SECOND, 100.0, 102.0)]
    trades = [Trade(at, 101.0) for at in (310 * SECOND, 310 * SECOND + 1)]
    for known in (rows, rows[:1]):
        found = _candles(Market(known, trades)).to_pylist()
        assert [row["_standing_us"] for row in found[18:23]] == [15 * SECOND, 15 * SECOND, 10 * SECOND, 0, 0]
        assert [row["mid_last"] for row in found[18:23]] == [100.0, 100.0, 100.0, None, None]
        assert [row["ofi"] for row in found[18:23]] == [0.0, 0.0, 0.0, None, None]
        assert found[20]["effective_spread_bps"] == pytest.approx(2e4 / 100)
        assert found[20]["_effective_base"] == 1.0
    # What a row changed is told against the row before it, however old that is: a bid and an ask of 1 each moved up.
    assert (found := _candles(Market(rows, [])).to_pylist())[66]["ofi"] == 2.0
    assert [row["crossed_us"] for row in found] == [0] * len(found)


def test_a_crossed_book_is_crossed_as_long_in_candles_as_in_book_snapshots() -> None:
    crossed, locked = Row(50 * SECOND, [(98.0, 1.0)], [(99.0, 1.0)]), Row(400 * SECOND, [(99.0, 1.0)], [(99.0, 1.0)])
    _assert_crossed_alike(Market([opened(0), crossed, locked, dataclasses.replace(crossed, at=80_000 * SECOND)], []), SPOT)


@settings(max_examples=10)
@given(markets(), st.sampled_from([LAST, LAST + 20 * SECOND, 86_400 * SECOND]))
def test_every_book_is_crossed_as_long_in_candles_as_in_book_snapshots(market: Market, until: int) -> None:
    _assert_crossed_alike(market, dataclasses.replace(INVERSE, listed_to=MIDNIGHT + until))


def _assert_crossed_alike(market: Market, contract: Contract) -> None:
    candles = from_ticks(market.feeds, contract, DAY, TIMEFRAMES)
    for timeframe, frame in from_book(market.book, contract, DAY, TIMEFRAMES).items():
        found, listed = frame.table["crossed_us"].to_pylist(), len(frame.table)
        assert candles[timeframe].table["crossed_us"].to_pylist()[:listed] == found, timeframe


def test_books_without_a_mid_are_left_out_of_mid_and_spread_and_counted() -> None:
    def at(second: int, asks: list[tuple[float, float]], bids: list[tuple[float, float]]) -> Row:
        return Row(second * SECOND, asks, bids)

    rows = [
        at(0, [(101.0, 1.0)], [(99.0, 1.0)]),
        at(1, [(98.0, 3.0)], [(99.0, 1.0)]),
        at(3, [(99.0, 3.0)], [(99.0, 1.0)]),
        at(6, [], [(99.0, 1.0)]),
        at(10, [], []),
    ]
    found = _first(rows)
    assert found["crossed_us"] == 2 * SECOND
    assert (found["spread_twa"], found["spread_last"], found["mid_twa"], found["mid_last"]) == (2.0, 2.0, 100.0, 100.0)
    assert (found["obi_1_twa"], found["obi_1_last"]) == (pytest.approx(-5 * 0.5 / 6), -0.5)
    assert found["depth_bid_5_twa"] == pytest.approx(10 * 99.0 / 15)


def test_decimals_come_out_as_they_are_written() -> None:
    rows = [
        opened(0, 61_000.1, 61_000.2, amount=0.1),
        opened(SECOND, 61_000.1, 61_000.2, amount=0.3),
        opened(2 * SECOND, 60_999.9, 61_000.2),
    ]
    found = _first(rows)
    assert (found["spread_last"], found["mid_last"]) == (0.3, 61_000.05)
    assert found["ofi"] == -1.0  # bids: + 0.2, then − 0.3; asks: − 0.2, then − 0.7
    assert _first(rows[:2])["spread_twa"] == 0.1


def test_an_instrument_without_book_data_has_null_in_every_book_column_and_keeps_its_trades() -> None:
    trades = table([Trade(0), Trade(70 * SECOND)])
    for frame in from_ticks(Feeds(trades), SPOT, DAY, TIMEFRAMES).values():
        assert {name for name in _NAMES if frame.table[name].null_count < len(frame.table)} == set()
        assert sum(frame.table["trade_count"].to_pylist()) == 2


def test_a_book_feed_without_rows_counts_none_and_knows_nothing_else() -> None:
    found = _candles(Market([], [Trade(0)]))
    assert set(found["book_updates"].to_pylist()) == set(found["crossed_us"].to_pylist()) == {0}
    others = [name for name in _NAMES if name not in {"book_updates", "crossed_us"}]
    assert {name for name in others if found[name].null_count < len(found)} == set()


def test_a_row_is_not_available_before_its_book_arrived_nor_before_the_one_it_opened_with() -> None:
    rows = [opened(SECOND, delay=100 * SECOND), opened(31 * SECOND, delay=2 * SECOND), opened(46 * SECOND, delay=20 * SECOND)]
    available = _candles(Market(rows, []))["available_at"].cast(pa.int64()).to_numpy()[:5] - MIDNIGHT
    assert (available / SECOND).tolist() == [101, 101, 101, 101, 101]


@settings(max_examples=10)
@given(markets(), st.integers(0, 60), st.floats(0.5, 2.0))
def test_what_happens_after_a_bucket_does_not_change_it(market: Market, bucket: int, factor: float) -> None:
    cut = FIRST + bucket * 15 * SECOND
    known = [row for row in market.rows if row.at < cut]
    later = [opened(row.at, 90.0 * factor, 91.0 * factor) for row in market.rows if row.at >= cut]
    trades = [trade for trade in market.trades if trade.at < cut]
    before, after = (
        _candles(Market(rows, of)).slice(0, cut // (15 * SECOND)).select(_NAMES)
        for rows, of in ((market.rows, market.trades), ([*known, *later], trades))
    )
    for name in before.column_names:
        if not pa.types.is_floating(before[name].type):
            assert before[name].equals(after[name]), name
        else:
            # Later prices of other decimals change the day's units, and with them the last digits.
            found, expected = (column[name].to_numpy() for column in (after, before))
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6, err_msg=name)


@settings(max_examples=10)
@given(markets(), st.sets(st.integers(0, 11)), st.randoms(use_true_random=False))
def test_impossible_rows_are_set_aside_and_change_nothing_else(market: Market, spoiled: set[int], random: object) -> None:
    bad = [Row(market.rows[number].at, [(-1.0, 1.0)], []) for number in spoiled if number < len(market.rows)]
    rows = sorted([*market.rows, *bad], key=lambda row: row.at)
    frame = from_ticks(Market(rows, market.trades).feeds, SPOT, DAY, [_MINUTE])[_MINUTE]
    assert frame.table.equals(_candles(market, timeframe=_MINUTE))
    assert [(part.reason, part.count) for part in frame.quarantined] == [("bad_level", len(bad))] * bool(bad)
    assert sum(frame.table["book_updates"].to_pylist()) == len(market.rows)


def test_rows_outside_the_listing_are_set_aside_and_the_last_book_stands_to_its_end() -> None:
    listed = dataclasses.replace(SPOT, listed_from=MIDNIGHT + 10 * SECOND, listed_to=MIDNIGHT + 40 * SECOND)
    frame = from_ticks(Market([opened(0), opened(12 * SECOND), opened(41 * SECOND)], []).feeds, listed, DAY, [FINEST])[FINEST]
    assert [(part.reason, part.count) for part in frame.quarantined] == [("outside_listing", 2)]
    assert frame.table["_open_us"].to_pylist()[:4] == [3 * SECOND, 15 * SECOND, 10 * SECOND, 0]
    assert frame.table["bucket_status"].to_pylist()[:4] == ["no_trades", "no_data", "no_data", "not_listed"]


def test_books_of_another_day_of_too_few_levels_or_of_other_columns_are_refused() -> None:
    with pytest.raises(BadData, match="other_day"):
        _candles(Market([opened(86_400 * SECOND)], []))
    with pytest.raises(SchemaDrift, match="1 levels, expected at least 5"):
        _candles(Market([opened(0)], [], levels=1))
    with pytest.raises(SchemaDrift, match="no column bid_prices"):
        from_ticks(Feeds(table([]), books.table([]).drop_columns(["bid_prices"])), SPOT, DAY, [FINEST])
