import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.client.filling import FILLED, forward_fill
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.timeframes import Timeframe

MINUTE = Timeframe.parse("1m")


def candles(rows):
    """Rows of (instrument, minute, status, close)."""
    closes = pa.array([close for *_, close in rows], pa.float64())
    columns = {
        "instrument_id": pa.array([instrument for instrument, *_ in rows], pa.string()),
        "timestamp": pa.array([minute * MINUTE.microseconds for _, minute, *_ in rows], pa.int64()).cast(TIMESTAMP),
        "bucket_status": pa.array([status for _, _, status, _ in rows], pa.string()),
        **dict.fromkeys(FILLED, closes),
        "volume": pa.array([0.0] * len(rows)),
    }
    return pa.table(columns)


def filled(rows):
    return forward_fill(candles(rows), MINUTE)["close"].to_pylist()


def test_price_is_not_carried_to_another_instrument():
    assert filled([("A", 0, "traded", 1.0), ("B", 1, "no_trades", None)]) == [1.0, None]


def test_price_is_not_carried_over_a_bucket_that_is_not_there():
    assert filled([("A", 0, "traded", 1.0), ("A", 2, "no_trades", None), ("A", 3, "no_trades", None)]) == [1.0, None, None]


def test_price_is_not_carried_over_or_into_any_other_status():
    for status in ("no_data", "halted", "not_listed"):
        assert filled([("A", 0, "traded", 1.0), ("A", 1, status, None), ("A", 2, "no_trades", None)]) == [1.0, None, None]


def test_high_and_low_of_a_filled_bucket_are_the_close_before_and_volumes_stay():
    table = candles([("A", 0, "traded", 1.0), ("A", 1, "no_trades", None)])
    table = table.set_column(table.column_names.index("high"), "high", pa.array([5.0, None]))
    after = forward_fill(table, MINUTE)
    assert after["high"].to_pylist() == [5.0, 1.0]
    assert after["volume"].to_pylist() == [0.0, 0.0]


def test_no_rows_stay_no_rows():
    assert forward_fill(candles([]), MINUTE).num_rows == 0


STATUS = st.sampled_from(["traded", "no_trades", "no_data"])


@given(st.lists(st.tuples(st.sampled_from("AB"), STATUS), max_size=30))
def test_filling_equals_walking_through_the_rows(chosen):
    rows = [
        (instrument, row, status, float(row) if status == "traded" else None)
        for row, (instrument, status) in enumerate(sorted(chosen, key=lambda one: one[0]))
    ]
    expected, known, before = [], None, None
    for instrument, _, status, close in rows:
        if instrument != before or status == "no_data":
            known = None
        known = close if status == "traded" else known
        expected.append(known if status != "no_data" else None)
        before = instrument
    assert filled(rows) == expected
