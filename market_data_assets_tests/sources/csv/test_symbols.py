"""Labelling the lines of a mixed file with their symbols: nothing is lost, moved or mistaken for another."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.errors import DamagedFile, SchemaDrift, TooLarge
from market_data_assets.sources.csv import symbols
from market_data_assets.sources.csv.symbols import labelled_blocks

# Symbols of one or two letters, of which many are prefixes of each other, and some that need more room.
SYMBOLS = st.text("ABab", max_size=2) | st.sampled_from(["BTC-9JUN20-9875-P", "B" * 300, "é", "ÅÄÖ"])


def pieces(content: bytes, size: int) -> Iterable[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def grouped(content: bytes, *, size: int = 1 << 20, block: int = 1 << 22) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for labelled in labelled_blocks("a file", pieces(content, size), str, block):
        names = labelled.symbols.names
        for number, run in labelled.runs():
            found[names[number]] = found.get(names[number], b"") + run.tobytes()
    return found


@settings(max_examples=60)
@given(st.lists(SYMBOLS, max_size=60), st.integers(1, 3), st.integers(50, 500), st.sampled_from(["\n", "\r\n"]))
def test_the_lines_of_each_symbol_are_all_there_in_their_order(found: list[str], column: int, size: int, end: str) -> None:
    fields = ["first", "second", "third"]
    fields.insert(column, "symbol")
    lines = []
    for number, symbol in enumerate(found):
        cells = [str(number), "x", ""]
        cells.insert(column, symbol)
        lines.append(",".join(cells) + end)
    content = (",".join(fields) + end + "".join(lines)).encode()
    expected: dict[str, bytes] = {}
    for symbol, line in zip(found, lines, strict=True):
        expected[symbol] = expected.get(symbol, b"") + line.encode()
    assert grouped(content, size=size, block=4_096) == expected


def test_rows_are_counted_and_spellings_of_one_symbol_are_one_symbol() -> None:
    content = b"symbol,n\n" + b"".join(b"%s,%d\n" % (name, number) for number, name in enumerate([b"A/B", b"C", b"A-B", b"A/B"]))
    (block,) = labelled_blocks("a file", [content], lambda symbol: symbol.replace("/", "-"))
    assert block.symbols.names == ["A-B", "C"]
    assert block.symbols.spellings == [["A/B", "A-B"], ["C"]]
    assert block.symbols.rows.tolist() == [3, 1]
    assert [run.tobytes() for _, run in block.runs()] == [b"A/B,0\nA-B,2\nA/B,3\n", b"C,1\n"]


def test_the_first_and_the_last_column_may_be_the_symbol() -> None:
    assert grouped(b"symbol,n\nA,1\n,2\n") == {"A": b"A,1\n", "": b",2\n"}
    assert grouped(b"n,symbol\n1,A\n2,\n") == {"A": b"1,A\n", "": b"2,\n"}


def test_nothing_has_no_block_and_a_header_has_one_without_symbols() -> None:
    assert list(labelled_blocks("a file", [], str)) == []
    (block,) = labelled_blocks("a file", [b"exchange,symbol\n"], str)
    assert (list(block.header), block.symbols.names, list(block.runs())) == (["exchange", "symbol"], [], [])


@pytest.mark.parametrize("page", [b"<html>\n", b'{"error": "no"}\n', b"exchange,symbols,timestamp\n", b"no line end"])
def test_a_page_and_a_file_without_the_column_are_drift(page: bytes) -> None:
    with pytest.raises((SchemaDrift, DamagedFile), match=r"missing|no end"):
        grouped(page)


def test_a_line_without_a_symbol_is_damage_and_shown() -> None:
    with pytest.raises(DamagedFile, match=r"a row has no symbol, it ends before its field 2: 'short'"):
        grouped(b"exchange,symbol,price\nx,A,1\nshort\n")


def test_many_symbols_are_told_apart_and_more_than_any_market_has_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"symbol,n\n" + b"".join(b"S%d,%d\n" % (number % 20_000, number) for number in range(40_000))
    found = grouped(content, block=1 << 22)
    assert len(found) == 20_000
    assert found["S777"] == b"S777,777\nS777,20777\n"
    monkeypatch.setattr(symbols, "MOST_SYMBOLS", 19_999)
    with pytest.raises(TooLarge, match="19999 symbols"):
        grouped(content)
