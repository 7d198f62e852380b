import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.compute.candles import Feeds, from_ticks, merge
from market_data_assets.compute.quality.candles import judge_buckets, judge_prices, judge_volumes
from market_data_assets.compute.quality.merging import judge_merge
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets_tests.compute.candles.trades import DAY, INVERSE, SECOND, SPOT, Trade, numbered, table

MINUTE, HOUR = Timeframe.parse("1m"), Timeframe.parse("1h")
TRADES = table(
    numbered(
        [
            Trade(number * 7_919 * SECOND // 3, 60_000 + 0.1 * (number % 37), 1 + number % 5, "buy" if number % 3 else "sell")
            for number in range(30)
        ]
    )
)
MADE = {contract: from_ticks(Feeds(TRADES), contract, DAY, [MINUTE, HOUR]) for contract in (SPOT, INVERSE)}
CANDLES = MADE[SPOT][HOUR].table


def spoiled(name: str, value: object, row: int = 3) -> pa.Table:
    """The hourly candles with another value in one row, an hour that has trades."""
    column = CANDLES[name].to_pylist()
    column[row] = value
    return CANDLES.set_column(CANDLES.column_names.index(name), name, pa.array(column, CANDLES.schema.field(name).type))


def problems(candles: pa.Table) -> set[str]:
    found = [
        *judge_prices("A", candles),
        *judge_volumes("A", candles),
        *judge_buckets("A", candles, DAY, HOUR, full_grid=True),
    ]
    assert all(each.wrong for each in found)
    return {each.problem for each in found}


@pytest.mark.parametrize("contract", [SPOT, INVERSE], ids=["linear", "inverse"])
def test_candles_of_ours_have_nothing_to_find(contract: object) -> None:
    for timeframe in (MINUTE, HOUR):
        candles = MADE[contract][timeframe].table
        found = [*judge_prices("A", candles), *judge_volumes("A", candles), *judge_buckets("A", candles, DAY, timeframe, full_grid=True)]
        assert found == []


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("low", 60_001.0, "beyond_high_or_low"),
        ("high", 59_999.0, "beyond_high_or_low"),
        ("vwap", 70_000.0, "vwap_beyond_high_or_low"),
        ("open", None, "nulls_apart"),
        ("volume", 1_000.0, "volumes_apart"),
        ("sell_volume", -1.0, "negative_volumes"),
        ("buy_count", 1_000, "counts_apart"),
    ],
)
def test_a_spoiled_value_is_found(column: str, value: object, problem: str) -> None:
    assert CANDLES["trade_count"][3].as_py() > 0
    assert problem in problems(spoiled(column, value))


def test_missing_repeated_and_stray_buckets_are_found() -> None:
    assert problems(CANDLES.slice(1)) == {"missing_buckets"}
    assert problems(pa.concat_tables([CANDLES, CANDLES.slice(23)])) == {"repeated_buckets"}
    same = pa.array([CANDLES["timestamp_close"][0].as_py()] * 24, CANDLES.schema.field("timestamp_close").type)
    place = CANDLES.column_names.index("timestamp_close")
    assert problems(CANDLES.set_column(place, "timestamp_close", same)) == {"stray_buckets", "missing_buckets"}


def test_buckets_that_are_not_stored_are_no_fault_where_only_events_are() -> None:
    some = CANDLES.filter(np.arange(24) % 3 == 0)
    assert list(judge_buckets("A", some, DAY, HOUR, full_grid=False)) == []


def test_coarser_candles_equal_the_merge_of_finer_ones() -> None:
    for contract, made in MADE.items():
        merged = merge(made[MINUTE].table, HOUR)
        assert list(judge_merge("A", made[HOUR].table, merged, {}, ["delay_median"])) == [], contract


@pytest.mark.parametrize(("column", "value"), [("close", 60_000.05), ("close", None), ("bucket_status", "halted"), ("_buy_base", -1.0)])
def test_every_column_that_differs_from_the_merge_is_named(column: str, value: object) -> None:
    merged = merge(MADE[SPOT][MINUTE].table, HOUR)
    (finding,) = judge_merge("A", spoiled(column, value), merged, {}, ["delay_median"])
    assert (finding.problem, finding.found, finding.looked_at, finding.wrong) == (f"unlike_merge:{column}", 1, 24, True)


def test_tolerance_of_a_column_is_relative() -> None:
    merged = merge(MADE[SPOT][MINUTE].table, HOUR)
    near = spoiled("close", CANDLES["close"][3].as_py() * (1 + 1e-13))
    assert list(judge_merge("A", near, merged, {"close": 1e-12}, ["delay_median"])) == []
    assert len(list(judge_merge("A", near, merged, {"close": 1e-14}, ["delay_median"]))) == 1


def test_other_buckets_than_the_finer_ones_make_are_found() -> None:
    merged = merge(MADE[SPOT][MINUTE].table, HOUR)
    (finding,) = judge_merge("A", CANDLES.slice(2), merged, {})
    assert (finding.problem, finding.found) == ("other_buckets", 2)
