"""Small books checked by eye."""

import datetime as dt

import pyarrow as pa
import pytest

from market_data_assets.compute.book_snapshots import from_book, merge
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES, Timeframe
from market_data_assets.errors import BadData, QueryError, SchemaDrift
from market_data_assets_tests.compute.book_snapshots.books import DAY, INVERSE, LINEAR, OPTION, SECOND, Row, around, listed, table

MINUTE, DAY_LONG = Timeframe.parse("1m"), Timeframe.parse("24h")


def rows_of(rows: list[Row], contract: Contract = LINEAR, timeframe: Timeframe = FINEST, levels: int = 5) -> list[dict[str, object]]:
    made = from_book(table(rows, levels), contract, DAY, [timeframe])[timeframe].table
    return [dict(row) for row in made.to_pylist()]


def at(seconds: float) -> dt.datetime:
    return dt.datetime(2024, 8, 8, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)


def test_a_bucket_without_updates_shows_the_last_known_book_and_how_old_it_is() -> None:
    rows = rows_of([around(100, 101, at=20 * SECOND), around(103, 104, at=65 * SECOND)])
    before, opened, silent, third, next_update = rows[:5]
    assert (before["bucket_status"], before["bid_price_1"], before["stale_us"], before["snapshot_at"]) == ("no_data", None, None, None)
    assert (opened["bucket_status"], opened["bid_price_1"], opened["stale_us"], opened["book_updates"]) == ("quoted", 100, 10 * SECOND, 1)
    assert (silent["bucket_status"], silent["bid_price_1"], silent["stale_us"], silent["book_updates"]) == ("quoted", 100, 25 * SECOND, 0)
    assert silent["snapshot_at"] == at(20)
    assert (third["bid_price_1"], third["stale_us"]) == (100, 40 * SECOND)
    assert (next_update["bid_price_1"], next_update["stale_us"]) == (103, 10 * SECOND)


def test_five_minutes_after_an_update_nothing_shows_that_it_still_holds_whether_or_not_another_follows() -> None:
    update = around(100, 101, at=20 * SECOND)
    for rows in ([update], [update, around(100, 101, at=900 * SECOND)]):
        last, after = rows_of(rows)[20:22]
        assert (last["bucket_status"], last["stale_us"]) == ("quoted", 300 * SECOND - 5 * SECOND)
        assert (after["bucket_status"], after["bid_price_1"], after["stale_us"]) == ("no_data", 100, 310 * SECOND)


def test_an_update_on_the_boundary_belongs_to_the_next_bucket() -> None:
    rows = rows_of([around(100, 101, at=0), around(102, 103, at=15 * SECOND)])
    assert [row["bid_price_1"] for row in rows[:2]] == [100, 102]
    assert rows[0]["stale_us"] == 15 * SECOND


def test_of_updates_at_the_same_time_the_last_delivered_counts() -> None:
    (first, *_) = rows_of([around(100, 101, at=5), around(98, 99, at=5)])
    assert (first["bid_price_1"], first["book_updates"]) == (98, 2)


def test_a_row_is_available_when_its_last_update_and_the_book_it_opened_with_had_arrived() -> None:
    rows = rows_of([around(100, 101, at=1 * SECOND, delay=40 * SECOND), around(102, 103, at=16 * SECOND, delay=1)])
    assert [row["available_at"] for row in rows[:3]] == [at(41), at(41), at(45)]


def test_the_latest_arrival_of_a_bucket_counts_even_when_it_is_not_its_last_update() -> None:
    (row, *_) = rows_of([around(100, 101, at=1 * SECOND, delay=40 * SECOND), around(102, 103, at=2 * SECOND, delay=1)])
    assert row["available_at"] == at(41)


def test_a_coarser_bucket_is_quoted_when_any_finer_one_is() -> None:
    minutes = rows_of([around(100, 101, at=20 * SECOND)], timeframe=MINUTE)
    assert [row["bucket_status"] for row in minutes[:7]] == ["quoted"] * 6 + ["no_data"]


def test_crossed_and_locked_time_is_charged_to_every_bucket_it_spans() -> None:
    book = [around(101, 100, at=10 * SECOND), around(100, 100, at=40 * SECOND), around(100, 101, at=50 * SECOND)]
    rows = rows_of(book)
    assert [row["crossed_us"] for row in rows[:4]] == [5 * SECOND, 15 * SECOND, 10 * SECOND, 0]
    assert [row["locked_us"] for row in rows[:4]] == [0, 0, 5 * SECOND, 5 * SECOND]
    (minute, *_) = rows_of(book, timeframe=MINUTE)
    assert (minute["crossed_us"], minute["locked_us"]) == (30 * SECOND, 10 * SECOND)


def test_a_book_is_crossed_for_at_most_five_minutes_after_its_row() -> None:
    rows = rows_of([around(101, 100, at=10 * SECOND)])
    assert [row["crossed_us"] for row in rows[:22]] == [5 * SECOND, *[15 * SECOND] * 19, 10 * SECOND, 0]


CROSSED, LOCKED = around(101, 100), around(100, 100)
NO_ASKS, NO_BIDS, EMPTY = Row(0, [], [(100.0, 1.0)]), Row(0, [(100.0, 1.0)], []), Row(0, [], [])
FROM_MID = (
    "mid",
    "spread",
    "spread_bps",
    "microprice",
    "depth_within_5bps_bid",
    "depth_within_25bps_ask",
    "book_slope_bid",
    "sweep_cost_10k_buy",
)


@pytest.mark.parametrize("row", [CROSSED, LOCKED, NO_ASKS, NO_BIDS, EMPTY])
def test_a_book_that_is_not_open_is_kept_without_mid_or_spread(row: Row) -> None:
    (found, *_) = rows_of([row])
    assert [found[name] for name in FROM_MID] == [None] * len(FROM_MID)
    assert found["book_updates"] == 1
    assert found["snapshot_at"] == at(0)
    assert found["ask_price_1"] == (row.asks[0][0] if row.asks else None)
    assert found["bid_price_1"] == (row.bids[0][0] if row.bids else None)
    assert found["depth_bid_5"] == sum(price * amount for price, amount in row.bids)


def test_an_empty_side_has_no_imbalance() -> None:
    (found, *_) = rows_of([NO_ASKS])
    assert (found["obi_1"], found["obi_5"]) == (None, None)


def test_prices_and_costs_of_one_book_by_hand() -> None:
    book = Row(0, [(101.0, 50.0), (102.0, 1_000.0)], [(99.0, 150.0), (98.0, 10.0)])
    (found, *_) = rows_of([book])
    assert found["mid"] == 100
    assert found["spread"] == 2
    assert found["spread_bps"] == pytest.approx(200)
    assert found["microprice"] == pytest.approx((101 * 150 + 99 * 50) / 200)
    assert found["obi_1"] == pytest.approx((150 - 50) / 200)
    assert found["obi_5"] == pytest.approx((160 - 1_050) / 1_210)
    assert found["obi_25"] is None
    assert found["depth_bid_5"] == 99 * 150 + 98 * 10
    assert found["book_slope_ask"] == pytest.approx(102 * 1_000 / 100)
    base = 50 + (10_000 - 50 * 101) / 102
    assert found["sweep_cost_10k_buy"] == pytest.approx((10_000 / base / 100 - 1) * 1e4)
    assert found["sweep_cost_10k_sell"] == pytest.approx(100)
    assert found["sweep_cost_100k_sell"] is None
    assert found["levels"] == 5


def test_depth_near_the_mid_includes_its_limit() -> None:
    mid = 10_000.0
    book = Row(0, [(mid + 5, 1.0), (mid + 10, 1.0)], [(mid - 5, 1.0), (mid - 25, 1.0)])
    (found, *_) = rows_of([book])
    assert found["depth_within_5bps_ask"] == mid + 5
    assert found["depth_within_10bps_ask"] == 2 * mid + 15
    assert found["depth_within_10bps_bid"] == mid - 5
    assert found["depth_within_25bps_bid"] == 2 * mid - 30


def test_inverse_contracts_are_worth_their_multiplier_in_quote_and_amounts_stay_as_reported() -> None:
    (found, *_) = rows_of([Row(0, [(50_001.0, 7.0)], [(49_999.0, 3.0)])], INVERSE)
    assert (found["ask_amount_1"], found["bid_amount_1"]) == (7, 3)
    assert (found["depth_ask_5"], found["depth_bid_5"]) == (700, 300)


def test_linear_contracts_are_worth_their_multiplier_in_base() -> None:
    thousandth = Contract(LINEAR.instrument_id, inverse=False, multiplier=0.001)
    (found, *_) = rows_of([Row(0, [(200.0, 7_000.0)], [(100.0, 3_000.0)])], thousandth)
    assert (found["depth_ask_5"], found["depth_bid_5"]) == (1_400, 300)


def test_a_source_with_fewer_levels_leaves_what_needs_more_null() -> None:
    (found, *_) = rows_of([around(100, 101)], levels=1)
    assert found["obi_1"] is not None
    assert [found[name] for name in ("obi_5", "obi_25", "depth_bid_5", "ask_price_2", "book_slope_bid")] == [None] * 5
    assert found["levels"] == 1


def test_twenty_five_levels_fill_what_five_cannot() -> None:
    asks = [(1_001.0 + step / 10, 2.0) for step in range(25)]
    bids = [(1_000.0 - step / 10, 3.0) for step in range(25)]
    (deep, *_) = rows_of([Row(0, asks, bids)], levels=25)
    (shallow, *_) = rows_of([Row(0, asks[:5], bids[:5])], levels=5)
    assert deep["obi_25"] == pytest.approx((75 - 50) / 125)
    assert (deep["levels"], shallow["levels"]) == (25, 5)
    assert deep["sweep_cost_10k_buy"] is not None
    assert deep["depth_within_25bps_ask"] == pytest.approx(2 * sum(price for price, _ in asks[:21]))
    assert {name: deep[name] for name in ("mid", "obi_5", "depth_bid_5", "book_slope_bid")} == {
        name: shallow[name] for name in ("mid", "obi_5", "depth_bid_5", "book_slope_bid")
    }


BROKEN = [
    ("bad_level", Row(5, [(101.0, 0.0)], [(100.0, 1.0)])),
    ("bad_level", Row(5, [(float("inf"), 1.0)], [(100.0, 1.0)])),
    ("bad_level", Row(5, [(101.0, 1.0)], [(100.0, float("nan"))])),
    ("bad_level", Row(5, [(101.0, 1.0)], [(-1.0, 1.0)])),
    ("unordered_levels", Row(5, [(101.0, 1.0), (100.5, 1.0)], [(100.0, 1.0)])),
    ("unordered_levels", Row(5, [(101.0, 1.0)], [(99.0, 1.0), (100.0, 1.0)])),
    ("unordered_levels", Row(5, [(101.0, 1.0)], [(100.0, 1.0), (100.0, 1.0)])),
    ("unordered_levels", Row(5, [(101.0, 1.0)], [(100.0, 1.0), (float("nan"), float("nan")), (98.0, 1.0)])),
]


@pytest.mark.parametrize(("reason", "broken"), BROKEN)
def test_an_impossible_book_is_set_aside_with_its_reason_and_the_book_before_stands(reason: str, broken: Row) -> None:
    frame = from_book(table([around(100, 101, at=1), broken]), LINEAR, DAY, [FINEST])[FINEST]
    (part,) = frame.quarantined
    assert (part.reason, part.count) == (reason, 1)
    assert part.rows is not None
    assert part.rows["reason"].to_pylist() == [reason]
    assert part.rows["timestamp"].to_pylist() == [at(5e-6)]
    assert (frame.table["bid_price_1"][0].as_py(), frame.table["book_updates"][0].as_py()) == (100, 1)


def test_updates_outside_the_listing_are_set_aside_and_only_listed_buckets_exist() -> None:
    contract = listed(LINEAR, 20 * SECOND, 50 * SECOND)
    rows = [around(100, 101, at=second * SECOND) for second in (5, 21, 50)]
    frames = from_book(table(rows), contract, DAY, [FINEST, DAY_LONG])
    assert frames[FINEST].table["timestamp"].to_pylist() == [at(15), at(30), at(45)]
    assert frames[DAY_LONG].table["book_updates"].to_pylist() == [1]
    assert [(part.reason, part.count) for part in frames[FINEST].quarantined] == [("outside_listing", 2)]


def test_a_crossed_book_is_not_charged_beyond_the_listing() -> None:
    contract = listed(LINEAR, 0, 20 * SECOND)
    assert [row["crossed_us"] for row in rows_of([around(101, 100, at=10 * SECOND)], contract)] == [5 * SECOND, 5 * SECOND]


def test_options_have_only_the_buckets_with_an_update() -> None:
    rows = rows_of([around(1, 2, at=20 * SECOND), around(1, 2, at=3_600 * SECOND)], OPTION)
    assert [row["timestamp"] for row in rows] == [at(15), at(3_600)]


@pytest.mark.parametrize("timeframe", TIMEFRAMES, ids=str)
def test_a_day_without_updates_is_the_whole_grid_of_no_data(timeframe: Timeframe) -> None:
    made = from_book(table([]), LINEAR, DAY, [timeframe])[timeframe].table
    assert made.num_rows == timeframe.buckets_per_day
    assert set(made["bucket_status"].to_pylist()) == {"no_data"}
    assert made["mid"].null_count == made["levels"].null_count == made["depth_bid_5"].null_count == made.num_rows
    assert from_book(table([]), OPTION, DAY, [timeframe])[timeframe].table.num_rows == 0


def test_updates_of_another_day_are_an_error() -> None:
    with pytest.raises(BadData, match=r"BINANCE:PERP:BTC-USDT on 2024-08-08: 2 of 3 rows rejected \(2 other_day\)"):
        from_book(table([around(100, 101, at=-1), around(100, 101, at=0), around(100, 101, at=86_400 * SECOND)]), LINEAR, DAY, [FINEST])


def test_levels_may_be_null_inside_their_lists_as_other_writers_do() -> None:
    values = pa.array([101.0, None, None, None, None])
    with_nulls = table([around(100, 101)]).set_column(2, "ask_prices", pa.FixedSizeListArray.from_arrays(values, 5))
    (found, *_) = from_book(with_nulls, LINEAR, DAY, [FINEST])[FINEST].table.to_pylist()
    assert (found["ask_price_1"], found["ask_price_2"], found["mid"]) == (101, None, 100.5)


@pytest.mark.parametrize(
    ("table_", "message"),
    [
        (table([]).drop_columns("bid_prices"), "no column bid_prices"),
        (table([]).set_column(0, "timestamp", pa.array([], pa.timestamp("ms", tz="UTC"))), "timestamp is timestamp"),
        (table([], 5).set_column(2, "ask_prices", table([], 3)["ask_prices"]), "four equal fixed-size lists"),
        (table([around(1, 2)]).set_column(1, "local_timestamp", pa.array([None], TIMESTAMP)), "1 nulls in local_timestamp"),
    ],
)
def test_what_is_not_a_raw_book_is_refused_by_name(table_: pa.Table, message: str) -> None:
    with pytest.raises(SchemaDrift, match=message):
        from_book(table_, LINEAR, DAY, [FINEST])


def test_merging_refuses_what_cannot_be_exact() -> None:
    tables = from_book(table([around(100, 101)]), LINEAR, DAY, TIMEFRAMES)
    other = from_book(table([around(100, 101)]), INVERSE, DAY, TIMEFRAMES)
    with pytest.raises(QueryError, match="buckets of 60 s do not merge into 15s"):
        merge(tables[MINUTE].table, FINEST)
    with pytest.raises(QueryError, match="expected one instrument, found 2"):
        merge(pa.concat_tables([tables[FINEST].table, other[FINEST].table]), MINUTE)
    with pytest.raises(QueryError, match="ascending"):
        merge(pa.concat_tables([tables[FINEST].table] * 2), MINUTE)


def test_no_timeframes_give_no_tables() -> None:
    assert from_book(table([]), LINEAR, DAY, []) == {}
