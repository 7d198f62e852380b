"""The features of a day: its rows, when they are known, and what a missing look-back does."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.compute.mft.build import FeatureDay, days_to_read, from_candles
from market_data_assets.compute.mft.grid import CandleDays
from market_data_assets.compute.mft.registry import DEFAULTS, MFT_FEATURES, MFT_TIMEFRAMES, look_back_days, select_features
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import NotComputed, PartitionMissing
from market_data_assets_tests.compute.mft import candles
from market_data_assets_tests.compute.mft.candles import BTC, DAY, HOUR, MINUTE, PERP

YESTERDAY = DAY - dt.timedelta(days=1)
SECOND = 1_000_000


def _stored(instrument: InstrumentId, timeframe: Timeframe, earlier: int, **more: Any) -> CandleDays:
    return candles.candle_days(instrument, timeframe, candles.days_before(DAY, earlier + 1), **more)


def _instants(found: FeatureDay) -> list[int]:
    return found.frame.table["available_at"].cast(pa.int64()).to_pylist()


def _with_arrival(stored: CandleDays, day: dt.date, row: int, instant: int) -> CandleDays:
    columns = candles.columns_of(stored.instrument_id, day, HOUR)
    columns["available_at"][row] = instant
    return replace(stored, tables={**stored.tables, day: candles.table_of(stored.instrument_id, HOUR, columns)})


@pytest.mark.parametrize("timeframe", MFT_TIMEFRAMES)
def test_a_day_has_the_columns_of_its_dataset_and_a_row_per_candle(timeframe: Timeframe) -> None:
    earlier = 0 if timeframe == MINUTE else look_back_days(timeframe)
    stored = _stored(PERP, timeframe, earlier)
    table = from_candles(stored, DAY, timeframe).frame.table
    assert MFT_FEATURES[timeframe].conform(table).equals(table)
    for name in ("instrument_id", "timestamp", "timestamp_close", "bucket_status"):
        assert table[name].equals(stored.tables[DAY][name])


def test_rows_are_those_of_the_stored_candles_holes_included() -> None:
    columns = candles.without_trades(candles.columns_of(PERP, DAY, HOUR), [5], "no_data")
    table = candles.table_of(PERP, HOUR, columns).slice(3)
    found = from_candles(CandleDays(PERP, {DAY: table}), DAY, HOUR).frame.table
    assert found.num_rows == 21
    assert found["bucket_status"].to_pylist() == ["traded"] * 2 + ["no_data"] + ["traded"] * 18
    assert found["return_1"].is_null().to_pylist()[:5] == [True, False, True, True, False]


def test_a_day_without_candles_has_no_rows() -> None:
    empty = candles.candle_days(PERP, HOUR, [DAY]).tables[DAY].slice(0, 0)
    assert from_candles(CandleDays(PERP, {DAY: empty}), DAY, HOUR).frame.table.num_rows == 0


def test_more_days_than_are_declared_change_nothing() -> None:
    wanted = from_candles(_stored(PERP, HOUR, 30), DAY, HOUR, benchmark=_stored(BTC, HOUR, 30))
    assert wanted.absent_days == ()
    assert wanted.nulls_without_look_back == {}
    assert from_candles(_stored(PERP, HOUR, 33), DAY, HOUR, benchmark=_stored(BTC, HOUR, 33)).frame.table.equals(wanted.frame.table)


def test_features_are_the_same_whichever_others_are_asked_for() -> None:
    stored, benchmark = _stored(PERP, HOUR, 30), _stored(BTC, HOUR, 30)
    every = from_candles(stored, DAY, HOUR, benchmark=benchmark).frame.table
    few = from_candles(stored, DAY, HOUR, benchmark=benchmark, features=select_features(["fundamental_features", "rsi_14"])).frame.table
    assert "rsi_14" in few.column_names
    assert "obv" not in few.column_names
    assert [name for name in few.column_names if not few[name].equals(every[name])] == []


class TestAvailableAt:
    def test_late_candle_of_the_day_delays_the_rows_after_it(self) -> None:
        plain = _instants(from_candles(_stored(PERP, HOUR, 1), DAY, HOUR))
        late = candles.day_start(DAY) + 7 * 3_600 * SECOND
        found = _instants(from_candles(_with_arrival(_stored(PERP, HOUR, 1), DAY, 2, late), DAY, HOUR))
        assert found == [*plain[:2], late, late, late, late, *plain[6:]]

    @pytest.mark.parametrize("day", [YESTERDAY, DAY - dt.timedelta(days=30)])
    def test_late_candle_of_the_look_back_delays_the_first_rows(self, day: dt.date) -> None:
        late = candles.day_start(DAY) + 2 * 3_600 * SECOND + SECOND
        found = _instants(from_candles(_with_arrival(_stored(PERP, HOUR, 30), day, 23, late), DAY, HOUR))
        assert found[:2] == [late, late]
        assert found[2] > late

    def test_the_benchmark_counts(self) -> None:
        late = candles.day_start(DAY) + 3 * 3_600 * SECOND
        benchmark = _with_arrival(_stored(BTC, HOUR, 1), DAY, 0, late)
        assert _instants(from_candles(_stored(PERP, HOUR, 1), DAY, HOUR, benchmark=benchmark))[0] == late

    def test_no_row_is_known_before_its_own_candle(self) -> None:
        own = _stored(PERP, HOUR, 1).tables[DAY]["available_at"].cast(pa.int64()).to_numpy()
        assert (np.array(_instants(from_candles(_stored(PERP, HOUR, 1), DAY, HOUR))) >= own).all()


class TestProvisional:
    def _flags(self, own: frozenset[dt.date], other: frozenset[dt.date] = frozenset()) -> set[bool]:
        benchmark = _stored(BTC, HOUR, 1, provisional=other)
        found = from_candles(_stored(PERP, HOUR, 1, provisional=own), DAY, HOUR, benchmark=benchmark)
        return set(found.frame.table["provisional"].to_pylist())

    def test_final_days_make_final_rows(self) -> None:
        assert self._flags(frozenset()) == {False}

    @pytest.mark.parametrize("back", [0, 1, 30])
    def test_a_provisional_day_of_the_look_back_makes_every_row_provisional(self, back: int) -> None:
        assert self._flags(frozenset({DAY - dt.timedelta(days=back)})) == {True}

    def test_a_provisional_day_of_the_benchmark_does_too(self) -> None:
        assert self._flags(frozenset(), frozenset({YESTERDAY})) == {True}

    def test_a_day_before_the_look_back_does_not(self) -> None:
        assert self._flags(frozenset({DAY - dt.timedelta(days=31)})) == {False}


class TestWithoutLookBack:
    def test_absent_days_are_named_and_their_nulls_counted(self) -> None:
        stored = _stored(PERP, HOUR, 30)
        holed = replace(stored, tables={day: table for day, table in stored.tables.items() if day != YESTERDAY})
        found = from_candles(holed, DAY, HOUR, benchmark=_stored(BTC, HOUR, 30))
        counted = found.nulls_without_look_back
        assert found.absent_days == (YESTERDAY,)
        assert {name: counted[name] for name in ("return_1", "return_5", "rv_20", "rsi_14", "btc_beta_60", "har_rv_7d")} == {
            "return_1": 1,
            "return_5": 5,
            "rv_20": 19,
            "rsi_14": 14,
            "btc_beta_60": 24,
            "har_rv_7d": 24,
        }
        # The window of the day's last bar is the day itself.
        assert counted["har_rv_1d"] == 23
        assert not counted.keys() & {"hour_sin", "obv", "vwap_distance", "liquidation_share", "provisional"}
        for name, count in counted.items():
            assert found.frame.table[name].null_count == count

    def test_an_absent_day_of_the_benchmark_counts_for_what_reads_it(self) -> None:
        other = _stored(BTC, HOUR, 30)
        holed = replace(other, tables={day: table for day, table in other.tables.items() if day != YESTERDAY})
        found = from_candles(_stored(PERP, HOUR, 30), DAY, HOUR, benchmark=holed)
        assert found.absent_days == (YESTERDAY,)
        assert found.nulls_without_look_back == {"btc_beta_60": 24, "btc_correlation_60": 24}

    def test_nulls_of_other_causes_are_not_counted(self) -> None:
        columns = candles.columns_of(PERP, DAY, HOUR)
        columns |= {name: np.full(24, np.nan) for name in ("ofi", "funding_rate", "model_free_iv_30d")}
        only = CandleDays(PERP, {DAY: candles.table_of(PERP, HOUR, candles.without_trades(columns, [10], "no_data"))})
        counted = from_candles(only, DAY, HOUR).nulls_without_look_back
        # Nulls of the hole's windows, and of inputs that the candles do not have, are none of the look-back's.
        assert counted["return_1"] == 1
        assert not counted.keys() & {"ofi_20", "funding_zscore", "variance_risk_premium_30d"}


def test_bars_without_trades_have_a_return_of_nothing() -> None:
    columns = candles.without_trades(candles.columns_of(PERP, DAY, HOUR), [5], "no_trades")
    table = from_candles(CandleDays(PERP, {DAY: candles.table_of(PERP, HOUR, columns)}), DAY, HOUR).frame.table
    assert table["return_1"][5].as_py() == 0.0


def test_options_are_not_computed() -> None:
    option = InstrumentId.parse("DERIBIT:OPTION:BTC-USD-60000-240927-CALL")
    with pytest.raises(NotComputed, match="2024-08-08: candles of options have no full grid"):
        from_candles(CandleDays(option, {}), DAY, HOUR)


def test_the_day_itself_must_be_there() -> None:
    with pytest.raises(PartitionMissing, match="candles_1h of BYBIT:PERP:ETH-USDT has nothing stored for 2024-08-08"):
        from_candles(CandleDays(PERP, {}), DAY, HOUR)


def test_default_features_are_computed_unless_others_are_asked_for() -> None:
    table = from_candles(_stored(PERP, HOUR, 0), DAY, HOUR).frame.table
    assert table.column_names[5:] == [feature.name for feature in DEFAULTS]


def test_only_underlyings_of_options_read_a_month() -> None:
    columns = candles.columns_of(PERP, DAY, HOUR)
    surface = {name for feature in DEFAULTS if feature.group == "options" for name in feature.inputs} - {"rv_1s"}
    without = candles.table_of(PERP, HOUR, {name: values for name, values in columns.items() if name not in surface})
    stored = _stored(PERP, HOUR, 30)
    assert days_to_read(stored.tables[DAY], HOUR) == look_back_days(HOUR) == 30
    assert days_to_read(without, HOUR) == 14
    found = from_candles(replace(stored, tables={**stored.tables, DAY: without}), DAY, HOUR).frame.table
    whole = from_candles(stored, DAY, HOUR).frame.table
    for feature in DEFAULTS:
        if feature.group == "options":
            assert found[feature.name].null_count == found.num_rows
        else:
            assert found[feature.name].equals(whole[feature.name]), feature.name
