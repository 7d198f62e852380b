"""Looking for a secret in everything that a run has left behind: compressed, in databases and in Parquet files too."""

import base64
import gzip
import io
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq


def traces(secret: str, folder: Path) -> list[Path]:
    """The files below ``folder`` that hold the secret, as it is or in base64."""
    return sorted({path for path in folder.rglob("*") if path.is_file() and any(holds(secret, content) for content in _contents(path))})


def holds(secret: str, content: bytes | str) -> bool:
    """Whether bytes hold the secret, as it is, escaped, or in base64 at any of its three offsets."""
    searched = content.encode() if isinstance(content, str) else content
    return any(form in searched for form in _forms(secret))


def _forms(secret: str) -> Iterator[bytes]:
    plain = secret.encode()
    yield plain
    yield plain.replace(b"\n", b"\\n")
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + plain)
        # What stands before and after depends on the neighbours: only the middle is the secret's alone.
        yield encoded[4 if offset else 0 : -4]


def _contents(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    if content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    if content.startswith(b"SQLite format 3\x00"):
        yield from _values(path)
    if content.startswith(b"PAR1"):
        yield _uncompressed(content)


def _values(path: Path) -> Iterator[bytes]:
    """Every value of every table. Dagster keeps the snapshots of jobs, with their default configuration, compressed."""
    with sqlite3.connect(path) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    yield str(value).encode() if not isinstance(value, bytes) else _inflated(value)
    database.close()


def _inflated(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def _uncompressed(content: bytes) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    plain = pa.BufferOutputStream()
    with pyarrow.ipc.new_stream(plain, table.schema) as writer:
        writer.write_table(table)
    return plain.getvalue().to_pybytes()
