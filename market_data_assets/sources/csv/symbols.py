"""The lines of a mixed CSV file by their symbol, block by block in bounded memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from market_data_assets.errors import DamagedFile, SchemaDrift, TooLarge
from market_data_assets.sources.csv import symbol_kernel
from market_data_assets.sources.csv.blocks import BLOCK_BYTES, line_blocks, split_header
from market_data_assets.sources.csv.kernel import Bytes, Integers
from market_data_assets.sources.csv.symbol_kernel import Lines, Words

_Number = TypeVar("_Number", np.int64, np.uint8)
_SLOTS = 1 << 19
_COLUMN = "symbol"
MOST_SYMBOLS = 200_000
"""Of one file. The largest markets have some thousand a day; without a bound, a broken file could fill the memory."""


class SymbolLines:
    """Labels the lines of one file with their symbols, which are numbered as they are met.

    Attributes:
        rows: Lines of each symbol so far, by its number.
        spellings: How the rows spell each symbol, by its number.
    """

    def __init__(self, what: str, column: int, name: Callable[[str], str]) -> None:
        """``column``: position of the symbol in a line, from 0; ``name``: a symbol's one name, however it is spelled."""
        self._what, self._column, self._name = what, column, name
        self._slots = np.full(_SLOTS, -1, dtype=np.int32)
        self._text = np.empty(1 << 10, dtype=np.uint8)
        self._begins = np.zeros(1 << 6, dtype=np.int64)
        self._labels = np.zeros(1 << 6, dtype=np.int64)
        self._words = 0
        self._numbers: dict[str, int] = {}
        self.spellings: list[list[str]] = []
        self.rows: Integers = np.zeros(0, dtype=np.int64)

    @property
    def names(self) -> list[str]:
        """The name of each symbol, by its number."""
        return list(self._numbers)

    def label(self, text: Bytes) -> Lines:
        """The lines of a block of whole lines.

        Raises:
            DamagedFile: a line that has no symbol column.
            TooLarge: more symbols than any market has.
        """
        rows = text.tobytes().count(b"\n")
        begins, labels = np.zeros(rows + 1, dtype=np.int64), np.empty(rows, dtype=np.int64)
        lines = Lines(begins, labels, self._zeros(), self._zeros())
        row = 0
        while True:
            row, stop, slot, begin, end = symbol_kernel.label_lines(text, self._column, self._table(), lines, row)
            if stop == symbol_kernel.DONE:
                break
            if stop == symbol_kernel.TOO_FEW_FIELDS:
                line = text[begin:end].tobytes().decode(errors="replace")
                raise DamagedFile(f"{self._what}: a row has no symbol, it ends before its field {self._column + 1}: {line[:200]!r}")
            self._add(slot, text[begin:end].tobytes())
            lines = lines._replace(bytes=_grown(lines.bytes, len(self.spellings)), rows=_grown(lines.rows, len(self.spellings)))
        known = len(self.spellings)
        lines = lines._replace(bytes=lines.bytes[:known], rows=lines.rows[:known])
        totals = lines.rows.copy()
        totals[: len(self.rows)] += self.rows
        self.rows = totals
        return lines

    def _add(self, slot: int, spelling: bytes) -> None:
        if self._words == MOST_SYMBOLS:
            raise TooLarge(self._what, limit=f"{MOST_SYMBOLS} symbols")
        text = spelling.decode(errors="replace")
        number = self._numbers.setdefault(self._name(text), len(self._numbers))
        if number == len(self.spellings):
            self.spellings.append([])
        self.spellings[number].append(text)
        begin = int(self._begins[self._words])
        end = begin + len(spelling)
        self._text = _grown(self._text, end)
        self._begins = _grown(self._begins, self._words + 2)
        self._labels = _grown(self._labels, self._words + 1)
        self._text[begin:end] = np.frombuffer(spelling, dtype=np.uint8)
        self._begins[self._words + 1] = end
        self._labels[self._words] = number
        self._slots[slot] = self._words
        self._words += 1

    def _table(self) -> Words:
        return Words(self._slots, self._text, self._begins, self._labels)

    def _zeros(self) -> Integers:
        return np.zeros(len(self.spellings), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class LabelledBlock:
    """A block of lines with their symbols; valid until the next is asked for.

    Attributes:
        header: The file's column names.
        symbols: All symbols of the file so far.
    """

    header: Sequence[str]
    symbols: SymbolLines
    text: Bytes
    lines: Lines

    def runs(self) -> Iterator[tuple[int, Bytes]]:
        """The number of each symbol that has lines here, with all of them, in their order."""
        output = np.empty(len(self.text), dtype=np.uint8)
        ends = np.cumsum(self.lines.bytes)
        begins = ends - self.lines.bytes
        symbol_kernel.gather_lines(self.text, self.lines.begins, self.lines.labels, begins.copy(), output)
        for number in np.flatnonzero(self.lines.bytes).tolist():
            yield number, output[begins[number] : ends[number]]


def labelled_blocks(what: str, chunks: Iterable[bytes], name: Callable[[str], str], size: int = BLOCK_BYTES) -> Iterator[LabelledBlock]:
    """A mixed file in blocks of whole lines; none for a file of nothing at all, one for a header.

    Args:
        what: The file, dataset and day, for messages.
        chunks: The uncompressed content, in pieces of at most 1 MiB.
        name: A symbol's one name, however rows spell it.
        size: Bytes of a block.

    Raises:
        SchemaDrift: no header, or none with a symbol column.
        DamagedFile: the last line is cut, or a line has no symbol.
        TooLarge: more symbols than any market has.
    """
    header: Sequence[str] = ()
    symbols: SymbolLines | None = None
    for block in line_blocks(what, chunks, size):
        text = block
        if symbols is None:
            header, text = split_header(what, block)
            if _COLUMN not in header:
                raise SchemaDrift(f"{what}: columns ['{_COLUMN}'] are missing; the file has {[field[:40] for field in header[:130]]}")
            symbols = SymbolLines(what, header.index(_COLUMN), name)
        yield LabelledBlock(header, symbols, text, symbols.label(text))


def _grown(values: "npt.NDArray[_Number]", size: int) -> "npt.NDArray[_Number]":
    """``values`` with room for at least ``size`` of them; new ones are 0. Room doubles, so that adding one by one stays cheap."""
    if size <= len(values):
        return values
    grown = np.zeros(max(size, 2 * len(values)), dtype=values.dtype)
    grown[: len(values)] = values
    return grown
