"""Every decimal parses to the double that Python's float gives, and nothing else parses."""

import math
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from market_data_assets.errors import BadData, SchemaDrift
from market_data_assets_tests.sources.csv.frames import counts, file_of, frame_of, trade, values

DIGITS = st.text("0123456789", min_size=1, max_size=25)
DECIMALS = st.builds(
    lambda whole, fraction, exponent: whole + (f".{fraction}" if fraction else "") + exponent,
    DIGITS,
    st.text("0123456789", max_size=25),
    st.one_of(
        st.just(""),
        st.builds(
            lambda letter, sign, power: f"{letter}{sign}{power}",
            st.sampled_from("eE"),
            st.sampled_from(["", "+", "-"]),
            st.integers(0, 280),
        ),
    ),
)
FLOATS = st.floats(min_value=5e-324, allow_infinity=False, allow_nan=False).map(repr)


def bits(value: object) -> bytes:
    return struct.pack("<d", value)


@given(
    st.lists(
        st.one_of(DECIMALS, FLOATS, st.decimals(min_value="1e-12", max_value="1e12", allow_nan=False).map(str)), min_size=1, max_size=30
    )
)
@example(
    [
        "9007199254740993",
        "0.30000000000000004",
        "1e22",
        "1e23",
        "8.5e-7",
        "9007199254740992e22",
        "5e-324",
        "1e-400",
        "000000000000000000001",
        "1e00001",
    ]
)
def test_numbers_are_those_of_python(texts: list[str]) -> None:
    good = [text for text in texts if 0 < float(text) < math.inf]
    frame = frame_of(file_of(*(trade(price=text) for text in good)))
    assert [bits(value) for value in values(frame.read(), "price")] == [bits(float(text)) for text in good]


@settings(max_examples=25)
@given(st.lists(FLOATS, min_size=1, max_size=60).map(lambda texts: texts * 90))
def test_many_numbers_that_need_float_are_read_too(texts: list[str]) -> None:
    frame = frame_of(file_of(*(trade(price=text, amount=text) for text in texts)))
    table = frame.read()
    expected = np.array([float(text) for text in texts])
    assert np.array_equal(np.array(values(table, "price")), expected)
    assert np.array_equal(np.array(values(table, "amount")), expected)


REASONS = {
    "nan": "price_not_finite",
    "NaN": "price_not_finite",
    "inf": "price_not_finite",
    "-Infinity": "price_not_finite",
    "1e400": "price_not_finite",
    "1e99999999999999999999": "price_not_finite",
    "0": "price_not_positive",
    "-0": "price_not_positive",
    "0e5": "price_not_positive",
    "-1.5": "price_not_positive",
    "-123456789012345678901": "price_not_positive",
    "1e-400": "price_not_positive",
    "": "price_missing",
    "abc": "price_not_a_number",
    "1_000": "price_not_a_number",
    "1.2.3": "price_not_a_number",
    "0x10": "price_not_a_number",
    " 1": "price_not_a_number",
    "1e": "price_not_a_number",
    ".": "price_not_a_number",
    "-": "price_not_a_number",
    "١": "price_not_a_number",
    '"1"': "price_not_a_number",
}


@pytest.mark.parametrize(("text", "reason"), REASONS.items())
@pytest.mark.parametrize("column", ["price", "amount"])
def test_an_impossible_value_sets_its_row_aside(text: str, reason: str, column: str) -> None:
    good = [trade(second, id_=second) for second in range(1_000)]
    frame = frame_of(file_of(*good[:500], trade(500, **{column: text}), *good[500:]))
    assert frame.read().num_rows == 1_000
    assert counts(frame) == {reason.replace("price", column): 1}
    rows = frame.quarantined[0].rows
    assert rows is not None
    assert rows.column(column).to_pylist() == [text]
    assert rows.column_names[-1] == "reason"


@pytest.mark.parametrize("text", ["nan", "0", "-3", "", "1e400"])
def test_more_than_one_in_a_thousand_impossible_values_refuse_the_file(text: str) -> None:
    good = [trade(second) for second in range(998)]
    with pytest.raises(BadData, match=r"2 of 1000 rows rejected.*2 price_") as caught:
        frame_of(file_of(*good, trade(price=text), trade(price=text))).read()
    assert "BINANCE:SPOT_PAIR:BTC-USDT 2024-08-08" in str(caught.value)


def test_text_in_a_number_column_is_drift() -> None:
    with pytest.raises(SchemaDrift, match=r"price_not_a_number, first in row 'binance,BTCUSDT,.*cheap"):
        frame_of(file_of(trade(price="cheap"))).read()


@settings(max_examples=25)
@given(st.integers(0, 9), st.sampled_from(sorted(REASONS)), st.sampled_from(["price", "amount"]))
def test_counts_add_up_whatever_is_wrong(bad: int, text: str, column: str) -> None:
    lines = [trade(index % 86_400) for index in range(10_000 - bad)] + [trade(**{column: text})] * bad
    frame = frame_of(file_of(*lines))
    assert frame.read().num_rows + sum(counts(frame).values()) == 10_000
    assert sum(counts(frame).values()) == bad
