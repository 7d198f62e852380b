"""The columns of one file: matched by name to what its table declares, and parsed block by block to Arrow."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.domain.datasets import SchemaWidened
from market_data_assets.errors import DamagedFile, SchemaDrift
from market_data_assets.sources.csv import kernel
from market_data_assets.sources.csv.kernel import Bytes
from market_data_assets.sources.csv.rejections import Rejections
from market_data_assets.sources.csv.tables import CsvTable, Field, Kind, Sign, skipped

_LOGGER = logging.getLogger(__name__)
_FEW_DEFERRED = 4_096
_DECIMALS = 12


def match_fields(what: str, table: CsvTable, header: Sequence[str]) -> tuple[Field, ...]:
    """The field of each of the file's columns, in the file's order; columns that are not needed are skipped.

    Raises:
        SchemaDrift: a column is missing or stands there twice.
    """
    known = {name: field for field in table.fields for name in (field.name, *field.aliases)}
    fields = tuple(known.get(name, skipped(name)) for name in header)
    found = [field.name for field in fields]
    missing = [field.name for field in table.fields if field.kind != Kind.SKIP and field.name not in found]
    if missing or len(set(found)) != len(found):
        problem = f"columns {missing} are missing" if missing else "a column stands there twice"
        raise SchemaDrift(f"{what}: {problem}; the file has {[name[:40] for name in header[:130]]}")
    if extra := [name for name in header if name not in known]:
        _LOGGER.warning("%s: columns %s are not known and were dropped", what, extra)
    return fields


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the values of one target stand in the flat array of its kind.

    Attributes:
        unit: Index of its first value per row, in units of the block's rows.
        width: Values per row: the levels of a list, else 1.
    """

    kind: Kind
    unit: int
    width: int


class BlockParser:
    """Parses blocks of one file. The schema is fixed once built."""

    def __init__(
        self,
        *,
        fields: Sequence[Field],
        schema: pa.Schema,
        same: Mapping[str, Sequence[str]],
        rejections: Rejections,
        ids_are_text: bool,
    ) -> None:
        """``same``: the spellings that the rows' exchange and symbol may have, by column."""
        self._fields = tuple(replace(field, kind=Kind.TEXT) if field.or_text and ids_are_text else field for field in fields)
        self._rejections = rejections
        self._layouts, self._units = _lay_out(self._fields, schema)
        self.schema = _with_text_ids(schema, self._fields)
        self._plan, self._values = _plan(self._fields, same, rejections.day_bounds)
        self._factors = {field.targets[0]: field.factor for field in self._fields if field.factor != 1.0}
        self._deferred = np.empty((_FEW_DEFERRED, 4), dtype=np.int64)

    def parse(self, text: Bytes) -> pa.RecordBatch:
        """The good rows of a block of whole lines, in file order.

        Raises:
            SchemaWidened: an id is not an integer; parse the file again with text ids.
            SchemaDrift: a time or a count that is not an integer, or text that is not UTF-8.
            Unusable: a row with too few or too many fields.
        """
        rows = text.tobytes().count(b"\n")
        outputs = _new_outputs(rows, len(text), self._units)
        any_empty = self._run(text, outputs)
        status, rejections = outputs.status, self._rejections
        if any_empty:
            self._reject_half_levels(outputs)
        rejections.rows += rows
        keep = None
        if status.any():
            rejections.add(text, status, outputs.row_begins)
            keep = status == kernel.FINE
        return self._batch(outputs, keep, any_empty)

    def _run(self, text: Bytes, outputs: kernel.Outputs) -> bool:
        rows = len(outputs.status)
        fields = self._plan.fields.copy()
        for column, field in enumerate(self._fields):
            layout = self._layouts.get(field.targets[0]) if field.targets else None
            if layout is not None:
                fields[column, kernel.SLOT] = layout.unit if field.kind == Kind.TEXT else layout.unit * rows + (field.level or 0)
                fields[column, kernel.STRIDE] = layout.width
        while True:
            row, deferred, stop, column, any_empty = kernel.parse_rows(text, self._plan._replace(fields=fields), outputs, self._deferred)
            if stop != kernel.DEFERRED_FULL:
                break
            self._deferred = np.empty((4 * len(self._deferred), 4), dtype=np.int64)
        if stop != kernel.DONE:
            raise self._stopped(text, int(outputs.row_begins[row]), row, stop, column)
        return self._read_deferred(text, fields, outputs, deferred) or bool(any_empty)

    def _stopped(self, text: Bytes, begin: int, row: int, stop: int, column: int) -> Exception:
        line = text[begin:][:2_000].tobytes().split(b"\n", 1)[0].decode(errors="replace")
        what = f"{self._rejections.what}: row {self._rejections.rows + row + 1}"
        if stop == kernel.NOT_AN_INTEGER:
            field = self._fields[column]
            value = line.split(",")[column]
            if field.or_text:
                return SchemaWidened(f"{what}: {field.name} {value!r} is not an integer, so the file's ids are text")
            return SchemaDrift(f"{what}: {field.name} is {value!r}, expected an integer without an exponent")
        return DamagedFile(f"{what} has {line.count(',') + 1} fields, expected {len(self._fields)}: {line[:200]!r}")

    def _read_deferred(self, text: Bytes, fields: kernel.Integers, outputs: kernel.Outputs, count: int) -> bool:
        """Read the numbers that the compiled parser left, and say whether any of them stands for an empty field."""
        is_empty = False
        for column, row, begin, end in self._deferred[:count].tolist():
            value = float(text[begin:end].tobytes())
            sign = self._fields[column].sign
            problem = kernel.FINE
            if not np.isfinite(value):
                problem = kernel.NOT_FINITE
            elif value <= 0 and sign == Sign.POSITIVE:
                problem = kernel.NOT_POSITIVE
            elif value < 0 and sign != Sign.ANY:
                problem = kernel.NEGATIVE
            elif value == 0 and sign == Sign.ZERO_IS_EMPTY:
                value, is_empty = np.nan, True
            outputs.floats[fields[column, kernel.SLOT] + row * fields[column, kernel.STRIDE]] = value
            if problem != kernel.FINE and outputs.status[row] == kernel.FINE:
                outputs.status[row] = column * kernel.REASONS + problem
        return is_empty

    def _reject_half_levels(self, outputs: kernel.Outputs) -> None:
        for column, field in enumerate(self._fields):
            if field.beside is not None and field.level == 0:
                mine = np.isnan(self._values_of(field.targets[0], outputs))
                other = np.isnan(self._values_of(field.beside, outputs))
                halves = (mine != other).any(axis=1) & (outputs.status == kernel.FINE)
                outputs.status[halves] = column * kernel.REASONS + kernel.HALF_LEVEL

    def _values_of(self, target: str, outputs: kernel.Outputs) -> npt.NDArray[np.float64]:
        layout = self._layouts[target]
        begin = layout.unit * len(outputs.status)
        return outputs.floats[begin : begin + layout.width * len(outputs.status)].reshape(len(outputs.status), layout.width)

    def _batch(self, outputs: kernel.Outputs, keep: npt.NDArray[np.bool_] | None, any_empty: bool) -> pa.RecordBatch:
        arrays = [self._array(field.name, outputs, keep, any_empty) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _array(self, target: str, outputs: kernel.Outputs, keep: npt.NDArray[np.bool_] | None, any_empty: bool) -> "pa.Array[Any]":
        layout, type_ = self._layouts[target], self.schema.field(target).type
        rows = slice(layout.unit * len(outputs.status), (layout.unit + 1) * len(outputs.status))
        if layout.kind == Kind.TEXT:
            return self._text_array(target, outputs, layout.unit, keep)
        if layout.kind == Kind.CHOICE:
            codes = outputs.codes[rows]
            return pa.DictionaryArray.from_arrays(_wrap(codes if keep is None else codes[keep], pa.int8()), self._values[target])
        if layout.kind in {Kind.TIME, Kind.INTEGER}:
            integers = outputs.integers[rows] if keep is None else outputs.integers[rows][keep]
            nulls = integers == kernel.NULL_INTEGER if any_empty else None
            return pa.array(integers, mask=nulls).cast(type_) if any_empty else _wrap(integers, type_)
        floats = self._values_of(target, outputs)
        floats = (floats if keep is None else floats[keep]).reshape(-1)
        if factor := self._factors.get(target):
            # Rounded, since a product of decimals is a decimal: 0.5512 is 55.12 percent, not 55.120000000000005.
            floats = np.round(floats * factor, _DECIMALS)
        if pa.types.is_fixed_size_list(type_):
            return pa.FixedSizeListArray.from_arrays(_wrap(floats, pa.float64()), layout.width)
        return pa.array(floats, mask=np.isnan(floats)) if any_empty else _wrap(floats, type_)

    def _text_array(self, target: str, outputs: kernel.Outputs, slot: int, keep: npt.NDArray[np.bool_] | None) -> "pa.Array[Any]":
        ends = outputs.character_ends[slot]
        empty = np.diff(ends) == 0
        valid = pa.py_buffer(np.packbits(~empty, bitorder="little").tobytes()) if empty.any() else None
        characters = pa.py_buffer(outputs.characters[slot, : ends[-1]].tobytes())
        array = pa.StringArray.from_buffers(len(outputs.status), pa.py_buffer(ends.tobytes()), characters, valid, int(empty.sum()))
        try:
            array.validate(full=True)
        except pa.ArrowInvalid:
            raise SchemaDrift(f"{self._rejections.what}: {target} holds text that is not UTF-8") from None
        return array if keep is None else array.filter(pa.array(keep))


def _new_outputs(rows: int, text_bytes: int, units: Mapping[Kind, int]) -> kernel.Outputs:
    """Flat arrays for one block. Fresh for each: Arrow arrays keep them."""
    return kernel.Outputs(
        integers=np.empty(units[Kind.INTEGER] * rows, dtype=np.int64),
        floats=np.empty(units[Kind.NUMBER] * rows, dtype=np.float64),
        codes=np.zeros(units[Kind.CHOICE] * rows, dtype=np.int8),
        characters=np.empty((units[Kind.TEXT], text_bytes), dtype=np.uint8),
        character_ends=np.zeros((units[Kind.TEXT], rows + 1), dtype=np.int32),
        status=np.empty(rows, dtype=np.int32),
        row_begins=np.full(rows + 1, text_bytes, dtype=np.int64),
    )


def _wrap(values: npt.NDArray[np.generic], type_: pa.DataType) -> "pa.Array[Any]":
    """An Arrow array over the memory of ``values``, without a copy."""
    return pa.Array.from_buffers(type_, len(values), [None, pa.py_buffer(np.ascontiguousarray(values).data)])


def _lay_out(fields: Sequence[Field], schema: pa.Schema) -> tuple[dict[str, _Layout], dict[Kind, int]]:
    units = {Kind.INTEGER: 0, Kind.NUMBER: 0, Kind.CHOICE: 0, Kind.TEXT: 0}
    layouts: dict[str, _Layout] = {}
    for field in fields:
        if not field.targets or field.targets[0] in layouts:
            continue
        type_ = schema.field(field.targets[0]).type
        width = type_.list_size if pa.types.is_fixed_size_list(type_) else 1
        family = Kind.INTEGER if field.kind == Kind.TIME else field.kind
        layouts.update(dict.fromkeys(field.targets, _Layout(field.kind, units[family], width)))
        units[family] += width
    return layouts, units


def _with_text_ids(schema: pa.Schema, fields: Sequence[Field]) -> pa.Schema:
    text = {target for field in fields if field.or_text and field.kind == Kind.TEXT for target in field.targets}
    return pa.schema([field.with_type(pa.string()) if field.name in text else field for field in schema])


def _plan(
    fields: Sequence[Field], same: Mapping[str, Sequence[str]], day_bounds: tuple[int, int]
) -> tuple[kernel.Plan, dict[str, "pa.Array[Any]"]]:
    """The parser's plan without slots, and the dictionary of each CHOICE."""
    plan = np.zeros((len(fields), 6), dtype=np.int64)
    words: list[bytes] = []
    codes: list[int] = []
    dictionaries: dict[str, pa.Array[Any]] = {}
    for column, field in enumerate(fields):
        spellings = field.spellings or {}
        values = list(dict.fromkeys(spellings.values()))
        if field.kind == Kind.CHOICE:
            dictionaries[field.targets[0]] = pa.array(values, pa.string())
        accepted = [(spelling, values.index(value)) for spelling, value in spellings.items()]
        if field.kind == Kind.SAME:
            accepted = [(spelling, 0) for spelling in same[field.name]]
        bounds = day_bounds if field.in_day else field.bounds
        plan[column, [kernel.FIRST, kernel.LAST]] = bounds or (len(words), len(words) + len(accepted))
        words += [spelling.encode() for spelling, _ in accepted]
        codes += [code for _, code in accepted]
        flags = {
            kernel.REQUIRED: field.required,
            kernel.ANY_UNIT: field.any_unit,
            kernel.BOUNDED: bounds is not None,
        }
        plan[column, kernel.KIND] = field.kind
        plan[column, kernel.FLAGS] = sum(flag for flag, is_set in flags.items() if is_set) + (field.sign << kernel.SIGN_SHIFT)
    text = np.array(bytearray(b"".join(words) + b"\n"), dtype=np.uint8)
    begins = np.cumsum([0, *(len(word) for word in words)], dtype=np.int64)
    return kernel.Plan(plan, text, begins, np.array(codes, dtype=np.int8)), dictionaries
