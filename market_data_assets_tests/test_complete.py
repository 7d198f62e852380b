"""The façade over the lake: its own example, and the laws of reading back what was written."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.complete import CompleteDataArchitecture, CompleteDataReader
from market_data_assets.errors import QueryError, UnknownInstrument

DAY = dt.datetime(2023, 5, 23)  # noqa: DTZ001 - as callers pass it
BTC, ETH = "binance:SPOT_PAIR:BTC-USDT", "binance:SPOT_PAIR:ETH-USDT"
PERP = "DERIBIT:PERP:BTC-USD"
TICKS = pd.DataFrame({"timestamp": [1, 2, 3], "price": [50000, 50001, 50002], "amount": [0.1, 0.2, 0.3], "side": ["buy", "sell", "buy"]})
BARS = pd.DataFrame(
    {
        "timestamp": [1, 2, 3],
        "open": [50000, 50001, 50002],
        "high": [50010, 50011, 50012],
        "low": [49990, 49991, 49992],
        "close": [50001, 50002, 50003],
        "volume": [100, 200, 300],
    }
)
LISTED = pd.DataFrame(
    {
        "instrument_id": [BTC, ETH],
        "venue": ["binance", "binance"],
        "instrument_type": ["spot", "spot"],
        "available_from": ["2023-05-23", "2023-05-23"],
        "available_to": ["2025-10-22", "2025-10-22"],
    }
)


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MDA_ROOT", str(tmp_path / "lake"))
    monkeypatch.chdir(tmp_path)
    return "your-market-data-bucket"


def written(frame: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """The columns that were written, of a frame that was read."""
    return frame[list(columns.columns)]


def test_the_example_of_the_specification_prints_3_3_and_2(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    data_arch = CompleteDataArchitecture(bucket)
    data_arch.partition_execution_data(TICKS, DAY, "binance", BTC, "trades")
    data_arch.partition_ml_data(BARS, DAY, "binance", BTC, "ohlcv_1m", "1m")
    data_arch.partition_availability_data(LISTED, DAY)
    reader = CompleteDataReader(bucket)
    print(f"Execution data: {len(reader.read_execution_data(DAY, 'binance', BTC))} records")  # noqa: T201
    print(f"ML data: {len(reader.read_ml_data(DAY, 'binance', BTC, 'ohlcv_1m'))} records")  # noqa: T201
    print(f"Availability data: {len(reader.read_availability_data(DAY))} records")  # noqa: T201
    assert capsys.readouterr().out == "Execution data: 3 records\nML data: 3 records\nAvailability data: 2 records\n"


def test_what_was_written_comes_back_with_its_types_and_the_callers_frame_is_not_changed(bucket: str) -> None:
    frame = TICKS.assign(flag=[True, False, True], at=pd.to_datetime([5, 4, 3], unit="us", utc=True), word=pd.Categorical(["a", "b", "a"]))
    before = frame.copy(deep=True)
    CompleteDataArchitecture(bucket).partition_execution_data(frame, DAY, "binance", BTC, "trades")
    pd.testing.assert_frame_equal(frame, before)
    read = CompleteDataReader(bucket).read_execution_data(DAY, "binance", BTC, "trades")
    pd.testing.assert_frame_equal(written(read, frame), before)
    assert set(read["venue"]) == {"BINANCE"}
    assert set(read["data_type"]) == {"trades"}


def test_rows_keep_the_callers_order_even_when_time_runs_backwards(bucket: str) -> None:
    backwards = TICKS.iloc[::-1].reset_index(drop=True)
    CompleteDataArchitecture(bucket).partition_execution_data(backwards, DAY, "binance", BTC, "trades")
    pd.testing.assert_frame_equal(written(CompleteDataReader(bucket).read_execution_data(DAY), TICKS), backwards)


def test_every_argument_of_a_read_is_honoured(bucket: str) -> None:
    writer, reader = CompleteDataArchitecture(bucket), CompleteDataReader(bucket)
    next_day = DAY + dt.timedelta(days=1)
    for number, (day, venue, name, data_type) in enumerate(
        [
            (DAY, "binance", BTC, "trades"),
            (DAY, "binance", BTC, "liquidations"),
            (DAY, "BINANCE", ETH, "trades"),
            (DAY, "deribit", PERP, "trades"),
            (next_day, "binance", BTC, "trades"),
        ]
    ):
        writer.partition_execution_data(TICKS.assign(number=number), day, venue, name, data_type)

    def numbers(*arguments: object, **named: object) -> list[int]:
        read = reader.read_execution_data(*arguments, **named)  # type: ignore[arg-type]
        return sorted(set(read["number"])) if len(read) else []

    assert numbers(DAY) == [0, 1, 2, 3]
    assert numbers(DAY, "binance") == [0, 1, 2]
    assert numbers(DAY, venue="deribit") == [3]
    assert numbers(DAY, instrument_id=BTC.upper()) == [0, 1]
    assert numbers(DAY, data_type="trades") == [0, 2, 3]
    assert numbers(DAY, "binance", BTC, "liquidations") == [1]
    assert numbers(DAY, "deribit", BTC) == []
    assert numbers(next_day) == [4]
    assert numbers(next_day.date() + dt.timedelta(days=1)) == []


def test_timeframes_of_one_data_type_are_kept_apart(bucket: str) -> None:
    writer, reader = CompleteDataArchitecture(bucket), CompleteDataReader(bucket)
    for timeframe in ("1m", "5m", None):
        writer.partition_ml_data(BARS.assign(of=str(timeframe)), DAY, "binance", BTC, "technical_features", timeframe)
    assert set(reader.read_ml_data(DAY, timeframe="5m")["of"]) == {"5m"}
    assert set(reader.read_ml_data(DAY, timeframe="60s")["of"]) == {"1m"}
    assert set(reader.read_ml_data(DAY, data_type="technical_features")["of"]) == {"1m", "5m", "None"}


def test_availability_is_filtered_by_venue_and_type_in_any_spelling(bucket: str) -> None:
    listed = pd.concat([LISTED, LISTED.assign(venue="deribit", instrument_type="option")], ignore_index=True)
    CompleteDataArchitecture(bucket).partition_availability_data(listed, DAY)
    reader = CompleteDataReader(bucket)
    assert len(reader.read_availability_data(DAY)) == 4
    assert set(reader.read_availability_data(DAY, venue="BINANCE")["venue"]) == {"binance"}
    assert set(reader.read_availability_data(DAY, instrument_type="OPTIONS")["instrument_type"]) == {"option"}
    assert len(reader.read_availability_data(DAY, "binance", "option")) == 0
    pd.testing.assert_frame_equal(written(reader.read_availability_data(DAY, instrument_type="SPOT_PAIR"), LISTED), LISTED)


def test_writing_again_replaces_and_other_instruments_stay(bucket: str) -> None:
    writer, reader = CompleteDataArchitecture(bucket), CompleteDataReader(bucket)
    writer.partition_execution_data(TICKS, DAY, "binance", BTC, "trades")
    writer.partition_execution_data(TICKS, DAY, "binance", ETH, "trades")
    writer.partition_execution_data(TICKS.head(1), DAY, "binance", BTC, "trades")
    assert len(reader.read_execution_data(DAY, instrument_id=BTC)) == 1
    assert len(reader.read_execution_data(DAY, instrument_id=ETH)) == 3


def test_partitions_can_be_saved_again_by_the_names_that_were_returned(bucket: str) -> None:
    writer, reader = CompleteDataArchitecture(bucket), CompleteDataReader(bucket)
    option = "DERIBIT:OPTION:BTC-USD-50000-241225-CALL"
    ticks = writer.partition_execution_data(TICKS, DAY, "deribit", option, "trades")
    bars = writer.partition_ml_data(BARS, DAY, "binance", BTC, "ohlcv_1m", "1m")
    listed = writer.partition_availability_data(LISTED, DAY)
    urls: Mapping[str, str] = writer.save_and_upload_partitions(TICKS.head(2), ticks, "execution_data")
    writer.save_and_upload_partitions(BARS.head(2), bars, "ml_data")
    writer.save_and_upload_partitions(LISTED.head(1), listed, "instrument_availability")
    assert urls["by_date"].startswith("file://")
    assert urls["by_date"].endswith(f"by_date/day-2023-05-23/data_type-trades/{option}.parquet")
    lengths = [len(reader.read_execution_data(DAY)), len(reader.read_ml_data(DAY)), len(reader.read_availability_data(DAY))]
    assert lengths == [2, 2, 1]
    with pytest.raises(QueryError, match="belongs to execution_data"):
        writer.save_and_upload_partitions(TICKS, ticks, "ml_data")


def test_names_that_cannot_be_stored_are_refused(bucket: str) -> None:
    writer = CompleteDataArchitecture(bucket)
    with pytest.raises(QueryError, match="data type"):
        writer.partition_execution_data(TICKS, DAY, "binance", BTC, "../trades")
    with pytest.raises(QueryError, match="not of 'deribit'"):
        writer.partition_execution_data(TICKS, DAY, "deribit", BTC, "trades")
    with pytest.raises(UnknownInstrument):
        writer.partition_execution_data(TICKS, DAY, "binance", "BTCUSDT", "trades")
    with pytest.raises(QueryError, match="cannot be stored"):
        writer.partition_execution_data(pd.DataFrame({"mixed": [1, "a"]}), DAY, "binance", BTC, "trades")


frames = st.integers(0, 4).flatmap(
    lambda rows: st.fixed_dictionaries(
        {
            "timestamp": st.lists(st.integers(-(2**62), 2**62), min_size=rows, max_size=rows),
            "price": st.lists(st.floats(allow_nan=False), min_size=rows, max_size=rows),
            "word": st.lists(st.text(st.characters(codec="utf-8"), max_size=3), min_size=rows, max_size=rows),
        }
    )
)


@settings(max_examples=25)
@given(frames)
def test_any_table_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, columns: dict[str, list[object]]) -> None:
    root = tmp_path_factory.mktemp("bucket")
    frame = pd.DataFrame(columns).astype({"timestamp": "int64", "price": "float64", "word": "object"})
    CompleteDataArchitecture(root.as_uri(), str(root / "scratch")).partition_execution_data(frame, DAY, "binance", BTC, "anything")
    read = CompleteDataReader(root.as_uri()).read_execution_data(DAY, "binance", BTC, "anything")
    pd.testing.assert_frame_equal(written(read, frame), frame)
