"""Bad input, for every raw data type: what is missing, retyped, impossible, misplaced, repeated or out of order."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.datasets import SchemaWidened
from market_data_assets.domain.schemas import RAW
from market_data_assets.errors import BadData, SchemaDrift, Unusable
from market_data_assets.sources.tardis_tables import TABLES
from market_data_assets_tests.sources.csv.frames import DAY, SECOND, START, counts, frame_of, values
from market_data_assets_tests.sources.csv.vendor_lines import CELLS, DATASETS, columns, frame, header, line, text_of

DATA_TYPES = sorted(CELLS)
EVERY = pytest.mark.parametrize("data_type", DATA_TYPES)
DAY_SECONDS = 86_400


def test_every_raw_data_type_is_read_and_tried_here() -> None:
    assert {dataset.name for dataset in RAW} == set(TABLES) == set(DATA_TYPES)


@EVERY
def test_a_good_line_becomes_a_row_of_the_declared_schema(data_type: str) -> None:
    read = frame(data_type, line(data_type, 1.5))
    table = read.read()
    assert table.schema.equals(DATASETS[data_type].schema)
    assert table.num_rows == 1
    assert table.column("timestamp")[0].value == START + 1_500_000
    assert table.column("local_timestamp")[0].value == START + 1_500_005
    assert read.quarantined == ()
    assert [name for name in table.column_names if table.column(name).null_count] == []


@EVERY
@settings(max_examples=10)
@given(random=st.randoms(use_true_random=False))
def test_the_order_of_columns_does_not_matter(data_type: str, random: Random) -> None:
    lines = [columns(data_type), *(line(data_type, second).split(",") for second in range(3))]
    order = list(range(len(lines[0])))
    random.shuffle(order)
    permuted = "".join(",".join(row[index] for index in order) + "\n" for row in lines)
    straight = "".join(",".join(row) + "\n" for row in lines)
    dataset = DATASETS[data_type]
    assert frame_of(permuted, dataset=dataset).read().equals(frame_of(straight, dataset=dataset).read())


@EVERY
def test_any_missing_column_is_drift_and_named(data_type: str) -> None:
    row = line(data_type).split(",")
    for index, name in enumerate(columns(data_type)):
        kept = [",".join(cell for position, cell in enumerate(cells) if position != index) for cells in (columns(data_type), row)]
        with pytest.raises(SchemaDrift, match="are missing") as caught:
            frame_of("".join(f"{text}\n" for text in kept), dataset=DATASETS[data_type]).read()
        assert f"['{name}']" in str(caught.value)


@EVERY
def test_an_extra_column_is_dropped_with_a_warning_and_a_repeated_one_is_drift(data_type: str, caplog: pytest.LogCaptureFixture) -> None:
    plain = frame(data_type, line(data_type)).read()
    extra = frame_of(f"{header(data_type)},liquidity\n{line(data_type)},taker\n", dataset=DATASETS[data_type])
    assert extra.read().equals(plain)
    assert "['liquidity'] are not known and were dropped" in caplog.text
    with pytest.raises(SchemaDrift, match="twice"):
        frame_of(f"{header(data_type)},timestamp\n{line(data_type)},1\n", dataset=DATASETS[data_type]).read()


@EVERY
def test_nothing_and_a_lone_header_are_an_empty_day(data_type: str) -> None:
    for content in ("", text_of(data_type)):
        assert frame_of(content, dataset=DATASETS[data_type]).read().equals(DATASETS[data_type].schema.empty_table())


@EVERY
@pytest.mark.parametrize("page", ["<html><body>Bad gateway</body></html>\n", '{"error": "no"}\n', '[{"price": 1,\n'])
def test_a_page_is_drift_and_no_empty_day(data_type: str, page: str) -> None:
    with pytest.raises(SchemaDrift, match="missing"):
        frame_of(page, dataset=DATASETS[data_type]).read()


@EVERY
@pytest.mark.parametrize(("factor", "unit"), [(1_000, "milliseconds"), (1_000_000, "seconds"), (0.001, "nanoseconds")])
def test_times_in_another_unit_are_refused_with_its_name(data_type: str, factor: float, unit: str) -> None:
    scaled = str(START * 1_000 if factor < 1 else START // int(factor))
    with pytest.raises(SchemaDrift, match=f"{scaled} looks like {unit}, expected microseconds"):
        frame(data_type, line(data_type, timestamp=scaled, local_timestamp=scaled)).read()


@pytest.mark.parametrize(("data_type", "column"), [("derivative_ticker", "funding_timestamp"), ("options_chain", "expiration")])
@pytest.mark.parametrize(("factor", "unit"), [(1_000, "milliseconds"), (1_000_000, "seconds"), (0.001, "nanoseconds")])
def test_other_instants_in_another_unit_are_refused_with_its_name(data_type: str, column: str, factor: float, unit: str) -> None:
    instant = int(CELLS[data_type][column])
    scaled = str(instant * 1_000 if factor < 1 else instant // int(factor))
    with pytest.raises(SchemaDrift, match=f"1 of 1 {column} are not of this century; {scaled} looks like {unit}, expected microseconds"):
        frame(data_type, line(data_type, **{column: scaled})).read()


@EVERY
def test_a_time_that_is_no_integer_is_drift(data_type: str) -> None:
    for text in ("1.72308E+15", "2024-08-08T00:00:00Z", "x"):
        with pytest.raises(SchemaDrift, match=r"timestamp is .* expected an integer"):
            frame(data_type, line(data_type, timestamp=text)).read()


@EVERY
def test_times_up_to_a_day_off_stay_and_others_are_set_aside(data_type: str) -> None:
    inside = [-DAY_SECONDS, 0, 2 * DAY_SECONDS - 1]
    outside = [-DAY_SECONDS - 1, 2 * DAY_SECONDS]
    read = frame(data_type, *(line(data_type, second) for second in (*inside, *outside)))
    assert read.read().num_rows == len(inside)
    assert counts(read) == {"out_of_day": 2}


@EVERY
def test_a_file_of_another_day_is_refused(data_type: str) -> None:
    with pytest.raises(BadData, match=r"2 of 2 rows rejected \(2 out_of_day\)") as caught:
        frame(data_type, line(data_type, 9 * DAY_SECONDS), line(data_type, 9 * DAY_SECONDS + 1)).read()
    assert str(DAY) in str(caught.value)


@EVERY
def test_rows_of_another_symbol_are_set_aside_and_a_file_of_them_is_refused(data_type: str) -> None:
    read = frame(data_type, line(data_type), line(data_type), line(data_type, symbol="ETHUSDT"))
    assert read.read().num_rows == 2
    assert counts(read) == {"other_symbol": 1}
    with pytest.raises(BadData, match="other_symbol"):
        frame(data_type, line(data_type, symbol="ETHUSDT")).read()


NOT_NUMBERS = {"id", "side", "type", "expiration", "funding_timestamp", "underlying_index"}
NUMBERS = [(data_type, name) for data_type in DATA_TYPES for name in CELLS[data_type] if name not in NOT_NUMBERS]
ANY_SIGN = {
    *(("derivative_ticker", name) for name in ("funding_rate", "predicted_funding_rate")),
    *(("options_chain", greek) for greek in ("delta", "gamma", "vega", "theta", "rho")),
}
NOT_NEGATIVE = {("derivative_ticker", "open_interest"), ("options_chain", "open_interest"), ("options_chain", "mark_price")}
ZERO_IS_EMPTY = {
    *(("options_chain", f"{side}_{quantity}") for side in ("bid", "ask") for quantity in ("price", "amount", "iv")),
    *(("options_chain", name) for name in ("last_price", "mark_iv", "underlying_price")),
}
POSITIVE = set(NUMBERS) - ANY_SIGN - NOT_NEGATIVE - ZERO_IS_EMPTY


def our_column(column: str) -> str:
    """``asks[3].price`` is in ``ask_prices``; all other columns keep their name."""
    side, bracket, quantity = column.partition("s[")
    return f"{side}_{quantity.partition('.')[2]}s" if bracket else column


@pytest.mark.parametrize(("data_type", "column"), NUMBERS, ids=lambda value: value)
def test_impossible_numbers_are_rejected_with_their_reason_and_legal_ones_are_not(data_type: str, column: str) -> None:
    texts = ["-1", "-0.5", "0", "-0", "nan", "-inf", "Infinity", "1e400", "x"]
    with pytest.raises(BadData) as caught:
        frame(data_type, line(data_type), *(line(data_type, **{column: text}) for text in texts)).read()
    name = our_column(column)
    expected = {f"{name}_not_finite": 4, f"{name}_not_a_number": 1}
    if (data_type, column) in POSITIVE:
        expected[f"{name}_not_positive"] = 4
    elif (data_type, column) not in ANY_SIGN:
        expected[f"{name}_negative"] = 2
    assert caught.value.rejected == expected


@pytest.mark.parametrize(("data_type", "column"), sorted(NOT_NEGATIVE | ZERO_IS_EMPTY | {("options_chain", "delta")}))
@pytest.mark.parametrize("zero", ["0", "0.000", "0e5", "-0.0", "0.0000000000000000000000000"])
def test_zero_is_a_value_or_says_that_there_is_none(data_type: str, column: str, zero: str) -> None:
    read = frame(data_type, line(data_type), line(data_type, 1, **{column: zero}))
    assert values(read.read(), column)[1] == (None if (data_type, column) in ZERO_IS_EMPTY else 0)
    assert read.quarantined == ()


@pytest.mark.parametrize(("data_type", "column"), [pair for pair in NUMBERS if "[" not in pair[1]], ids=lambda value: value)
def test_an_empty_number_is_null_or_rejects_its_row(data_type: str, column: str) -> None:
    read = frame(data_type, *(line(data_type) for _ in range(999)), line(data_type, 1, **{column: ""}))
    if DATASETS[data_type].columns[column].nullable:
        assert values(read.read(), column)[-1] is None
        assert read.quarantined == ()
    else:
        assert read.read().num_rows == 999
        assert counts(read) == {f"{column}_missing": 1}


def test_an_empty_or_zero_funding_time_is_null_and_an_expiry_is_needed() -> None:
    tickers = frame("derivative_ticker", line("derivative_ticker", funding_timestamp=""), line("derivative_ticker", funding_timestamp="0"))
    assert values(tickers.read(), "funding_timestamp") == [None, None]
    for text, reason in (("", "expiration_missing"), ("0", "expiration_out_of_range")):
        with pytest.raises(BadData, match=reason):
            frame("options_chain", line("options_chain", expiration=text)).read()


def test_words_are_those_of_the_vendor() -> None:
    for data_type, column, word in (("liquidations", "side", "long"), ("options_chain", "type", "C")):
        with pytest.raises(BadData, match="not_allowed"):
            frame(data_type, line(data_type, **{column: word})).read()
    assert values(frame("options_chain", line("options_chain", type="call")).read(), "option_type") == ["call"]
    assert values(frame("options_chain", line("options_chain", underlying_index="")).read(), "underlying_index") == [None]


@EVERY
def test_most_of_a_column_being_text_is_drift(data_type: str) -> None:
    column = next(name for name in CELLS[data_type] if (data_type, name) in NUMBERS)
    with pytest.raises(SchemaDrift, match="hold text where a number was expected"):
        frame(data_type, *(line(data_type, **{column: "cheap"}) for _ in range(3))).read()


@EVERY
@settings(max_examples=30)
@given(seconds=st.lists(st.integers(0, 20), max_size=40))
def test_rows_are_sorted_by_time_then_as_in_the_file_and_repeated_ones_stay(data_type: str, seconds: list[int]) -> None:
    arrival = [str(START + index) for index in range(len(seconds))]
    lines = [line(data_type, second, local_timestamp=arrived) for second, arrived in zip(seconds, arrival, strict=True)]
    table = frame(data_type, *lines).read()
    order = sorted(range(len(seconds)), key=lambda index: seconds[index])
    assert [value.value for value in table.column("timestamp")] == [START + seconds[index] * SECOND for index in order]
    assert [value.value for value in table.column("local_timestamp")] == [START + index for index in order]


@EVERY
@pytest.mark.parametrize("window", [2_000, 20_000])
def test_values_move_with_their_row_when_rows_are_sorted(data_type: str, window: int) -> None:
    names = [name for name in CELLS[data_type] if (data_type, name) in NUMBERS]
    seconds = [(index * 37) % 101 for index in range(101)]
    lines = [line(data_type, second, **{names[0]: str(second + 1)}) for second in seconds]
    read = frame_of(text_of(data_type, *lines), dataset=DATASETS[data_type], window=window)
    try:
        table = read.read()
    except SchemaWidened:
        table = read.read()
    column = next(name for name in table.column_names if name not in {"timestamp", "local_timestamp", "id", "side", "option_type"})
    column = {"derivative_ticker": "funding_rate", "options_chain": "strike_price"}.get(data_type, column)
    firsts = [value[0] if isinstance(value, list) else value for value in values(table, column)]
    assert firsts == [float(second + 1) for second in sorted(seconds)]


@EVERY
@settings(max_examples=30)
@given(cut=st.integers(1, 60), pieces=st.integers(1, 4_000))
def test_a_cut_file_is_refused_wherever_it_is_cut_and_however_it_arrives(data_type: str, cut: int, pieces: int) -> None:
    text = text_of(data_type, *(line(data_type, second) for second in range(30)))
    kept = text[:-cut] if not text[:-cut].endswith("\n") else text[: -cut - 1]
    with pytest.raises(Unusable, match=r"no end|fields"):
        frame_of(kept, dataset=DATASETS[data_type], pieces=pieces).read()


@settings(max_examples=30)
@given(st.lists(st.tuples(*[st.one_of(st.none(), st.floats(0.01, 400).map(lambda value: round(value, 2)))] * 3), max_size=12))
def test_volatilities_keep_their_nulls_and_values(rows: list[tuple[float | None, ...]]) -> None:
    texts = [["" if value is None else str(value) for value in row] for row in rows]
    read = frame("options_chain", *(line("options_chain", i, bid_iv=b, ask_iv=a, mark_iv=m) for i, (b, a, m) in enumerate(texts)))
    table = read.read()
    got = list(zip(*(values(table, name) for name in ("bid_iv", "ask_iv", "mark_iv")), strict=True))
    assert got == list(rows)
    assert not any(isinstance(value, float) and math.isnan(value) for row in got for value in row)
