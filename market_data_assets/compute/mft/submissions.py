"""Rows that downstream services submit: features of their own and signals. What a frame must keep to be taken."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.domain.datasets import TIMESTAMP, Column, Dataset, Encoding
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import BadData, SchemaDrift, UnknownInstrument, UnsafeName

_KNOWN_AT = "available_at"
_Flags = npt.NDArray[np.bool_]
_Column = Any
"""A column of a table, or what Arrow computes from one: its stubs do not tell the two apart."""


def custom_features(name: str) -> Dataset:
    """The table of features that a service computes itself: one row per instrument and instant, any columns beside the key."""
    return Dataset(
        tier="custom_features",
        name=name,
        partition=f"features-{name}",
        doc=f"Features {name}, written by downstream services through the package: one row per instrument and instant.",
        columns={
            "instrument_id": Column(pa.string(), "", "canonical id, VENUE:TYPE:SYMBOL", nullable=False, encoding=Encoding.DICTIONARY),
            "timestamp": Column(TIMESTAMP, "µs UTC", "instant that the row is about", nullable=False, encoding=Encoding.DELTA),
            _KNOWN_AT: Column(
                TIMESTAMP, "µs UTC", "when the row could first be known, not before timestamp", nullable=False, encoding=Encoding.DELTA
            ),
        },
        open_columns=True,
    )


def checked_rows(dataset: Dataset, rows: pa.Table) -> pa.Table:
    """A caller's rows in the contract's columns and types, sorted by the contract's key: instrument and time first.

    Columns may stand in any order; where the dataset is open, the caller's own follow as they are. Whole numbers become
    doubles, instants of any unit microseconds, if nothing is lost. Either every row keeps the rules or none is taken: a caller
    learns of all that is wrong, and nothing is dropped.

    Args:
        dataset: A contract with ``instrument_id``, ``timestamp`` and ``available_at``. Its key is every column that is never
            null but ``available_at``.
        rows: Any number of instruments and days. Instants need a time zone.

    Raises:
        SchemaDrift: columns missing, unknown or twice, or of a type that does not convert without loss.
        BadData: rows with nulls, empty text or numbers that are not finite in the contract's columns, an id that is none,
            available_at before timestamp, or a key that an earlier row has; the message counts each row by the first of these.
    """
    table = _in_types(dataset, rows)
    if rejected := _rejected(dataset, table):
        raise BadData(str(dataset), rows=table.num_rows, rejected=rejected)
    return dataset.conform(table.sort_by([(name, "ascending") for name in _key(dataset)]))


def _key(dataset: Dataset) -> list[str]:
    return [name for name, column in dataset.columns.items() if not column.nullable and name != _KNOWN_AT]


def _in_types(dataset: Dataset, rows: pa.Table) -> pa.Table:
    found = rows.column_names
    missing = [name for name in dataset.columns if name not in found]
    own = [name for name in found if name not in dataset.columns]
    twice = sorted({name for name in found if found.count(name) > 1})
    if missing or twice or (own and not dataset.open_columns):
        raise SchemaDrift(f"{dataset}: missing columns {missing}, unknown columns {own}, columns given twice {twice}")
    columns: dict[str, _Column] = {name: _converted(dataset, name, rows[name]) for name in dataset.columns}
    columns |= {name: rows[name] for name in own}
    return pa.table(columns)


def _converted(dataset: Dataset, name: str, column: _Column) -> _Column:
    expected, found = dataset.columns[name].type, column.type
    if pa.types.is_timestamp(found) and found.tz is None:
        raise SchemaDrift(f"{dataset}: column {name} is {found}, which has no time zone; expected {expected}")
    if not _is_of_kind(expected, found):
        raise SchemaDrift(f"{dataset}: column {name} is {found}, expected {expected}")
    try:
        return column.cast(expected)
    except pa.ArrowInvalid as error:
        raise SchemaDrift(f"{dataset}: column {name} is {found} and does not become {expected} without loss ({error})") from None


def _is_of_kind(expected: pa.DataType, found: pa.DataType) -> bool:
    """Whether casting keeps the meaning: Arrow would also make instants of numbers, and text of anything."""
    if pa.types.is_null(found):
        return True
    if pa.types.is_timestamp(expected):
        return pa.types.is_timestamp(found)
    if pa.types.is_string(expected):
        inner = found.value_type if isinstance(found, pa.DictionaryType) else found
        return pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner)
    return pa.types.is_integer(found) or pa.types.is_floating(found)


def _rejected(dataset: Dataset, table: pa.Table) -> dict[str, int]:
    """Reason → rows. A row that breaks several rules counts for the first."""
    rejected, seen = {}, np.zeros(table.num_rows, np.bool_)
    for reason, flags in _broken_rules(dataset, table):
        if found := int(np.count_nonzero(flags & ~seen)):
            rejected[reason] = found
        seen |= flags
    return rejected


def _broken_rules(dataset: Dataset, table: pa.Table) -> list[tuple[str, _Flags]]:
    timestamp, known_at = (_instants(table[name]) for name in ("timestamp", _KNOWN_AT))
    columns = dataset.columns.items()
    return [
        *((f"{name} is null", _flags(table[name].is_null())) for name, column in columns if not column.nullable),
        *((f"{name} is empty", _is_empty(table[name])) for name, column in columns if pa.types.is_string(column.type)),
        ("instrument_id is none", _is_no_instrument(table["instrument_id"])),
        *((f"{name} is not finite", _is_not_finite(table[name])) for name, column in columns if pa.types.is_floating(column.type)),
        ("available_at before timestamp", known_at < timestamp),
        ("repeated key", _repeats(table, _key(dataset))),
    ]


def _flags(column: _Column) -> _Flags:
    return np.asarray(column.to_numpy(), np.bool_)


def _instants(column: _Column) -> npt.NDArray[np.int64]:
    return np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy(), np.int64)


def _is_empty(column: _Column) -> _Flags:
    return _flags(pc.equal(pc.utf8_trim_whitespace(column), pa.scalar("")).fill_null(False))


def _is_not_finite(column: _Column) -> _Flags:
    return ~_flags(column.is_null()) & ~np.isfinite(np.asarray(column.to_numpy(), np.float64))


def _is_no_instrument(column: _Column) -> _Flags:
    """Not the canonical text of an id; an alias would become a second name of the same instrument."""
    wrong = [text for text in pc.unique(column).to_pylist() if text is not None and not _is_canonical(text)]
    return _flags(pc.is_in(column, value_set=pa.array(wrong, pa.string())))


def _is_canonical(text: str) -> bool:
    try:
        return str(InstrumentId.parse(text)) == text
    except (UnknownInstrument, UnsafeName):
        return False


def _repeats(table: pa.Table, key: list[str]) -> _Flags:
    """Rows whose key an earlier row has."""
    numbered = table.select(key).append_column("row", pa.array(np.arange(table.num_rows)))
    first = numbered.group_by(key).aggregate([("row", "min")])["row_min"]
    repeated = np.ones(table.num_rows, np.bool_)
    repeated[first.to_numpy()] = False
    return repeated
