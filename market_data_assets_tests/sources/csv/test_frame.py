"""What a file of trades becomes: columns by name, ids, sides, days, order, and what is refused."""

import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.datasets import SchemaWidened
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, TRADES
from market_data_assets.errors import BadData, SchemaDrift, TooLarge, Unusable
from market_data_assets.sources.csv.frame import CsvFrame
from market_data_assets.sources.limits import Limits
from market_data_assets_tests.sources.csv.frames import SECOND, START, counts, file_of, frame_of, trade, values

DAY_SECONDS = 86_400


def test_a_trade_keeps_every_value() -> None:
    table = frame_of(file_of(trade(1.5, id_=7, side="sell", price="61800.3", amount="0.006"))).read()
    assert table.schema.equals(TRADES.schema)
    row = table.to_pylist()[0]
    assert row["timestamp"].isoformat() == "2024-08-08T00:00:01.500000+00:00"
    assert row["local_timestamp"].isoformat() == "2024-08-08T00:00:01.500005+00:00"
    assert (row["id"], row["side"], row["price"], row["amount"]) == (7, "sell", 61800.3, 0.006)


def test_ids_that_are_all_integers_are_integers_and_empty_is_null() -> None:
    table = frame_of(file_of(trade(1, id_=9_223_372_036_854_775_807), trade(2, id_=""), trade(3, id_=-4))).read()
    assert table.column("id").type == pa.int64()
    assert values(table, "id") == [9_223_372_036_854_775_807, None, -4]


@pytest.mark.parametrize(
    "other", ["b46c84da-6942-b404-ab94-18a9ad497fdd", "007", "9223372036854775808", "99999999999999999999", "1.5", "-0", "+1", "t1"]
)
def test_one_id_that_is_no_integer_makes_all_text(other: str) -> None:
    frame = frame_of(file_of(trade(1, id_=12), trade(2, id_=""), trade(3, id_=other)))
    with pytest.raises(SchemaWidened):
        list(frame.batches())
    table = pa.Table.from_batches(list(frame.batches()))
    assert TRADES.conform(table).column("id").to_pylist() == ["12", None, other]
    assert frame.read().equals(table)


def test_text_that_is_not_utf8_is_drift() -> None:
    with pytest.raises(SchemaDrift, match="UTF-8"):
        frame_of(file_of(trade(id_="x@")).encode().replace(b"@", b"\xff")).read()


@pytest.mark.parametrize("side", ["BUY", "b", ""])
def test_a_side_that_is_none_of_three_words_sets_its_row_aside(side: str) -> None:
    frame = frame_of(file_of(*(trade() for _ in range(999)), trade(side=side)))
    assert frame.read().num_rows == 999
    assert counts(frame) == {"side_missing" if side == "" else "side_not_allowed": 1}


def test_rows_of_another_exchange_or_symbol_are_set_aside() -> None:
    other = trade().replace("binance,", "bitmex,")
    frame = frame_of(file_of(trade(), trade(), trade(), trade(symbol="BTCUSDTX"), trade(symbol="BTCUSD"), other))
    assert frame.read().num_rows == 3
    assert counts(frame) == {"other_symbol": 2, "other_exchange": 1}


def test_a_file_of_another_symbol_is_refused() -> None:
    with pytest.raises(BadData, match="other_symbol"):
        frame_of(file_of(trade(symbol="ETHUSDT"))).read()


@pytest.mark.parametrize(("factor", "unit"), [(1_000, "milliseconds"), (1_000_000, "seconds"), (0.001, "nanoseconds")])
@given(second=st.integers(0, DAY_SECONDS - 1))
def test_times_in_another_unit_are_refused_with_its_name(factor: float, unit: str, second: int) -> None:
    time = START + second * SECOND
    scaled = time * 1_000 if factor < 1 else time // int(factor)
    line = trade().replace(str(START), str(scaled)).replace(str(START + 5), str(scaled))
    with pytest.raises(SchemaDrift, match=f"{scaled} looks like {unit}, expected microseconds"):
        frame_of(file_of(line)).read()


@pytest.mark.parametrize("text", ["1.72308E+15", "1723075200000000.0", "2024-08-08T00:00:00Z", "x", "+1723075200000000"])
def test_a_time_that_is_no_integer_is_drift(text: str) -> None:
    with pytest.raises(SchemaDrift, match=r"timestamp is .* expected an integer"):
        frame_of(file_of(trade().replace(str(START), text, 1))).read()


def test_an_empty_time_sets_its_row_aside() -> None:
    frame = frame_of(file_of(*(trade() for _ in range(999)), trade().replace(str(START), "", 1)))
    assert frame.read().num_rows == 999
    assert counts(frame) == {"timestamp_missing": 1}


@pytest.mark.parametrize("line", ["binance,BTCUSDT,1", f"{trade()},7", "", trade().rpartition(",")[0]])
def test_a_row_with_too_few_or_too_many_fields_is_refused(line: str) -> None:
    with pytest.raises(Unusable, match=r"row 2 has \d+ fields, expected 8"):
        frame_of(file_of(trade(), line, trade())).read()


def test_windows_line_ends_are_read() -> None:
    text = file_of(trade(1), trade(2))
    assert frame_of(text.replace("\n", "\r\n")).read().equals(frame_of(text).read())


@given(st.integers(1, 300))
def test_how_the_bytes_arrive_does_not_matter(pieces: int) -> None:
    text = file_of(*(trade(second, id_=second) for second in range(50)))
    assert frame_of(text, pieces=pieces).read().equals(frame_of(text).read())


def test_a_line_longer_than_the_buffer_is_refused() -> None:
    with pytest.raises(Unusable, match="a line is longer than"):
        frame_of(file_of() + "x" * (6 << 20)).read()


def test_too_many_rows_are_too_large() -> None:
    frame = frame_of(file_of(trade(), trade(), trade()))
    with pytest.raises(TooLarge, match="2 rows"):
        CsvFrame(frame.file, Limits(rows=2)).read()


def test_a_row_later_than_the_window_makes_the_file_be_sorted_as_a_whole() -> None:
    seconds = [*range(75_000), 3, *range(75_000, 80_000)]
    text = file_of(*(trade(second, id_=index) for index, second in enumerate(seconds)))
    frame = frame_of(text, window=100_000)
    with pytest.raises(SchemaWidened, match="later than"):
        list(frame.batches())
    times = values(pa.Table.from_batches(list(frame.batches())), "timestamp")
    assert times == sorted(times)
    assert values(frame.read(), "id")[3:5] == [3, 75_000]


@pytest.mark.parametrize("ids", [True, False])
def test_a_window_smaller_than_the_file_gives_the_same_rows(ids: bool) -> None:
    shuffle = random.Random(1)
    seconds = [second + shuffle.random() * 3 for second in range(80_000)]
    text = file_of(*(trade(second, id_=index if ids else f"t{index}") for index, second in enumerate(seconds)))
    assert frame_of(text, window=200_000).read().equals(frame_of(text).read())


BOOK_HEADER = "exchange,symbol,timestamp,local_timestamp," + ",".join(
    f"asks[{level}].price,asks[{level}].amount,bids[{level}].price,bids[{level}].amount" for level in range(5)
)


def book(levels: int, *, second: int = 0, last: str | None = None) -> str:
    time = START + second * SECOND
    cells = [f"{100 + level},{level + 1},{99 - level},{level + 11}" for level in range(levels)]
    cells += [",,,"] * (5 - levels)
    if last is not None:
        cells[-1] = last
    return f"binance,BTCUSDT,{time},{time},{','.join(cells)}"


def test_book_levels_become_lists_and_a_missing_level_is_nan() -> None:
    table = frame_of(file_of(book(3), header=BOOK_HEADER), dataset=BOOK_SNAPSHOT_5).read()
    assert table.schema.equals(BOOK_SNAPSHOT_5.schema)
    row = table.to_pylist()[0]
    assert str(row["ask_prices"]) == "[100.0, 101.0, 102.0, nan, nan]"
    assert str(row["bid_prices"]) == "[99.0, 98.0, 97.0, nan, nan]"
    assert str(row["ask_amounts"]) == "[1.0, 2.0, 3.0, nan, nan]"
    assert str(row["bid_amounts"]) == "[11.0, 12.0, 13.0, nan, nan]"


def test_a_price_without_its_amount_sets_the_row_aside() -> None:
    rows = [book(5, second=second) for second in range(999)]
    frame = frame_of(file_of(*rows, book(5, last="104,,95,1"), header=BOOK_HEADER), dataset=BOOK_SNAPSHOT_5)
    assert frame.read().num_rows == 999
    assert list(counts(frame).values()) == [1]


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_an_impossible_level_sets_the_row_aside(value: str) -> None:
    rows = [book(5, second=second) for second in range(999)]
    frame = frame_of(file_of(*rows, book(5, last=f"104,{value},95,1"), header=BOOK_HEADER), dataset=BOOK_SNAPSHOT_5)
    assert frame.read().num_rows == 999
    assert set(counts(frame)) == {"ask_amounts_not_finite" if value in {"nan", "inf"} else "ask_amounts_not_positive"}


def test_books_are_sorted_with_their_levels() -> None:
    rows = [book(level, second=10 - level) for level in range(1, 6)]
    table = frame_of(file_of(*rows, header=BOOK_HEADER), dataset=BOOK_SNAPSHOT_5).read()
    missing = [sum(price != price for price in prices) for prices in values(table, "ask_prices")]  # noqa: PLR0124
    assert missing == [0, 1, 2, 3, 4]


def test_rows_kept_for_inspection_are_bounded_and_all_are_counted() -> None:
    frame = frame_of(file_of(*(trade() for _ in range(3_000)), *(trade(symbol="X") for _ in range(1_500))))
    frame.read()
    (set_aside,) = frame.quarantined
    assert set_aside.rows is not None
    assert (set_aside.count, set_aside.rows.num_rows) == (1_500, 1_000)
