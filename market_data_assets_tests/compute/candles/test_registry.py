"""The columns of the candles."""

import subprocess
import sys

import pytest

from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.candles.components import COMPONENTS, ROW
from market_data_assets.compute.candles.features import derivatives, options
from market_data_assets.compute.candles.registry import CANDLES, FEATURES
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe
from market_data_assets_tests.compute.candles.trades import DAY, SPOT, Trade, table

_DEFAULT_COLUMNS = """
instrument_id timestamp timestamp_close available_at bucket_status first_trade_at last_trade_at gap_us dup_trades
out_of_order_trades open high low close volume quote_volume trade_count buy_volume sell_volume unknown_volume
buy_quote_volume sell_quote_volume buy_count sell_count vwap trade_size_mean trade_size_std trade_size_max volume_delta
volume_imbalance cvd_day return_log rv_tick rv_1s bipower_variation jump_variation rs_up rs_down realized_quarticity
roll_spread kyle_lambda amihud intertrade_mean intertrade_std up_ticks down_ticks efficiency delay_mean delay_min
delay_max delay_median
spread_last spread_twa spread_bps_twa mid_last mid_twa micro_deviation_bps_twa obi_1_last obi_1_twa obi_5_last obi_5_twa
depth_bid_5_twa depth_ask_5_twa ofi mlofi_2 mlofi_3 mlofi_4 mlofi_5 effective_spread_bps crossed_us book_updates
"""


def test_the_visible_columns_are_the_default_ones() -> None:
    others = [feature.name for feature in (*derivatives.FEATURES, *options.FEATURES)]
    assert list(CANDLES[TIMEFRAMES[0]].visible_columns) == [*_DEFAULT_COLUMNS.split(), *others]


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
def test_candles_conform_to_their_dataset(timeframe: Timeframe) -> None:
    dataset = CANDLES[timeframe]
    frame = from_ticks(Feeds(table([Trade(0), Trade(5)])), SPOT, DAY, [timeframe])[timeframe].table
    assert dataset.conform(frame).equals(frame)
    assert dataset.key == ("processed_candles", f"candles_{timeframe}")
    assert dataset.partition == f"timeframe-{timeframe}"


def test_hidden_columns_are_the_components_that_no_visible_column_holds() -> None:
    dataset = CANDLES[TIMEFRAMES[0]]
    hidden = {name for name, column in dataset.columns.items() if column.hidden}
    assert hidden == {column for part in COMPONENTS if not part.public for column in part.columns}
    assert all(name.startswith("_") for name in hidden)
    assert {part.name for part in COMPONENTS if part.public} <= set(dataset.visible_columns)


def test_every_field_of_a_row_has_eight_bytes() -> None:
    assert {ROW[name].itemsize for name in ROW.names or ()} == {8}


def test_every_feature_says_what_a_reader_needs() -> None:
    for feature in FEATURES:
        assert feature.formula, feature.name
        assert feature.unit or feature.name == "instrument_id", feature.name
        assert feature.null_rule == "never" or feature.minimum_observations or feature.name.endswith("_at"), feature.name


def test_reading_the_registry_costs_no_compiler() -> None:
    script = "import sys, market_data_assets.compute.candles.registry; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
