"""The columns that the default list of features promises, and what importing them costs."""

import subprocess
import sys

import pyarrow as pa

from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS, FEATURES, STATE_FEATURES
from market_data_assets.domain.timeframes import TIMEFRAMES

EXPECTED = [
    *("instrument_id", "timestamp", "timestamp_close", "available_at", "bucket_status", "snapshot_at", "stale_us"),
    *(f"{side}_{what}_{level}" for side in ("ask", "bid") for what in ("price", "amount") for level in range(1, 6)),
    *("mid", "spread", "spread_bps", "microprice", "obi_1", "obi_5", "obi_25", "depth_bid_5", "depth_ask_5"),
    *(f"depth_within_{distance}bps_{side}" for distance in (5, 10, 25) for side in ("bid", "ask")),
    *("book_slope_bid", "book_slope_ask"),
    *(f"sweep_cost_{notional}_{taker}" for notional in ("10k", "100k") for taker in ("buy", "sell")),
    *("levels", "crossed_us", "locked_us", "book_updates"),
]


def test_the_columns_are_the_default_list_in_order() -> None:
    assert [feature.name for feature in FEATURES] == EXPECTED


def test_there_is_one_table_per_timeframe_and_all_have_the_same_columns() -> None:
    assert [str(dataset) for dataset in BOOK_SNAPSHOTS.values()] == [f"processed_book_snapshots/book_snapshots_{tf}" for tf in TIMEFRAMES]
    assert [dataset.partition for dataset in BOOK_SNAPSHOTS.values()] == [f"timeframe-{timeframe}" for timeframe in TIMEFRAMES]
    assert all(list(dataset.columns) == EXPECTED and dataset.timeframe is timeframe for timeframe, dataset in BOOK_SNAPSHOTS.items())


def test_every_column_has_a_meaning_and_a_unit_where_it_is_a_number() -> None:
    for feature in FEATURES:
        assert feature.formula
        assert feature.unit or feature.type == pa.string(), feature.name


def test_every_state_feature_says_how_it_is_computed_and_may_be_null() -> None:
    assert all(feature.value is not None and feature.null_rule != "never" for feature in STATE_FEATURES)


def test_reading_the_registry_loads_no_compiler() -> None:
    program = "import sys, market_data_assets.compute.book_snapshots.registry; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
