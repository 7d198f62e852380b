"""The compiled parser: one pass over whole lines of CSV into flat arrays. It decides nothing but reports what it saw.

Numbers parse to exactly the double that Python's ``float`` gives: a decimal of at most 53 bits and a power of ten
of at most 22 are both exact as doubles, so one multiplication or division rounds once (Clinger 1990, "How to read
floating point numbers accurately"). Any other number is left to the caller, who asks ``float``.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from market_data_assets.sources.csv.tables import Kind, Sign

NULL_INTEGER = np.iinfo(np.int64).min

# Columns of the plan's fields. The last two are the words of SAME and CHOICE fields, and the bounds of BOUNDED times.
KIND, SLOT, STRIDE, FLAGS, FIRST, LAST = range(6)
REQUIRED, ANY_UNIT, BOUNDED, SIGN_SHIFT = 1, 2, 4, 3

# Why a row is set aside; stored as column * REASONS + reason.
FINE, MISSING, NOT_A_NUMBER, NOT_POSITIVE, NEGATIVE, NOT_ALLOWED, OUT_OF_BOUNDS, NOT_FINITE, HALF_LEVEL = range(9)
REASONS = 16

# Why the pass stopped.
DONE, TOO_FEW_FIELDS, TOO_MANY_FIELDS, NOT_AN_INTEGER, DEFERRED_FULL = range(5)

Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


class Plan(NamedTuple):
    """How each field of a row is read.

    Attributes:
        fields: One row per field in file order, with the columns named above; the value of row r goes to
            slot + r × stride.
        words: The words of SAME and CHOICE fields, end to end.
        word_begins: Where each word begins, and where the last one ends.
        word_codes: What each word means.
    """

    fields: Integers
    words: Bytes
    word_begins: Integers
    word_codes: npt.NDArray[np.int8]


class Outputs(NamedTuple):
    """Flat arrays that the pass fills.

    Attributes:
        integers, floats, codes: Values; empty fields are NULL_INTEGER and NaN.
        characters, character_ends: Bytes of text fields, one row per text slot, and where each value ends.
        status: Per row, FINE or why it is set aside: the first problem's column × REASONS + reason.
        row_begins: Where each line begins, and where the text ends.
    """

    integers: Integers
    floats: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int8]
    characters: npt.NDArray[np.uint8]
    character_ends: npt.NDArray[np.int32]
    status: npt.NDArray[np.int32]
    row_begins: Integers


_SKIP, _SAME, _CHOICE, _TIME, _INTEGER, _NUMBER, _TEXT = (int(kind) for kind in Kind)
_POSITIVE, _ZERO_IS_EMPTY = int(Sign.POSITIVE), int(Sign.ZERO_IS_EMPTY)
_LF, _CR, _PLUS, _COMMA, _MINUS, _DOT, _ZERO, _LOWER_E = 10, 13, 43, 44, 45, 46, 48, 101
_POWERS = np.array([float(f"1e{exponent}") for exponent in range(23)])
_EXACT_MANTISSA = 1 << 53
# Microseconds of this size lie in 1973 and milliseconds in 5138, so it parts the two for any market.
_MILLISECONDS_BELOW = 100_000_000_000_000

_njit: Any = numba.njit
_inner = _njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
_compiled = _njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)


@_inner
def _find_end(text: Bytes, begin: int) -> int:
    """Where the field that stands here ends. A carriage return that no line feed follows is found at the row's end."""
    position = begin
    while text[position] != _COMMA and text[position] != _LF and text[position] != _CR:
        position += 1
    return position


@_inner
def _read_digits(text: Bytes, begin: int, value: int) -> tuple[int, int]:
    """``value`` continued by the digits that stand here, and where they end. More than 18 digits may overflow."""
    position = begin
    digit = text[position] - _ZERO
    while 0 <= digit <= 9:
        value = value * 10 + digit
        position += 1
        digit = text[position] - _ZERO
    return value, position


@_inner
def _read_integer(text: Bytes, begin: int) -> tuple[int, int, bool]:
    """Value, end of its digits, and whether it is written the one usual way: no plus, no leading zero, 64 bits."""
    negative = text[begin] == _MINUS
    first = begin + 1 if negative else begin
    value, position = _read_digits(text, first, 0)
    digits = position - first
    # 19 digits may wrap once around 64 bits, which shows as a negative value; 20 or more are not taken.
    fits = 1 <= digits <= 19 and value >= 0
    usual = digits == 1 or text[first] != _ZERO
    if negative:
        return -value, position, fits and usual and value != 0
    return value, position, fits and usual


@_inner
def _read_number(text: Bytes, begin: int) -> tuple[float, int, bool, bool]:
    """Value, end of the number, whether it is a decimal number, and whether the value is exact to the last bit."""
    sign = text[begin]
    first = begin + 1 if sign == _MINUS or sign == _PLUS else begin  # noqa: PLR1714, SIM109
    mantissa, position = _read_digits(text, first, 0)
    digits = position - first
    scale = 0
    if text[position] == _DOT:
        dot = position + 1
        mantissa, position = _read_digits(text, dot, mantissa)
        scale = dot - position
        digits -= scale
    is_number = digits > 0
    if text[position] | 32 == _LOWER_E:
        position += 1
        exponent_sign = text[position]
        if exponent_sign == _MINUS or exponent_sign == _PLUS:  # noqa: PLR1714, SIM109
            position += 1
        exponent, end = _read_digits(text, position, 0)
        is_number = is_number and end > position
        # An exponent of many digits may have overflowed, and is left to float().
        exponent = exponent if end - position <= 4 else 10_000
        scale += -exponent if exponent_sign == _MINUS else exponent
        position = end
    exact = digits <= 18 and mantissa <= _EXACT_MANTISSA and -22 <= scale <= 22
    value = 0.0
    if exact:
        value = mantissa * _POWERS[scale] if scale >= 0 else mantissa / _POWERS[-scale]
    return -value if sign == _MINUS else value, position, is_number, exact


@_inner
def _find_word(text: Bytes, begin: int, end: int, words: Bytes, word_begins: Integers, fields: Integers, column: int) -> int:  # noqa: PLR0917
    """Index of the word that the field is, or -1."""
    word: int = fields[column, FIRST]
    while word < fields[column, LAST]:
        position = begin
        start = word_begins[word] - begin
        while position < end and text[position] == words[start + position]:
            position += 1
        if position == end and start + end == word_begins[word + 1]:
            return word
        word += 1
    return -1


@_compiled
def parse_rows(text: Bytes, plan: Plan, outputs: Outputs, deferred: Integers) -> tuple[int, int, int, int, bool]:  # noqa: PLR0912, PLR0915
    """Parse whole lines.

    Args:
        text: Bytes; the last one is a line feed.
        deferred: Receives column, row, begin, end of each number that ``float`` has to read.

    Returns:
        Rows parsed, numbers deferred, why the pass stopped, the column it stopped at, whether any value was empty.
    """
    fields = plan.fields
    columns = fields.shape[0]
    size = text.shape[0]
    position = 0
    row = 0
    put_off = 0
    any_empty = False
    while position < size:
        outputs.row_begins[row] = position
        problem = FINE
        column = 0
        while column < columns:
            kind = fields[column, KIND]
            flags = fields[column, FLAGS]
            target = fields[column, SLOT] + row * fields[column, STRIDE]
            begin = position
            trouble = FINE
            if kind == _NUMBER:
                value, position, is_number, exact = _read_number(text, begin)
                end = _find_end(text, position)
                if end == begin:
                    value = np.nan
                    any_empty = True
                elif not is_number or end != position:
                    trouble = NOT_A_NUMBER
                elif not exact:
                    if put_off == deferred.shape[0]:
                        return row, put_off, DEFERRED_FULL, column, any_empty
                    deferred[put_off, 0] = column
                    deferred[put_off, 1] = row
                    deferred[put_off, 2] = begin
                    deferred[put_off, 3] = end
                    put_off += 1
                elif value <= 0.0 and flags >> SIGN_SHIFT != 0:
                    if flags >> SIGN_SHIFT == _POSITIVE:
                        trouble = NOT_POSITIVE
                    elif value < 0.0:
                        trouble = NEGATIVE
                    elif flags >> SIGN_SHIFT == _ZERO_IS_EMPTY:
                        value = np.nan
                        any_empty = True
                outputs.floats[target] = value
            elif kind == _TIME or kind == _INTEGER:  # noqa: PLR1714, SIM109
                whole, position, is_integer = _read_integer(text, begin)
                end = _find_end(text, position)
                if end == begin:
                    whole = NULL_INTEGER
                    any_empty = True
                elif not is_integer or end != position:
                    return row, put_off, NOT_AN_INTEGER, column, any_empty
                elif flags & ANY_UNIT != 0 and 0 < whole < _MILLISECONDS_BELOW:
                    whole *= 1000
                if flags & BOUNDED != 0 and end != begin and (whole < fields[column, FIRST] or whole >= fields[column, LAST]):
                    if whole == 0 and flags & REQUIRED == 0:
                        whole = NULL_INTEGER
                        any_empty = True
                    else:
                        trouble = OUT_OF_BOUNDS
                outputs.integers[target] = whole
            else:
                end = _find_end(text, begin)
                if kind == _SAME or kind == _CHOICE:  # noqa: PLR1714, SIM109
                    word = _find_word(text, begin, end, plan.words, plan.word_begins, fields, column)
                    if word < 0:
                        trouble = NOT_ALLOWED
                    elif kind == _CHOICE:
                        outputs.codes[target] = plan.word_codes[word]
                elif kind == _TEXT:
                    slot = fields[column, SLOT]
                    written = outputs.character_ends[slot, row]
                    while position < end:
                        outputs.characters[slot, written + position - begin] = text[position]
                        position += 1
                    outputs.character_ends[slot, row + 1] = written + end - begin
            if end == begin and flags & REQUIRED != 0:
                trouble = MISSING
            if trouble != FINE and problem == FINE:
                problem = column * REASONS + trouble
            position = end + 1
            if column < columns - 1 and text[end] != _COMMA:
                return row, put_off, TOO_FEW_FIELDS, column, any_empty
            column += 1
        if text[position - 1] == _CR:
            position += 1
        if text[position - 1] != _LF:
            return row, put_off, TOO_MANY_FIELDS, columns - 1, any_empty
        outputs.status[row] = problem
        row += 1
    return row, put_off, DONE, columns - 1, any_empty
