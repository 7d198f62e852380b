"""One SELECT over Parquet files by DuckDB, closed off from everything else."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    with _prepared(sql, root, tables, files) as connection:
        rows: pa.Table = connection.sql(with_dollars(sql, parameters), params=dict(parameters)).to_arrow_table()
    return rows


def tables_of(
    sql: str, parameters: Mapping[str, object], root: Path, tables: Mapping[str, WarehouseTable], files: Files
) -> Sequence[WarehouseTable]:
    """The tables that a query mentions, once DuckDB has found that it could run.

    Raises:
        QueryError: as :func:`select`.
    """
    with _prepared(sql, root, tables, files) as connection:
        connection.execute(f"EXPLAIN {with_dollars(sql, parameters)}", dict(parameters))
    return [tables[name] for name in _mentioned(sql, tables)]


def with_dollars(sql: str, parameters: Mapping[str, object]) -> str:
    """``sql`` with ``$name`` in place of ``@name`` for each of the parameters; not within text or comments.

    DuckDB knows only the former; ``@`` is an operator to it.
    """
    text = sql.encode()
    tokens = [*duckdb.tokenize(sql), (len(text), None)]
    dollars = []
    for (start, kind), (after, _) in pairwise(tokens):
        # An operator before it may belong to the same token, as in ``=@name``; the name starts right after the sign.
        sign = after - 1
        if kind is duckdb.token_type.operator and text[start:after].endswith(b"@") and _name_at(text, after) in parameters:
            dollars.append(sign)
    changed = bytearray(text)
    for sign in dollars:
        changed[sign : sign + 1] = b"$"
    return changed.decode()


def _name_at(text: bytes, position: int) -> str:
    found = re.compile(rb"\w*").match(text, position)
    return found.group().decode() if found else ""


@contextmanager
def _prepared(sql: str, root: Path, tables: Mapping[str, WarehouseTable], files: Files) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET allowed_directories = $1", [[f"{root}/"]])
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            statements = connection.extract_statements(sql)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise QueryError(f"query {sql!r}: expected one SELECT")
            for name in _mentioned(sql, tables):
                table = tables[name]
                connection.read_parquet([str(path) for path in files(table)], union_by_name=True).create_view(name)
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.tier}")
                connection.execute(f"CREATE VIEW {table.tier}.{name} AS FROM main.{name}")
            yield connection
    except duckdb.Error as error:
        raise QueryError(f"query {sql!r}: {error}") from None


def _mentioned(sql: str, tables: Mapping[str, WarehouseTable]) -> Sequence[str]:
    # A view opens the footers of all its files, so only those are made that the text mentions.
    words = set(re.findall(r"\w+", sql.lower()))
    return [name for name in tables if name in words]
