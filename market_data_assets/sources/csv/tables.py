"""What a vendor's CSV file looks like: one field per column, and what each becomes. Nothing is parsed here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """How the text of a field is read. The numbers are those of the compiled parser."""

    SKIP = 0
    SAME = 1
    """One of a few spellings that every row of the file must have; becomes no column."""
    CHOICE = 2
    TIME = 3
    INTEGER = 4
    NUMBER = 5
    TEXT = 6


class Sign(IntEnum):
    """Which numbers a NUMBER field may hold. The numbers are those of the compiled parser."""

    ANY = 0
    POSITIVE = 1
    """Zero or less rejects the row."""
    NOT_NEGATIVE = 2
    """Less than zero rejects the row."""
    ZERO_IS_EMPTY = 3
    """Zero is how the venue says that there is none, and becomes null; less rejects the row."""


CENTURY = (946_684_800_000_000, 4_102_444_800_000_000)
"""2000-01-01 and 2100-01-01 in microseconds. Seconds, milliseconds and nanoseconds of our century all lie outside."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a vendor's file.

    Attributes:
        name: The vendor's name of the column; ``aliases`` are other names it has had.
        targets: Our columns that take the value; several where one value serves as both.
        required: An empty field rejects its row; otherwise it is null, and NaN in a list.
        sign: Which numbers the field may hold.
        level: Position in a fixed-size list column, best level first; None for a plain column.
        spellings: Text → value of a CHOICE.
        any_unit: The time is in milliseconds or microseconds, told apart by magnitude.
        in_day: A time more than one day off the file's day rejects the row.
        bounds: A time outside ``[first, second)`` rejects the row, in microseconds. Zero is then null if ``required`` is not set.
        factor: The text's number is multiplied by this, to give it the unit of our column.
        beside: The list column whose level must be missing too when this one's is.
        or_text: An INTEGER column that becomes text for a file in which not every value is an integer.
    """

    name: str
    kind: Kind
    targets: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    required: bool = True
    sign: Sign = Sign.ANY
    level: int | None = None
    spellings: Mapping[str, str] | None = None
    any_unit: bool = False
    in_day: bool = False
    bounds: tuple[int, int] | None = None
    factor: float = 1.0
    beside: str | None = None
    or_text: bool = False


@dataclass(frozen=True, slots=True)
class CsvTable:
    """The columns of one vendor data type.

    Attributes:
        fields: The columns that are needed. Others in the file are dropped and named in a warning.
        positions: The vendor's column names in order, for files without a header; empty where every file has one.
        order: Our column that rows are sorted by.
    """

    fields: tuple[Field, ...]
    positions: tuple[str, ...] = ()
    order: str = "timestamp"


def same(name: str) -> Field:
    """A column that repeats the file's own exchange or symbol; a row with another one is set aside."""
    return Field(name, Kind.SAME)


def time(name: str, *targets: str, aliases: tuple[str, ...] = (), any_unit: bool = False) -> Field:
    """An instant within a day of the file's day."""
    return Field(name, Kind.TIME, targets or (name,), aliases, any_unit=any_unit, in_day=True)


def skipped(name: str) -> Field:
    """A column that is known and not kept."""
    return Field(name, Kind.SKIP, required=False)


def instant(name: str, target: str | None = None) -> Field:
    """An instant of this century in microseconds, such as an expiry, that every row has."""
    return Field(name, Kind.TIME, (target or name,), bounds=CENTURY)


def optional_instant(name: str, target: str | None = None) -> Field:
    """An instant of this century in microseconds, such as the next funding; empty and 0 are null."""
    return Field(name, Kind.TIME, (target or name,), required=False, bounds=CENTURY)


def bar_time(name: str) -> Field:
    """Any instant in milliseconds or microseconds; the days of a file are not checked."""
    return Field(name, Kind.TIME, (name,), any_unit=True)


def identifier(name: str, target: str | None = None, aliases: tuple[str, ...] = ()) -> Field:
    """An id: integers where all of the file's are, else text; empty is null."""
    return Field(name, Kind.INTEGER, (target or name,), aliases, required=False, or_text=True)


def integer(name: str, target: str | None = None, aliases: tuple[str, ...] = ()) -> Field:
    """A count; a fraction or an exponent is refused."""
    return Field(name, Kind.INTEGER, (target or name,), aliases)


def choice(name: str, target: str, spellings: Mapping[str, str]) -> Field:
    """One of a few words."""
    return Field(name, Kind.CHOICE, (target,), spellings=spellings)


def quantity(name: str, target: str | None = None, aliases: tuple[str, ...] = ()) -> Field:
    """A number above zero, such as a price or an amount."""
    return Field(name, Kind.NUMBER, (target or name,), aliases, sign=Sign.POSITIVE)


def number(name: str, target: str | None = None, aliases: tuple[str, ...] = ()) -> Field:
    """A finite number that every row has."""
    return Field(name, Kind.NUMBER, (target or name,), aliases)


def optional_number(name: str, target: str | None = None, *, sign: Sign = Sign.ANY, factor: float = 1.0) -> Field:
    """A finite number, or null where the field is empty."""
    return Field(name, Kind.NUMBER, (target or name,), required=False, sign=sign, factor=factor)


def text(name: str, target: str | None = None) -> Field:
    """Text as it stands; empty is null."""
    return Field(name, Kind.TEXT, (target or name,), required=False)


def level(name: str, target: str, position: int, beside: str) -> Field:
    """A price or an amount of one book level; NaN where the level is missing, in both at once."""
    return Field(name, Kind.NUMBER, (target,), required=False, sign=Sign.POSITIVE, level=position, beside=beside)
