"""Order, duplicates, listing and what is refused."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES
from market_data_assets.errors import BadData, SchemaDrift
from market_data_assets_tests.compute.candles.trades import ANY_TRADES, DAY, MIDNIGHT, SECOND, SPOT, Trade, numbered, table

_MINUTE = TIMEFRAMES[1]


def _minutes(trades: pa.Table) -> pa.Table:
    return from_ticks(Feeds(trades), SPOT, DAY, [_MINUTE])[_MINUTE].table


def _first(trades: list[Trade]) -> dict[str, object]:
    return dict(_minutes(table(trades)).slice(0, 1).drop_columns(["timestamp", "available_at"]).to_pylist()[0])


@given(ANY_TRADES, st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_the_order_of_rows_does_not_matter_where_every_id_is_an_integer(trades: list[Trade], random: object) -> None:
    shuffled = list(trades)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _minutes(table(shuffled)).equals(_minutes(table(trades)))


@given(ANY_TRADES, st.lists(st.integers(0, 10**6), max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_repeated_rows_change_nothing_but_their_count(trades: list[Trade], again: list[int], random: object) -> None:
    repeats = [trades[number % len(trades)] for number in again] if trades else []
    rows = [*trades, *repeats]
    random.shuffle(rows)  # type: ignore[attr-defined]
    found = _minutes(table(rows))
    assert sum(found["dup_trades"].to_pylist()) == len(repeats)
    place = found.column_names.index("dup_trades")
    assert found.remove_column(place).equals(_minutes(table(trades)).remove_column(place))


def test_rows_without_an_id_are_never_dropped() -> None:
    assert _first([Trade(1, id=None), Trade(1, id=None), Trade(2, id="")])["trade_count"] == 3


def test_integer_ids_order_equal_times_and_text_ids_do_not() -> None:
    by_number = _first([Trade(1, 10.0, id=10), Trade(1, 9.0, id=9)])
    assert (by_number["open"], by_number["close"]) == (9.0, 10.0)
    as_text = _first([Trade(1, 10.0, id="10"), Trade(1, 9.0, id="9")])
    assert (as_text["open"], as_text["close"]) == (9.0, 10.0)
    named = _first([Trade(1, 10.0, id="b"), Trade(1, 9.0, id="a")])
    assert (named["open"], named["close"]) == (10.0, 9.0)
    padded = _first([Trade(1, 10.0, id="007"), Trade(1, 9.0, id="7")])
    assert (padded["open"], padded["trade_count"]) == (10.0, 2)


def test_rows_are_never_ordered_by_price() -> None:
    found = _first([Trade(1, 5.0), Trade(1, 3.0), Trade(1, 4.0)])
    assert (found["open"], found["close"]) == (5.0, 4.0)


@pytest.mark.parametrize("ids", [(7, 7), ("x", "x")])
def test_an_id_with_another_amount_is_set_aside(ids: tuple[int | str, int | str]) -> None:
    rows = [Trade(1, amount=1.0, id=ids[0]), Trade(2, amount=2.0, id=ids[1])]
    frame = from_ticks(Feeds(table(rows)), SPOT, DAY, [_MINUTE])[_MINUTE]
    assert frame.table["volume"][0].as_py() == 1.0
    assert frame.table["dup_trades"][0].as_py() == 0
    (conflict,) = frame.quarantined
    assert (conflict.reason, conflict.count) == ("conflicting_duplicate", 1)
    assert conflict.rows is not None
    assert conflict.rows.select(["amount", "reason"]).to_pylist() == [{"amount": 2.0, "reason": "conflicting_duplicate"}]


def test_of_equal_rows_the_earliest_arrival_is_kept() -> None:
    assert _first([Trade(1, id=7, delay=5_000), Trade(1, id=7, delay=2_000)])["delay_max"] == 2.0


def test_trades_outside_the_listing_are_set_aside() -> None:
    listed = dataclasses.replace(SPOT, listed_from=MIDNIGHT + 60 * SECOND, listed_to=MIDNIGHT + 180 * SECOND)
    rows = [Trade(59 * SECOND), Trade(60 * SECOND), Trade(180 * SECOND)]
    frame = from_ticks(Feeds(table(rows)), listed, DAY, [_MINUTE])[_MINUTE]
    assert frame.table["bucket_status"].to_pylist()[:4] == ["not_listed", "traded", "no_data", "not_listed"]
    assert [(set_aside.reason, set_aside.count) for set_aside in frame.quarantined] == [("outside_listing", 2)]


@pytest.mark.parametrize("at", [-1, 86_400 * SECOND])
def test_trades_of_another_day_are_refused(at: int) -> None:
    with pytest.raises(BadData, match="1 other_day"):
        _minutes(table([Trade(0), Trade(at)]))


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("column", ["price", "amount"])
def test_impossible_numbers_are_refused(column: str, value: float) -> None:
    with pytest.raises(BadData, match=f"BTC-USDT on 2024-08-08.*1 {column}"):
        _minutes(table([Trade(0), dataclasses.replace(Trade(1), **{column: value})]))


def test_an_unknown_word_for_a_side_is_refused() -> None:
    with pytest.raises(BadData, match="expected buy, sell, unknown"):
        _minutes(table([Trade(0, side="bid")]))


def test_sides_may_come_as_text_or_with_a_dictionary_of_their_own_per_chunk() -> None:
    rows = [Trade(0, side="sell", id=1), Trade(1, side="buy", id=2), Trade(2, side="unknown", id=3)]
    whole = table(rows)
    text = whole.set_column(3, "side", whole["side"].cast(pa.string()))
    chunked = pa.concat_tables([table(rows[:1]), table(rows[1:])])
    assert _minutes(text).equals(_minutes(whole))
    assert _minutes(chunked).equals(_minutes(whole))


@pytest.mark.parametrize("column", list(TRADES.columns))
def test_a_missing_column_is_refused(column: str) -> None:
    with pytest.raises(SchemaDrift, match=column):
        _minutes(table([Trade(0)]).drop_columns([column]))


def test_a_null_or_a_time_in_another_unit_is_refused() -> None:
    rows = table([Trade(0)])
    with pytest.raises(SchemaDrift, match="nulls in"):
        _minutes(rows.set_column(4, "price", pa.array([None], pa.float64())))
    with pytest.raises(SchemaDrift, match="expected timestamp"):
        _minutes(rows.set_column(0, "timestamp", rows["timestamp"].cast(pa.timestamp("ns", "UTC"))))


@given(ANY_TRADES)
@settings(max_examples=12)
def test_no_row_is_available_before_its_trades_arrived(trades: list[Trade]) -> None:
    candles = from_ticks(Feeds(table(trades)), SPOT, DAY, [FINEST])[FINEST].table
    available = candles["available_at"].cast(pa.int64()).to_numpy()
    closes = candles["timestamp_close"].cast(pa.int64()).to_numpy()
    assert (available >= closes).all()
    for trade in trades:
        assert available[trade.at // FINEST.microseconds] >= MIDNIGHT + trade.at + trade.delay


@given(ANY_TRADES, st.integers(0, 24 * 60), st.floats(0.5, 2.0), st.booleans())
@settings(max_examples=10)
def test_what_happens_after_a_bucket_does_not_change_it(trades: list[Trade], minute: int, factor: float, gone: bool) -> None:
    """Later trades are changed or taken away. Only bucket_status, for which available_at waits, is a verdict in hindsight."""
    cut = minute * 60 * SECOND
    later = [dataclasses.replace(trade, price=trade.price * factor, side="buy") for trade in trades if trade.at >= cut]
    changed = [trade for trade in trades if trade.at < cut] + ([] if gone else later)
    before, after = (_minutes(table(rows)).slice(0, minute) for rows in (trades, changed))
    for name in before.column_names:
        if not name.startswith("_") and name not in {"bucket_status", "available_at", "out_of_order_trades"}:
            _assert_same(before[name], after[name], name)


@given(ANY_TRADES)
@settings(max_examples=10)
def test_volume_is_what_was_bought_sold_and_unknown(trades: list[Trade]) -> None:
    for row in _minutes(table(trades)).filter(pc.greater(_minutes(table(trades))["trade_count"], 0)).to_pylist():
        parts = (Fraction(row[f"_{side}_base"]) + Fraction(row[f"_{side}_base_low"]) for side in ("buy", "sell", "unknown"))
        assert float(sum(parts) / 10 ** row["_base_decimals"]) == row["volume"]


def _assert_same(before: "pa.ChunkedArray[object]", after: "pa.ChunkedArray[object]", name: str) -> None:
    if not pa.types.is_floating(before.type):
        assert before.equals(after), name
        return
    # Prices of the day that are no decimals are summed as doubles, so a later one can move the last digit.
    np.testing.assert_allclose(before.to_numpy(), after.to_numpy(), rtol=1e-9, atol=1e-300, err_msg=name)


def test_late_and_early_arrivals_are_counted_in_the_bucket_of_the_late_trade() -> None:
    rows = [Trade(0, id=1, delay=5 * SECOND), Trade(SECOND, id=2, delay=100), Trade(70 * SECOND, id=3, delay=100)]
    assert _minutes(table(rows))["out_of_order_trades"].to_pylist()[:2] == [1, 0]


def test_trades_of_equal_time_are_never_out_of_order() -> None:
    assert _first(numbered([Trade(5, delay=9), Trade(5, delay=1), Trade(6, delay=20)]))["out_of_order_trades"] == 0
