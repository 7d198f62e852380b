"""What tickers and liquidations add to candles, by hand and against a slow reference."""

import datetime as dt
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.candles.build import from_ticks, merge
from market_data_assets.compute.candles.components import empty_rows
from market_data_assets.compute.candles.derivatives import collect_derivatives
from market_data_assets.compute.candles.features.derivatives import FEATURES
from market_data_assets.compute.candles.feeds import Feeds
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.staleness import MAX_AGE
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES, Timeframe
from market_data_assets.errors import BadData, SchemaDrift
from market_data_assets_tests.compute.candles.tickers import FIELDS, HOUR, SPAN, TICKERS, TIMES, Ticker, ticker_table
from market_data_assets_tests.compute.candles.trades import DAY, INVERSE, LINEAR, MIDNIGHT, SECOND, SPOT, Trade, table

_BUCKET = 15 * SECOND
_DAY_LONG = TIMEFRAMES[-1]
_OWN = ["available_at", *(feature.name for feature in FEATURES)]
_SHOWN = [*_OWN, "bucket_status", "volume", "quote_volume", "trade_count", "dup_trades"]
Row = dict[str, object]


def _candles(
    tickers: Sequence[Ticker] | None = None,
    liquidations: Sequence[Trade] | None = None,
    timeframe: Timeframe = FINEST,
    contract: Contract = LINEAR,
) -> list[Row]:
    feeds = Feeds(
        table([]),
        derivative_ticker=None if tickers is None else ticker_table(tickers),
        liquidations=None if liquidations is None else table(liquidations),
    )
    return from_ticks(feeds, contract, DAY, [timeframe])[timeframe].table.select(_SHOWN).to_pylist()


def test_a_bucket_has_what_was_last_known_before_its_end() -> None:
    rows = _candles([Ticker(0, 100.0, 80.0), Ticker(_BUCKET - 1, 101.0), Ticker(_BUCKET, 103.0, 103.5)])
    assert [rows[0][name] for name in ("mark_price", "index_price")] == [101.0, 80.0]
    assert rows[0]["basis_bps"] == pytest.approx(1e4 * 21 / 80)
    assert [rows[1][name] for name in ("mark_price", "index_price")] == [103.0, 103.5]


def test_a_value_is_carried_for_five_minutes_and_no_longer() -> None:
    rows = _candles([Ticker(0, 100.0), Ticker(1, 101.0)])
    assert [row["mark_price"] for row in rows[:22]] == [101.0] * 20 + [None] * 2
    assert rows[19]["bucket_status"] == "no_data"


def test_a_coarser_bucket_has_the_value_of_its_last_finer_one_that_has_one() -> None:
    rows = _candles([Ticker(0, 100.0), Ticker(HOUR, 101.0)], timeframe=_DAY_LONG)
    assert [row["mark_price"] for row in rows] == [101.0]


def test_a_field_that_the_venue_does_not_repeat_keeps_its_own_age() -> None:
    rows = _candles([Ticker(0, 100.0, funding_rate=1e-4), Ticker(290 * SECOND, 101.0)])
    assert [(row["mark_price"], row["funding_rate"]) for row in rows[19:22]] == [(101.0, 1e-4), (101.0, None), (101.0, None)]


def test_open_interest_is_in_base_or_in_quote_of_an_inverse_contract() -> None:
    tickers = [Ticker(0, open_interest=500.0)]
    assert _candles(tickers, contract=LINEAR)[0]["open_interest"] == 5.0
    assert _candles(tickers, contract=INVERSE)[0]["open_interest"] == 5_000.0


def test_a_change_of_open_interest_belongs_to_the_bucket_of_its_later_row() -> None:
    tickers = [Ticker(1, open_interest=500.0), Ticker(2, open_interest=700.0), Ticker(_BUCKET, open_interest=600.0)]
    tickers.append(Ticker(HOUR, open_interest=900.0))
    rows = _candles(tickers)
    assert [row["open_interest_change"] for row in rows[:3]] == [2.0, -1.0, 0.0]
    # Nothing was known meanwhile: the change since is not lost, it belongs to the row that shows it.
    assert rows[240]["open_interest_change"] == 3.0
    assert rows[239]["open_interest_change"] is None
    assert _candles(tickers, timeframe=_DAY_LONG)[0]["open_interest_change"] == 4.0


def test_the_next_funding_is_an_instant() -> None:
    funding = _candles([Ticker(0, funding_timestamp=8 * HOUR)])[0]["funding_timestamp"]
    assert funding == dt.datetime(2024, 8, 8, 8, tzinfo=dt.UTC)


def test_the_funding_interval_is_known_once_the_next_funding_has_moved() -> None:
    def tickers(*gap: int) -> list[Ticker]:
        return [Ticker(8 * HOUR - 60 * SECOND, funding_timestamp=8 * HOUR), Ticker(8 * HOUR + gap[0], funding_timestamp=16 * HOUR + 7)]

    rows = _candles(tickers(SECOND))
    assert [row["funding_interval_hours"] for row in rows[1919:1922]] == [None, 8.0, 8.0]
    # A move seen only after an outage may have skipped a funding.
    assert {row["funding_interval_hours"] for row in _candles(tickers(290 * SECOND))} == {None}


def test_a_venue_without_predicted_rates_or_funding_times_has_null_there() -> None:
    rows = _candles([Ticker(0, 100.0, 100.0, 1e-4, None, 5.0)], timeframe=_DAY_LONG)
    assert [rows[0][name] for name in ("predicted_funding_rate", "funding_timestamp", "funding_interval_hours")] == [None] * 3


def test_available_at_covers_the_arrival_of_what_is_carried() -> None:
    rows = _candles([Ticker(0, 100.0, delay=40 * SECOND)])
    at = [round(row["available_at"].timestamp() * 1e6) - MIDNIGHT for row in rows[:4]]  # type: ignore[attr-defined]
    assert at == [40 * SECOND, 40 * SECOND, 45 * SECOND, 60 * SECOND]


def test_liquidations_are_summed_by_side_in_base() -> None:
    liquidations = [Trade(0, 50.0, 30.0, "buy", 1), Trade(1, 40.0, 10.0, "sell", 2), Trade(2, 20.0, 20.0, "sell", 3)]
    row = _candles(liquidations=liquidations)[0]
    assert [row[f"liquidation_{name}"] for name in ("buy_volume", "sell_volume", "count")] == [0.3, 0.3, 3]
    inverse = _candles(liquidations=liquidations, contract=INVERSE)[0]
    assert [inverse[f"liquidation_{name}_volume"] for name in ("buy", "sell")] == [300 / 50, 100 / 40 + 200 / 20]


def test_liquidations_are_not_added_to_volume() -> None:
    row = _candles(liquidations=[Trade(0)])[0]
    assert [row[name] for name in ("volume", "trade_count", "quote_volume")] == [0.0, 0, 0.0]


def test_no_liquidations_is_zero_where_there_is_a_feed_and_null_where_there_is_none() -> None:
    names = ("liquidation_buy_volume", "liquidation_sell_volume", "liquidation_count", "dup_liquidations")
    assert [_candles(liquidations=[])[7][name] for name in names] == [0.0, 0.0, 0, 0]
    assert [_candles(tickers=[])[7][name] for name in names] == [None] * 4


def test_liquidations_are_told_apart_by_what_open_interest_did_in_their_fifteen_seconds() -> None:
    tickers = [Ticker(at, open_interest=interest) for at, interest in ((0, 9.0), (_BUCKET, 10.0), (2 * _BUCKET, 8.0), (3 * _BUCKET, 8.0))]
    liquidations = [Trade(number * _BUCKET + 5, 50.0, 100.0 * 2**number, ("buy", "sell")[number % 2], number) for number in range(4)]
    row = _candles(tickers, liquidations, _DAY_LONG)[0]
    # Open interest fell over the four buckets, yet the liquidations of the second were with a rise.
    assert [row[f"liquidation_with_{name}_oi"] for name in ("rising", "falling")] == [2.0, 4.0]
    assert row["liquidation_buy_volume"] == 5.0


def test_without_open_interest_it_is_not_known_which_liquidations_were_with_a_rise() -> None:
    row = _candles(None, [Trade(0)], _DAY_LONG)[0]
    assert (row["liquidation_with_rising_oi"], row["liquidation_count"]) == (None, 1)


def test_a_repeated_liquidation_is_dropped_and_counted() -> None:
    row = _candles(liquidations=[Trade(0, id="a"), Trade(1, id="a"), Trade(2), Trade(2)])[0]
    assert (row["liquidation_count"], row["dup_liquidations"], row["dup_trades"]) == (3, 1, 0)


def test_spot_has_null_everywhere() -> None:
    row = _candles(contract=SPOT)[0]
    assert {row[feature.name] for feature in FEATURES} == {None}


def test_each_row_of_a_feed_proves_its_own_bucket_only() -> None:
    statuses = [row["bucket_status"] for row in _candles([Ticker(0, 100.0)], [Trade(2 * _BUCKET)])[:4]]
    assert statuses == ["no_trades", "no_data", "no_trades", "no_data"]


def _reasons(feeds: Feeds, contract: Contract = LINEAR) -> dict[str, int]:
    return {of.reason: of.count for of in from_ticks(feeds, contract, DAY, [FINEST])[FINEST].quarantined}


_INFINITE = math.inf


def test_impossible_tickers_are_set_aside() -> None:
    bad = [Ticker(0, mark_price=0.0), Ticker(0, index_price=-1.0), Ticker(0, open_interest=-1.0), Ticker(0, funding_rate=_INFINITE)]
    good = Ticker(0, 100.0, 100.0, -0.5, 0.5, 0.0)
    feeds = Feeds(table([]), derivative_ticker=ticker_table([*bad, good]))
    assert _reasons(feeds) == {"impossible_value": 4}


def test_impossible_liquidations_are_set_aside_with_their_reason() -> None:
    rows = [Trade(0, price=0.0), Trade(0, amount=-1.0), Trade(0, price=_INFINITE), Trade(0, side="unknown"), Trade(0)]
    assert _reasons(Feeds(table([]), liquidations=table(rows))) == {"impossible_value": 3, "unknown_side": 1}


def test_a_liquidation_that_contradicts_its_id_is_set_aside() -> None:
    assert _reasons(Feeds(table([]), liquidations=table([Trade(0, id=1), Trade(1, 99.0, id=1)]))) == {"conflicting_duplicate": 1}


def test_rows_outside_the_listing_are_set_aside_and_nothing_is_carried_there() -> None:
    contract = Contract(LINEAR.instrument_id, False, 1.0, MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR)
    tickers = [Ticker(at, 100.0 + at / HOUR) for at in (HOUR - 1, HOUR, 2 * HOUR - 1, 2 * HOUR)]
    feeds = Feeds(table([]), derivative_ticker=ticker_table(tickers), liquidations=table([Trade(0), Trade(HOUR)]))
    frame = from_ticks(feeds, contract, DAY, [FINEST])[FINEST]
    assert [(of.reason, of.count) for of in frame.quarantined] == [("outside_listing", 2), ("outside_listing", 1)]
    rows = frame.table.select(_OWN).to_pylist()
    assert [rows[at]["mark_price"] for at in (239, 240, 479, 480)] == [None, 101.0, pytest.approx(102.0), None]
    assert [rows[at]["liquidation_count"] for at in (239, 240, 479, 480)] == [None, 1, 0, None]


def test_rows_of_another_day_are_refused() -> None:
    with pytest.raises(BadData, match=r"derivative_ticker of OKX:PERP:BTC-USDT on 2024-08-08.*other_day"):
        _candles([Ticker(24 * HOUR)])
    with pytest.raises(BadData, match="liquidations of OKX"):
        _candles(liquidations=[Trade(-1)])


def test_missing_and_mistyped_columns_are_schema_drift() -> None:
    rows = ticker_table([Ticker(0, 100.0)])
    for drifted, message in (
        (rows.drop_columns(["mark_price"]), "missing columns.*mark_price"),
        (rows.set_column(rows.column_names.index("mark_price"), "mark_price", pa.array([100])), "mark_price is int64"),
        (rows.set_column(0, "timestamp", pa.nulls(1, rows.schema.field(0).type)), "nulls in timestamp"),
    ):
        with pytest.raises(SchemaDrift, match=message):
            from_ticks(Feeds(table([]), derivative_ticker=drifted), LINEAR, DAY, [FINEST])


_LIQUIDATIONS = st.builds(
    lambda times, sizes: [
        Trade(at, price, amount, side, number) for number, (at, (price, amount, side)) in enumerate(zip(times, sizes, strict=False))
    ],
    TIMES,
    st.lists(
        st.tuples(st.sampled_from([50.0, 49.97, 80.0]), st.integers(1, 999).map(float), st.sampled_from(["buy", "sell"])),
        min_size=15,
        max_size=15,
    ),
)


def _last_known(rows: list[Ticker], name: str, end: int) -> Ticker | None:
    """The latest row with the field before ``end``, the last delivered of equals; None where there is none."""
    return max((row for row in rows if getattr(row, name) is not None and row.at < end), key=lambda row: row.at, default=None)


def _reference(tickers: list[Ticker], liquidations: list[Trade], contract: Contract, bucket: int) -> dict[str, float | None]:
    start, end = bucket * _BUCKET, (bucket + 1) * _BUCKET
    # max() gives the first of equals; the last delivered is wanted.
    rows = list(reversed(tickers))
    out: dict[str, float | None] = {}
    for name in (*FIELDS, "funding_timestamp"):
        row = _last_known(rows, name, end)
        out[name] = getattr(row, name) if row is not None and end - row.at <= MAX_AGE else None
    change = None
    if out["open_interest"] is not None:
        before = _last_known(rows, "open_interest", start)
        first = next(row for row in tickers if row.open_interest is not None)
        change = out["open_interest"] - ((before or first).open_interest or 0.0)
        out["open_interest"] *= contract.multiplier
    inside = [row for row in liquidations if start <= row.at < end]
    base = [Fraction(row.amount) * Fraction(contract.multiplier) / (Fraction(row.price) if contract.inverse else 1) for row in inside]
    out["change"] = None if change is None else change * contract.multiplier
    for side in ("buy", "sell"):
        out[side] = float(sum((size for size, row in zip(base, inside, strict=True) if row.side == side), Fraction(0)))
    for name, sign in (("rising", 1), ("falling", -1)):
        out[name] = float(sum(base, Fraction(0))) if change is not None and change * sign > 0 else 0.0
    return out


@given(TICKERS, _LIQUIDATIONS, st.sampled_from([LINEAR, INVERSE]))
@settings(max_examples=20)
def test_the_finest_buckets_equal_the_slow_reference(tickers: list[Ticker], liquidations: list[Trade], contract: Contract) -> None:
    rows = empty_rows(FINEST.buckets_per_day)
    starts = MIDNIGHT + np.arange(len(rows)) * _BUCKET
    feeds = Feeds(table([]), derivative_ticker=ticker_table(tickers), liquidations=table(liquidations))
    collect_derivatives(rows, starts, feeds, contract, DAY)
    units = 10.0 ** rows["liquidation_decimals"]
    for bucket in range((SPAN + MAX_AGE) // _BUCKET + 1):
        row, expected = rows[bucket], _reference(tickers, liquidations, contract, bucket)
        for name in FIELDS:
            assert _same(row[name], expected[name]), name
        funding = expected["funding_timestamp"]
        assert _same(row["funding_at"], None if funding is None else funding + MIDNIGHT)
        assert _same(row["open_interest"] - row["open_interest_from"], expected["change"])
        for name in ("buy", "sell", "rising", "falling"):
            assert row[f"liquidation_{name}_base"] / units[bucket] == pytest.approx(expected[name], rel=1e-14), name
    for name in FIELDS:
        assert np.isnan(rows[name][bucket + 1 :]).all()


def _same(value: float, expected: float | None) -> bool:
    return math.isnan(value) if expected is None else value == pytest.approx(expected, rel=1e-12, abs=1e-9)


@given(TICKERS, _LIQUIDATIONS, st.sampled_from([LINEAR, INVERSE]))
@settings(max_examples=4)
def test_every_column_merges_exactly_from_any_finer_timeframe(tickers: list[Ticker], liquidations: list[Trade], contract: Contract) -> None:
    feeds = Feeds(table([]), derivative_ticker=ticker_table(tickers), liquidations=table(liquidations))
    frames = {timeframe: frame.table for timeframe, frame in from_ticks(feeds, contract, DAY, TIMEFRAMES).items()}
    for finer, coarser in [*((FINEST, coarser) for coarser in TIMEFRAMES[1:]), (TIMEFRAMES[2], _DAY_LONG)]:
        assert merge(frames[finer], coarser).select(_OWN).equals(frames[coarser].select(_OWN)), (finer, coarser)
    finest, day = frames[FINEST].select(_OWN).to_pylist(), frames[_DAY_LONG].select(_OWN).to_pylist()[0]
    for name in ("mark_price", "index_price", "funding_rate", "predicted_funding_rate", "funding_timestamp", "open_interest"):
        assert day[name] == next((row[name] for row in reversed(finest) if row[name] is not None), None)
    sums = [name for name in day if name.startswith(("liquidation_", "dup_liq")) or name == "open_interest_change"]
    for name in sums:
        known = [row[name] for row in finest if row[name] is not None]
        assert day[name] == (pytest.approx(sum(known), rel=1e-12, abs=1e-9) if known else None), name


@given(TICKERS, _LIQUIDATIONS, st.integers(0, SPAN // _BUCKET))
@settings(max_examples=15)
def test_rows_after_a_bucket_change_nothing_in_it(tickers: list[Ticker], liquidations: list[Trade], bucket: int) -> None:
    end = bucket * _BUCKET

    def first_buckets(rows: list[Ticker], forced: list[Trade]) -> pa.Table:
        feeds = Feeds(table([]), derivative_ticker=ticker_table(rows), liquidations=table(forced))
        return from_ticks(feeds, LINEAR, DAY, [FINEST])[FINEST].table.select(_OWN).slice(0, bucket)

    before = first_buckets([row for row in tickers if row.at < end], [row for row in liquidations if row.at < end])
    assert first_buckets(tickers, liquidations).equals(before)
