"""Tables of several days and instruments as one table."""

from array import array
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import accumulate
from typing import Any

import pyarrow as pa

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import WORD
from market_data_assets.storage.exchange_day import merge_in_time

INSTRUMENT_COLUMN = "instrument_id"
_SIDE, _SIDES = "side", ("buy", "sell", "unknown")


def in_time(parts: Sequence[pa.Table]) -> pa.Table:
    """Parts of one instrument, each ascending in ``timestamp``, as one table that is; days may overlap."""
    return reduce(merge_in_time, alike(parts))


def named(table: pa.Table, instrument: InstrumentId) -> pa.Table:
    """``table`` with the instrument's id as its first column, a dictionary of one value."""
    ids = pa.DictionaryArray.from_arrays(_zeros(table.num_rows), _texts(str(instrument)))
    return table.add_column(0, INSTRUMENT_COLUMN, ids)


def stacked(parts: Sequence[pa.Table]) -> pa.Table:
    """The rows of at least one part, one below the other. All three sides are categories, whichever occur."""
    tables = alike(parts)
    if not any(pa.types.is_dictionary(type_) for type_ in tables[0].schema.types):
        return pa.concat_tables(tables)
    first = tables[0].slice(0, 0)
    for position, field in enumerate(first.schema):
        if field.name == _SIDE and field.type == WORD:
            sides = pa.DictionaryArray.from_arrays(_zeros(0), _texts(*_SIDES)).cast(WORD)
            first = first.set_column(position, field, sides)
    return pa.concat_tables([first, *tables]).unify_dictionaries()


def alike(parts: Iterable[pa.Table]) -> Sequence[pa.Table]:
    """The same tables with one schema: a column that is text in one of them, such as trade ids, is text in all."""
    tables = list(parts)
    if all(table.schema.equals(tables[0].schema) for table in tables[1:]):
        return tables
    for position, field in enumerate(tables[0].schema):
        if any(table.schema.field(position).type != field.type for table in tables):
            text = pa.field(field.name, pa.string(), field.nullable)
            tables = [table.set_column(position, text, table.column(position).cast(pa.string())) for table in tables]
    return tables


# These two are made of buffers, since pa.array imports pandas, which a reader of Arrow or polars has no use for.


def _zeros(count: int) -> "pa.Array[Any]":
    return pa.Array.from_buffers(pa.int32(), count, [None, pa.py_buffer(bytes(4 * count))])


def _texts(*values: str) -> "pa.Array[Any]":
    encoded = [value.encode() for value in values]
    offsets = array("i", accumulate(map(len, encoded), initial=0))
    return pa.Array.from_buffers(pa.string(), len(encoded), [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"".join(encoded))])
