"""Rows written for other programs: JSON lines or CSV on standard output, or a file that appears when it is whole."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from market_data_assets.errors import QueryError, StorageFailed

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_ROWS_AT_A_TIME = 50_000
_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"


class Write(Protocol):
    """Takes text."""

    def __call__(self, text: str, /) -> object: ...


def print_json(tables: "Iterable[pa.Table]") -> None:
    """A line per row on standard output; times as ISO 8601 text in UTC, what is no number (NaN) as null."""
    for table in tables:
        _write_json(table, _echo)


def print_csv(tables: "Iterable[pa.Table]") -> None:
    """The column names once, then a line per row on standard output; times as ISO 8601 text in UTC, null as nothing."""
    for number, table in enumerate(tables):
        _write_csv(table, _echo, header=number == 0)


def write_file(tables: "Iterable[pa.Table]", file: Path) -> int:
    """Write ``.parquet``, ``.csv`` or ``.jsonl``, by the file's name; returns the rows. An existing file is replaced, by a whole one.

    Raises:
        QueryError: another suffix, or tables whose columns have no common type.
        StorageFailed: the file cannot be written.
    """
    if file.suffix not in _FORMATS:
        raise QueryError(f"--out {file}: expected a name that ends in {', '.join(_FORMATS)}")
    # Every error of the disk is this file's: what is read comes with errors of its own.
    part = file.with_name(f"{file.name}.part")
    try:
        rows = _FORMATS[file.suffix](tables, part)
        part.replace(file)
    except OSError as error:
        raise StorageFailed(f"--out {file}: cannot be written ({error.strerror or error})") from None
    finally:
        part.unlink(missing_ok=True)
    return rows


def _write_parquet(tables: "Iterable[pa.Table]", file: Path) -> int:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    rows, writer, schema = 0, None, None
    try:
        for table in tables:
            if writer is None or schema is None:
                schema = table.schema
                writer = pq.ParquetWriter(file, schema, compression="zstd")
            writer.write_table(table.cast(schema))
            rows += table.num_rows
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
        raise QueryError(f"--out: the days have columns of different types ({error}); read fewer days, or write .csv") from None
    finally:
        if writer is not None:
            writer.close()
    return rows


def _write_csv_file(tables: "Iterable[pa.Table]", file: Path) -> int:
    rows = 0
    with file.open("w", encoding="utf-8", newline="") as stream:
        for number, table in enumerate(tables):
            _write_csv(table, stream.write, header=number == 0)
            rows += table.num_rows
    return rows


def _write_json_file(tables: "Iterable[pa.Table]", file: Path) -> int:
    rows = 0
    with file.open("w", encoding="utf-8") as stream:
        for table in tables:
            _write_json(table, stream.write)
            rows += table.num_rows
    return rows


_FORMATS = {".parquet": _write_parquet, ".csv": _write_csv_file, ".jsonl": _write_json_file}


def _write_json(table: "pa.Table", write: Write) -> None:
    for frame in _frames(table):
        write(frame.write_ndjson())


def _write_csv(table: "pa.Table", write: Write, *, header: bool) -> None:
    import polars as pl  # noqa: PLC0415
    import polars.selectors as cs  # noqa: PLC0415

    if header:
        write(",".join(table.column_names) + "\n")
    lists = cs.by_dtype(pl.List(pl.String))
    for frame in _frames(table):
        write(frame.with_columns(lists.list.join(" ")).write_csv(include_header=False))


def _frames(table: "pa.Table") -> "Iterator[pl.DataFrame]":
    """Slices with times as text."""
    import polars as pl  # noqa: PLC0415
    import polars.selectors as cs  # noqa: PLC0415

    frame = pl.DataFrame(table)
    for part in frame.iter_slices(_ROWS_AT_A_TIME):
        yield part.with_columns(cs.datetime().dt.to_string(_TIME))


def _echo(text: str, /) -> None:
    typer.echo(text, nl=False)
