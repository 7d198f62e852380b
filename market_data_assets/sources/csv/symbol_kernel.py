"""Compiled: of which symbol each line of a mixed CSV file is, and the lines of each symbol moved together."""

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from market_data_assets.sources.csv.kernel import Bytes, Integers

# Why labelling stopped.
DONE, NEW_SYMBOL, TOO_FEW_FIELDS = range(3)

_LF, _CR, _COMMA = 10, 13, 44
_HASH_START, _HASH_FACTOR, _HASH_MASK = 2_166_136_261, 16_777_619, 0xFFFF_FFFF

_njit: Any = numba.njit
_compiled = _njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)


class Words(NamedTuple):
    """The spellings of symbols seen so far, as a hash table.

    Attributes:
        slots: Number of the spelling that lies there, or -1; a power of two, at most half full.
        text: The spellings, end to end.
        begins: Where each spelling begins, and where the last one ends.
        labels: The symbol that each spelling stands for.
    """

    slots: npt.NDArray[np.int32]
    text: Bytes
    begins: Integers
    labels: Integers


class Lines(NamedTuple):
    """What is found out of the lines of one block.

    Attributes:
        begins: Where each line begins, and where the text ends.
        labels: The symbol of each line.
        bytes: Bytes of the lines of each symbol.
        rows: Lines of each symbol.
    """

    begins: Integers
    labels: Integers
    bytes: Integers
    rows: Integers


@_compiled
def label_lines(text: Bytes, column: int, words: Words, lines: Lines, row: int) -> tuple[int, int, int, int, int]:
    """Label lines from number ``row`` on, which begins at ``lines.begins[row]``.

    Args:
        text: Whole lines; the last byte is a line feed.
        column: Position of the symbol in a line, from 0.

    Returns:
        Lines labelled in all, why it stopped, and of a new symbol the slot it belongs in, its begin and its end.
    """
    slots = words.slots
    mask = slots.shape[0] - 1
    position = lines.begins[row]
    size = text.shape[0]
    while position < size:
        begin = position
        commas = 0
        while commas < column and text[begin] != _LF:
            if text[begin] == _COMMA:
                commas += 1
            begin += 1
        if commas < column:
            return row, TOO_FEW_FIELDS, 0, position, begin
        end = begin
        hashed = _HASH_START
        while text[end] != _COMMA and text[end] != _LF and text[end] != _CR:
            hashed = ((hashed ^ text[end]) * _HASH_FACTOR) & _HASH_MASK
            end += 1
        slot = hashed & mask
        found = -1
        while slots[slot] >= 0 and found < 0:
            word = slots[slot]
            start = words.begins[word]
            same = words.begins[word + 1] - start == end - begin
            offset = 0
            while same and offset < end - begin:
                same = words.text[start + offset] == text[begin + offset]
                offset += 1
            if same:
                found = words.labels[word]
            else:
                slot = (slot + 1) & mask
        if found < 0:
            return row, NEW_SYMBOL, slot, begin, end
        after = end
        while text[after] != _LF:
            after += 1
        after += 1
        lines.labels[row] = found
        lines.rows[found] += 1
        lines.bytes[found] += after - position
        position = after
        row += 1
        lines.begins[row] = position
    return row, DONE, 0, 0, 0


@_compiled
def gather_lines(text: Bytes, begins: Integers, labels: Integers, ends: Integers, output: Bytes) -> None:
    """Copy lines so that those of one symbol follow each other, in their order.

    Args:
        ends: Where the next line of each symbol goes in ``output``; moved along.
    """
    for row in range(labels.shape[0]):
        at = ends[labels[row]]
        begin = begins[row]
        length = begins[row + 1] - begin
        for offset in range(length):
            output[at + offset] = text[begin + offset]
        ends[labels[row]] = at + length
