"""One SELECT over Parquet files by DuckDB, closed off from everything else."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from market_data_assets.errors import QueryError


def select(sql: str, parameters: Mapping[str, object], root: Path, files: Mapping[str, Sequence[Path]]) -> pa.Table:
    """The rows of ``sql`` over views named as in ``files``, each reading its files below ``root``.

    Raises:
        QueryError: not a single SELECT over those names, or DuckDB refuses it.
    """
    try:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET allowed_directories = $1", [[f"{root}/"]])
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            statements = connection.extract_statements(sql)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise QueryError(f"query {sql!r}: expected one SELECT")
            # A view opens the footers of all its files, so only those are made that the text mentions.
            for name in set(re.findall(r"\w+", sql.lower())) & set(files):
                connection.read_parquet([str(path) for path in files[name]], union_by_name=True).create_view(name)
            rows: pa.Table = connection.sql(sql, params=dict(parameters)).to_arrow_table()
            return rows
    except duckdb.Error as error:
        raise QueryError(f"query {sql!r}: {error}") from None
