"""The rules that submitted rows keep."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from market_data_assets.compute.mft.ml_signals import ML_SIGNALS
from market_data_assets.compute.mft.submissions import checked_rows, custom_features
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import BadData, SchemaDrift
from market_data_assets.storage.layout import object_name

DAY = dt.date(2024, 8, 8)
NOON = dt.datetime(2024, 8, 8, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
BTC = "BINANCE:PERP:BTC-USDT"


def _row(**more: Any) -> dict[str, Any]:
    row = {"instrument_id": BTC, "timestamp": NOON, "signal": "momentum", "value": 0.5, "model_version": "v1"}
    return {**row, "available_at": more.get("timestamp") or NOON, **more}


def _table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=pa.schema([(name, column.type) for name, column in ML_SIGNALS.columns.items()]))


def test_rows_that_keep_the_rules_come_back_sorted() -> None:
    rows = [_row(timestamp=NOON + MINUTE), _row(instrument_id="BINANCE:PERP:ADA-USDT"), _row(value=None, model_version="v0"), _row()]
    found = checked_rows(ML_SIGNALS, _table(*rows))
    assert found.schema == ML_SIGNALS.schema
    assert found.to_pylist() == [rows[1], rows[2], rows[3], rows[0]]


def test_a_table_without_rows_is_taken() -> None:
    assert checked_rows(ML_SIGNALS, _table()).equals(ML_SIGNALS.schema.empty_table())


def test_columns_may_stand_in_any_order_and_in_types_that_convert_without_loss() -> None:
    table = pa.table(
        {
            "value": pa.array([3], pa.int32()),
            "available_at": pa.array([NOON], pa.timestamp("ms", "Europe/Vienna")),
            "timestamp": pa.array([NOON], pa.timestamp("ns", "UTC")),
            "model_version": pa.array(["v1"]).dictionary_encode(),
            "signal": pa.array(["momentum"], pa.large_string()),
            "instrument_id": [BTC],
        }
    )
    assert checked_rows(ML_SIGNALS, table).to_pylist() == [_row(value=3.0)]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (_row(instrument_id="BINANCE:BTC"), "1 instrument_id is none"),
        (_row(instrument_id="binance:perp:btc-usdt"), "1 instrument_id is none"),
        (_row(signal=None), "1 signal is null"),
        (_row(signal=" "), "1 signal is empty"),
        (_row(model_version=""), "1 model_version is empty"),
        (_row(value=float("nan")), "1 value is not finite"),
        (_row(value=float("inf")), "1 value is not finite"),
        (_row(available_at=NOON - MINUTE), "1 available_at before timestamp"),
        (_row(value=0.7), "1 repeated key"),
    ],
)
def test_rows_that_break_a_rule_are_counted_and_none_is_taken(broken: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadData, match=rf"ml_signals/ml_signals: 1 of 2 rows rejected \({reason}\)"):
        checked_rows(ML_SIGNALS, _table(_row(), broken))


def test_every_broken_rule_is_told_at_once() -> None:
    with pytest.raises(BadData) as caught:
        checked_rows(ML_SIGNALS, _table(_row(value=float("nan")), _row(signal=""), _row(timestamp=None)))
    assert caught.value.rejected == {"value is not finite": 1, "signal is empty": 1, "timestamp is null": 1}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (_table(_row()).drop_columns(["value"]), r"missing columns \['value'\]"),
        (_table(_row()).append_column("score", pa.array([1.0])), r"unknown columns \['score'\]"),
        (_table(_row()).set_column(1, "timestamp", pa.array([0], pa.timestamp("us"))), "which has no time zone; expected timestamp"),
        (_table(_row()).set_column(1, "timestamp", pa.array([1_001], pa.timestamp("ns", "UTC"))), "without loss"),
        (_table(_row()).set_column(3, "value", pa.array(["0.5"])), "column value is string, expected double"),
        (_table(_row()).set_column(0, "instrument_id", pa.array([7])), "column instrument_id is int64, expected string"),
        (_table(_row()).append_column("value", pa.array([1.0])), r"columns given twice \['value'\]"),
    ],
)
def test_other_columns_and_types_are_refused(table: pa.Table, message: str) -> None:
    with pytest.raises(SchemaDrift, match=message):
        checked_rows(ML_SIGNALS, table)


def test_signals_are_stored_by_day_and_instrument() -> None:
    assert object_name(ML_SIGNALS, DAY, InstrumentId.parse(BTC)) == f"ml_signals/by_date/day-2024-08-08/{BTC}.parquet"


class TestFeaturesOfOnesOwn:
    OWN = custom_features("momentum_v2")

    def _frame(self, **more: Any) -> pa.Table:
        given = {"score": [0.5], "instrument_id": [BTC], "timestamp": [NOON], "available_at": [NOON + MINUTE]}
        return pa.table({**given, **more})

    def test_any_other_columns_follow_as_they_are(self) -> None:
        found = checked_rows(self.OWN, self._frame(tags=[["a", "b"]]))
        assert found.column_names == ["instrument_id", "timestamp", "available_at", "score", "tags"]
        assert found["tags"].to_pylist() == [["a", "b"]]

    def test_an_instrument_has_one_row_per_instant(self) -> None:
        twice = pa.concat_tables([self._frame(), self._frame(score=[0.7])])
        with pytest.raises(BadData, match=r"custom_features/momentum_v2: 1 of 2 rows rejected \(1 repeated key\)"):
            checked_rows(self.OWN, twice)

    def test_the_three_columns_are_needed(self) -> None:
        with pytest.raises(SchemaDrift, match=r"missing columns \['available_at'\]"):
            checked_rows(self.OWN, self._frame().drop_columns(["available_at"]))

    def test_each_name_has_a_folder(self) -> None:
        wanted = f"custom_features/by_date/day-2024-08-08/features-momentum_v2/{BTC}.parquet"
        assert object_name(self.OWN, DAY, InstrumentId.parse(BTC)) == wanted
