"""Files, the report and the coverage that follows from it."""

import datetime as dt

import pyarrow as pa
import pytest

from market_data_assets.compute.completeness.coverage import Expected, coverage, expected_of, mean_by
from market_data_assets.compute.completeness.files import Delivery, missing_files
from market_data_assets.compute.completeness.record import MISSING_REPORT, Missing, report_table
from market_data_assets.domain.instruments import InstrumentId

BTC = InstrumentId.parse("BINANCE:PERP:BTC-USDT")
ETH = InstrumentId.parse("BINANCE:PERP:ETH-USDT")
DAY = (0, 86_400_000_000)


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (None, [("not_materialized", DAY, None)]),
        (Delivery(rows=5), []),
        (Delivery(rows=0), []),
        (Delivery(absent="not_listed"), [("not_listed", DAY, None)]),
        (Delivery(failed="Retryable: reset"), [("failed", DAY, None)]),
        (Delivery(rows=5, failed="Retryable: reset"), [("failed", None, None)]),
        (Delivery(set_aside={"schema_drift": 0}), [("schema_drift", DAY, None)]),
        (Delivery(rows=5, set_aside={"price_not_positive": 2}), [("price_not_positive", None, 2)]),
    ],
)
def test_what_became_of_a_file_says_what_of_it_is_missing(delivery, expected):
    found = list(missing_files(BTC, "trades", DAY, delivery))
    assert [(missing.reason, missing.span, missing.rows) for missing in found] == expected
    assert all(missing.evidence for missing in found)


def test_nothing_is_expected_of_an_instrument_that_was_not_listed():
    assert list(missing_files(BTC, "trades", (5, 5), None)) == []


def test_the_report_is_ordered_and_has_the_declared_columns():
    table = report_table(
        [
            Missing(None, None, "unknown_symbol", "binance symbol 'X'"),
            Missing(ETH, "trades", "gap", "trades 1 to 2", DAY, (10, 20), 2),
            Missing(BTC, "trades", "gap", "trades 5 to 9", DAY, (30, 40), 5),
            Missing(BTC, "trades", "gap", "trades 1 to 2", DAY, (10, 20), 2),
        ]
    )
    assert table.schema == MISSING_REPORT.schema
    assert table["instrument_id"].to_pylist() == [None, str(BTC), str(BTC), str(ETH)]
    assert table["rows"].to_pylist() == [None, 2, 5, 2]
    assert table["missing_us"].to_pylist() == [0, 10, 10, 10]
    assert report_table([]).num_rows == 0


def test_coverage_is_the_share_of_the_listed_time_that_is_there():
    half = (0, DAY[1] // 2)
    expected = [Expected(str(BTC), DAY, ["trades", "book_snapshot_5"]), Expected(str(ETH), half, ["trades"])]
    report = report_table(
        [
            Missing(BTC, "trades", "gap", "", DAY, (0, DAY[1] // 4)),
            Missing(BTC, "trades", "price_not_positive", "", DAY, None, 3),
            Missing(ETH, "trades", "not_listed", "", half, half),
        ]
    )
    shares = coverage(expected, report)
    assert shares == {(str(BTC), "trades"): 0.75, (str(BTC), "book_snapshot_5"): 1.0, (str(ETH), "trades"): 0.0}
    groups = {str(BTC): "BINANCE PERP", str(ETH): "BINANCE PERP"}
    assert mean_by(shares, groups) == {("BINANCE PERP", "trades"): 0.375, ("BINANCE PERP", "book_snapshot_5"): 1.0}


def test_what_is_expected_follows_from_the_instruments_table():
    noon = dt.datetime(1970, 1, 1, 12, tzinfo=dt.UTC)
    instruments = pa.table(
        {
            "instrument_id": [str(BTC), str(ETH)],
            "available_from": pa.array([None, noon], pa.timestamp("us", tz="UTC")),
            "available_to": pa.array([noon, None], pa.timestamp("us", tz="UTC")),
            "data_types": [["quotes", "trades", "incremental_book_L2"], []],
        }
    )
    assert expected_of(instruments, dt.date(1970, 1, 1)) == [
        Expected(str(BTC), (0, DAY[1] // 2), ["trades"]),
        Expected(str(ETH), (DAY[1] // 2, DAY[1]), []),
    ]
