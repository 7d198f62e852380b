"""Services write features of their own and signals of their models, and read them back."""

import datetime as dt

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from market_data_assets import BadData, MarketData, PartitionMissing, QueryError, SchemaDrift
from market_data_assets_tests.client.lakes import BTC, ETH

THURSDAY, FRIDAY, SATURDAY = "2024-08-08", "2024-08-09", "2024-08-10"


@pytest.fixture
def market_data(tmp_path):
    return MarketData(root=tmp_path)


def features(moments=(f"{THURSDAY}T01:00", f"{FRIDAY}T01:00"), ids=(BTC, ETH), **columns) -> pd.DataFrame:
    """A row per instrument and time, the later first."""
    frame = pd.DataFrame([(str(each), moment) for each in ids for moment in reversed(moments)], columns=["instrument_id", "timestamp"])
    frame["timestamp"] = pd.to_datetime(frame["timestamp"], utc=True)
    frame["available_at"] = frame["timestamp"] + pd.Timedelta("1s")
    return frame.assign(**columns) if columns else frame.assign(momentum=range(len(frame)))


def signals(value=1.0) -> pd.DataFrame:
    return features(signal="trend", value=value, model_version="v1")


@pytest.mark.parametrize("convert", [lambda frame: frame, pl.from_pandas, lambda frame: pl.from_pandas(frame).lazy(), pa.Table.from_pandas])
def test_features_of_several_days_and_instruments_come_back_from_any_kind_of_frame(market_data, convert):
    commits = market_data.write_features("momentum_v2", convert(features()))
    assert [(commit.rows, commit.version) for commit in commits] == [(2, 1), (2, 1)]
    frame = market_data.custom_features("momentum_v2", [ETH, BTC], THURSDAY, SATURDAY)
    assert list(frame["instrument_id"]) == [str(ETH)] * 2 + [str(BTC)] * 2
    assert list(frame["momentum"]) == [3, 2, 1, 0]
    assert str(frame["timestamp"].dtype) == "datetime64[us, UTC]"


def test_features_service_needs_five_lines(tmp_path):
    md = MarketData(root=tmp_path)
    frame = features(moments=[f"{THURSDAY}T01:00", f"{THURSDAY}T02:00"], ids=[BTC])
    frame["spread"] = [2.0, 1.0]
    md.write_features("spread", frame)
    assert list(md.custom_features("spread", BTC, THURSDAY, FRIDAY, "spread")["spread"]) == [1.0, 2.0]


def test_callers_frame_is_not_changed(market_data):
    frame = features()
    before = frame.copy()
    market_data.write_features("own", frame)
    pd.testing.assert_frame_equal(frame, before)


def test_writing_an_instrument_day_again_replaces_it_and_nothing_else(market_data):
    market_data.write_features("own", features(momentum=[0, 1, 2, 3]))
    market_data.write_features("own", features(moments=[f"{THURSDAY}T05:00"], ids=[BTC], momentum=9))
    frame = market_data.custom_features("own", [BTC, ETH], THURSDAY, SATURDAY)
    assert list(zip(frame["instrument_id"], frame["timestamp"].dt.hour, frame["momentum"], strict=True)) == [
        *((str(BTC), 5, 9), (str(BTC), 1, 0)),
        *((str(ETH), 1, 3), (str(ETH), 1, 2)),
    ]


def test_writing_the_same_again_is_no_new_version(market_data):
    market_data.write_signals(signals())
    assert [str(commit.status) for commit in market_data.write_signals(signals())] == ["noop", "noop"]
    assert list(market_data.write_signals(signals().iloc[:0])) == []


def test_what_was_written_before_is_read_as_known_then(market_data):
    [first] = market_data.write_features("own", features([f"{THURSDAY}T01:00"], [BTC], momentum=1))
    market_data.write_features("own", features([f"{THURSDAY}T01:00"], [BTC], momentum=2))
    then = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=first.manifest.committed_at)
    span = ("own", BTC, THURSDAY, FRIDAY, "momentum")
    assert [list(market_data.custom_features(*span, as_known_at=each)["momentum"]) for each in (then, None)] == [[1], [2]]


def test_signals_keep_several_of_one_instant_and_the_contracts_columns(market_data):
    both = pd.concat([signals(0.5), signals(float("nan")).assign(signal="carry")])
    market_data.write_signals(both)
    frame = market_data.signals(BTC, THURSDAY, FRIDAY)
    assert list(frame.columns) == ["instrument_id", "timestamp", "signal", "value", "model_version", "available_at"]
    assert list(frame["signal"]) == ["carry", "trend"]
    assert frame["value"].isna().to_list() == [True, False]
    window = market_data.signals([BTC, ETH], f"{FRIDAY}T01:00", SATURDAY, ["instrument_id", "value"], as_="polars")
    assert window.columns == ["instrument_id", "value"]
    assert window.height == 4


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda frame: frame.drop(columns="available_at"), SchemaDrift, r"missing columns \['available_at'\]"),
        (lambda frame: frame.assign(timestamp=frame["timestamp"].dt.tz_localize(None)), SchemaDrift, "no time zone"),
        (lambda frame: frame.assign(instrument_id="binance:perp:btc-usdt"), BadData, "instrument_id is none"),
        (lambda frame: frame.assign(available_at=frame["timestamp"] - pd.Timedelta("1us")), BadData, "available_at before timestamp"),
        (lambda frame: pd.concat([frame, frame]), BadData, "4 of 8 rows rejected .4 repeated key"),
        (lambda frame: {"instrument_id": []}, QueryError, "a frame of type dict: expected pandas, polars or Arrow"),
        (lambda frame: frame.assign(momentum=["1", 2, 3.0, None]), QueryError, "a frame that does not become a table"),
    ],
)
def test_frame_that_breaks_the_contract_is_refused_whole(market_data, spoil, error, message):
    with pytest.raises(error, match=message):
        market_data.write_features("own", spoil(features()))
    with pytest.raises(PartitionMissing):
        market_data.custom_features("own", BTC, THURSDAY, FRIDAY)


@pytest.mark.parametrize("name", ["", "Own", "1st", "../own", "own/..", "a" * 64, "own-v2"])
def test_name_that_could_not_be_a_folder_is_refused(market_data, name):
    with pytest.raises(QueryError, match="expected lower-case letters"):
        market_data.write_features(name, features())


def test_gaps_are_refused_unless_skipped_and_unknown_columns_always(market_data):
    market_data.write_features("own", features(moments=[f"{THURSDAY}T01:00"], ids=[BTC]))
    with pytest.raises(PartitionMissing, match="missing are 2024-08-09"):
        market_data.custom_features("own", BTC, THURSDAY, SATURDAY)
    assert len(market_data.custom_features("own", BTC, THURSDAY, SATURDAY, missing="skip")) == 1
    with pytest.raises(QueryError, match="instrument 'BINANCE:PERP:ETH-USDT' is not known"):
        market_data.custom_features("own", ETH, THURSDAY, FRIDAY, missing="skip")
    with pytest.raises(QueryError, match="ETH-USDT' is not known"):
        market_data.custom_features("own", [BTC, ETH], THURSDAY, FRIDAY)
    with pytest.raises(QueryError, match="has no column size; it has instrument_id, timestamp, available_at, momentum"):
        market_data.custom_features("own", BTC, THURSDAY, FRIDAY, "size")
    with pytest.raises(QueryError, match="missing 'ignore': expected raise or skip"):
        market_data.custom_features("own", BTC, THURSDAY, FRIDAY, missing="ignore")
    with pytest.raises(PartitionMissing, match="signals has nothing stored"):
        market_data.signals(BTC, THURSDAY, FRIDAY, missing="skip")


def test_columns_may_come_later_and_widen_but_not_become_another_kind(market_data):
    market_data.write_features("own", features([f"{THURSDAY}T01:00"], [BTC], momentum=1))
    market_data.write_features("own", features([f"{FRIDAY}T01:00"], [BTC], momentum=1.5, size="big"))
    frame = market_data.custom_features("own", BTC, THURSDAY, SATURDAY)
    assert list(frame["momentum"]) == [1.0, 1.5]
    assert list(frame["size"]) == [None, "big"]
    market_data.write_features("own", features([f"{SATURDAY}T01:00"], [BTC], momentum="strong"))
    with pytest.raises(SchemaDrift, match="no common type"):
        market_data.custom_features("own", BTC, THURSDAY, "2024-08-11")
