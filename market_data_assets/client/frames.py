"""Arrow tables as what the reader asked for: pandas, polars (eager or lazy) or Arrow itself."""

from typing import Any, Literal, get_args

import pyarrow as pa

from market_data_assets.errors import QueryError

As = Literal["pandas", "polars", "lazy", "arrow"]


def check_as(as_: str) -> None:
    """Refuse a kind of frame that does not exist.

    Raises:
        QueryError: the message lists those that do.
    """
    if as_ not in get_args(As):
        raise QueryError(f"as_ {as_!r}: expected one of {', '.join(get_args(As))}")


def table_of(frame: Any) -> pa.Table:
    """A caller's pandas, polars or Arrow frame as a table; an index is left out.

    Raises:
        QueryError: something else, or a frame that is no table of plain columns.
    """
    if isinstance(frame, pa.Table):
        return frame
    if hasattr(frame, "collect"):
        frame = frame.collect()
    try:
        if hasattr(frame, "to_arrow"):
            table: pa.Table = frame.to_arrow()
            return table
        if hasattr(frame, "iloc"):
            return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise QueryError(f"a frame that does not become a table: {error}") from None
    raise QueryError(f"a frame of type {type(frame).__name__}: expected pandas, polars or Arrow")


def to_frame(table: pa.Table, as_: As) -> Any:
    """``table`` as a frame. Times stay ``datetime64[us, UTC]``, dictionaries become categories.

    pandas and polars are imported here, when they are asked for: each takes half a second.
    """
    if as_ == "arrow":
        return table
    if as_ == "pandas":
        return _to_pandas(table)
    import polars as pl  # noqa: PLC0415

    frame = pl.DataFrame(table)
    return frame.lazy() if as_ == "lazy" else frame


def _to_pandas(table: pa.Table) -> Any:
    """pandas, with whole numbers that have nulls as ``Int64``: as floats they would hold no trade id above 2**53."""
    gapped = [name for name in table.column_names if pa.types.is_integer(table.schema.field(name).type) and table[name].null_count]
    frame = table.drop_columns(gapped).to_pandas()
    if gapped:
        import pandas as pd  # noqa: PLC0415

        for place, name in enumerate(table.column_names):
            if name in gapped:
                column: Any = table[name].combine_chunks()
                values, absent = column.fill_null(0).to_numpy().astype("int64"), column.is_null().to_numpy(zero_copy_only=False)
                frame.insert(place, name, pd.Series(pd.arrays.IntegerArray(values, absent)))
    return frame
