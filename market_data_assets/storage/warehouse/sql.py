"""One SELECT over Parquet files by DuckDB, closed off from everything else."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa

from market_data_assets.errors import QueryError
from market_data_assets.storage.warehouse.base import WarehouseTable

Files = Callable[[WarehouseTable], Sequence[Path]]


def select(sql: str, parameters: Mapping[str, object], root: Path, tables: Mapping[str, WarehouseTable], files: Files) -> pa.Table:
    """The rows of ``sql`` over the tables by their names, alone or after that of their tier; each reads its ``files`` below ``root``.

    Raises:
        QueryError: not a single SELECT over those names, or DuckDB refuses it.
    """
    text, used = as_duckdb(sql, parameters)
    with _prepared(sql, text, root, tables, files) as connection:
        rows: pa.Table = connection.sql(text, params=dict(used)).to_arrow_table()
    if twice := [name for name, count in Counter(rows.column_names).items() if count > 1]:
        raise QueryError(f"query {sql!r}: column(s) {', '.join(twice)} more than once; name each with AS")
    return rows


def tables_of(
    sql: str, parameters: Mapping[str, object], root: Path, tables: Mapping[str, WarehouseTable], files: Files
) -> Sequence[WarehouseTable]:
    """The tables that a query mentions, once DuckDB has found that it could run.

    Raises:
        QueryError: as :func:`select`.
    """
    text, used = as_duckdb(sql, parameters)
    with _prepared(sql, text, root, tables, files) as connection:
        connection.execute(f"EXPLAIN {text}", dict(used))
    return [tables[name] for name in _mentioned(sql, tables)]


def as_duckdb(sql: str, parameters: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """``sql`` in DuckDB's words, and those of the parameters that it uses; text and comments stay as they are.

    ``@name`` becomes ``$name``, since ``@`` is an operator to DuckDB, and ``IN UNNEST(…)`` becomes ``IN (SELECT UNNEST(…))``.
    """
    text = sql.encode()
    tokens = [(start, end, kind) for (start, kind), (end, _) in pairwise([*duckdb.tokenize(sql), (len(text), None)])]
    edits: list[tuple[int, int, bytes]] = []
    used = {}
    for start, end, kind in tokens:
        # An operator before it may belong to the same token, as in ``=@name``; the name starts right after the sign.
        if kind is duckdb.token_type.operator and text[start:end].endswith(b"@") and (name := _name_at(text, end)) in parameters:
            edits.append((end - 1, end, b"$"))
            used[name] = parameters[name]
    for (first, last, _), (start, end, _) in pairwise(tokens):
        if text[first:last].strip().lower() == b"in" and text[start:end].strip().lower() == b"unnest":
            closing = _closing(text, [token for token in tokens if token[0] >= end])
            edits += [(start, start, b"(SELECT "), (closing, closing, b")")]
    for start, end, word in sorted(edits, reverse=True):
        text = text[:start] + word + text[end:]
    return text.decode(), used


def _name_at(text: bytes, position: int) -> str:
    found = re.compile(rb"\w*").match(text, position)
    return found.group().decode() if found else ""


def _closing(text: bytes, tokens: Sequence[tuple[int, int, object]]) -> int:
    """Right after the bracket that closes the first one; the end of the text where none does, which DuckDB then refuses."""
    depth = 0
    for start, end, kind in tokens:
        if kind is duckdb.token_type.operator:
            for position in range(start, end):
                depth += {b"(": 1, b")": -1}.get(text[position : position + 1], 0)
                if depth == 0:
                    return position + 1
    return len(text)


@contextmanager
def _prepared(sql: str, text: str, root: Path, tables: Mapping[str, WarehouseTable], files: Files) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables that ``text`` mentions, which is ``sql`` in DuckDB's words."""
    try:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET allowed_directories = $1", [[f"{root}/"]])
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            statements = connection.extract_statements(text)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise QueryError(f"query {sql!r}: expected one SELECT")
            for name in _mentioned(text, tables):
                table = tables[name]
                connection.read_parquet([str(path) for path in files(table)], union_by_name=True).create_view(name)
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.tier}")
                connection.execute(f"CREATE VIEW {table.tier}.{name} AS FROM main.{name}")
                connection.execute(f'CREATE VIEW "{table.tier}.{name}" AS FROM main.{name}')
            yield connection
    except duckdb.Error as error:
        raise QueryError(f"query {sql!r}: {_in_one_line(error, tables)}") from None


def _in_one_line(error: duckdb.Error, tables: Iterable[str]) -> str:
    """What DuckDB says, without a picture of the place. Of names it knows only the tables that were mentioned, and its own."""
    first, *more = str(error).splitlines() or [""]
    if (unknown := re.search(r"Table with name (\S+) does not exist", first)) is not None:
        return str(QueryError.unknown("table", unknown[1], get_close_matches(unknown[1], list(tables))))
    return " ".join([first, *(line.strip() for line in more if line.startswith("Candidate"))])


def _mentioned(sql: str, tables: Mapping[str, WarehouseTable]) -> Sequence[str]:
    # A view opens the footers of all its files, so only those are made that the text mentions.
    words = set(re.findall(r"\w+", sql.lower()))
    return [name for name in tables if name in words]
