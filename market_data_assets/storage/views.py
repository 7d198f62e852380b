"""Monthly views: many days of many instruments in few files, derived from the daily partitions and committed like them.

views/by_venue/venue-BINANCE/year-2024/month-08/candles_1m.parquet
"""

import datetime as dt
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.errors import UnsafeName
from market_data_assets.storage.checksums import checksums_of
from market_data_assets.storage.commit import Run, commit_whole_day
from market_data_assets.storage.day_commit import Commit
from market_data_assets.storage.manifest import DayContent, FileEntry
from market_data_assets.storage.names import checked_name
from market_data_assets.storage.partition import Partition
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.disk import refusals

Tables = Callable[[], Iterator[pa.Table]]
"""Gives the rows of one file, in order, in tables of one schema; at least one."""

_VIEWS = "views"
_SUFFIX = ".parquet"
_ZSTD_LEVEL = 3
_PREFIX = re.compile(
    rf"{_VIEWS}/(?P<view>[a-z_]+)/(?P<label>[a-z]+)-(?P<value>[^/]+)/year-(?P<year>[0-9]{{4}})/month-(?P<month>[0-9]{{2}})/"
)


def view_prefix(view: str, label: str, value: str, month: dt.date) -> str:
    """The prefix of one value's month of a view, with its trailing slash; ``month`` is any day of it.

    Raises:
        UnsafeName: a value that cannot be part of a path.
    """
    prefix = f"{_VIEWS}/{view}/{label}-{value}/year-{month.year:04}/month-{month:%m}"
    if not value or "/" in value:
        raise UnsafeName(prefix, "the value is empty or holds a slash")
    return checked_name(prefix) + "/"


def parse_view_prefix(prefix: str) -> tuple[str, str, str, dt.date]:
    """The inverse of :func:`view_prefix`: view, label, value and the first day of the month.

    Raises:
        UnsafeName: not the prefix of a view.
    """
    match = _PREFIX.fullmatch(prefix)
    with suppress(ValueError):
        if match is not None:
            return match["view"], match["label"], match["value"], dt.date(int(match["year"]), int(match["month"]), 1)
    raise UnsafeName(prefix, f"expected {_VIEWS}/by_…/label-value/year-YYYY/month-MM/")


def stored_values(store: Store, view: str, month: dt.date) -> Sequence[str]:
    """The values whose month of a view was ever written, in order."""
    values = []
    for listed in store.list(f"{_VIEWS}/{view}/", folders=True):
        try:
            _, label, value, _ = parse_view_prefix(f"{listed.name}year-{month.year:04}/month-{month:%m}/")
        except UnsafeName:
            continue  # not a value's folder, so not ours
        if Partition(store, view_prefix(view, label, value, month)).is_stored():
            values.append(value)
    return sorted(values)


def write_view(
    store: Store, prefix: str, files: Mapping[str, Tables], inputs: Mapping[str, str], *, clock: Callable[[], int], run_id: str = ""
) -> Commit:
    """Build the files of one prefix and commit them together, in place of those that were there.

    Args:
        files: Name without ending → rows.
        inputs: Content hashes of the days they are made from.

    Raises:
        ConcurrentCommit, UnsupportedFormat, StorageFailed: as for a day.
    """
    with tempfile.TemporaryDirectory(prefix="view-") as folder:
        built = [_build(Path(folder), name, tables()) for name, tables in sorted(files.items())]
        content = DayContent(files=tuple(entry for entry, _ in built), inputs=dict(inputs))
        data = {entry.sha256: path for entry, path in built}
        committed = commit_whole_day(Partition(store, prefix), Run(content, data, clock, run_id, keeps_revisions=False))
    return Commit(committed.status, committed.manifest)


def _build(folder: Path, name: str, tables: Iterable[pa.Table]) -> tuple[FileEntry, Path]:
    path, rows, size, groups = folder / f"{name}{_SUFFIX}", 0, 0, 0
    waiting = iter(tables)
    first = next(waiting)
    with refusals("write", str(path)), pq.ParquetWriter(path, first.schema, compression="zstd", compression_level=_ZSTD_LEVEL) as writer:
        for table in chain([first], waiting):
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
            rows, size, groups = rows + table.num_rows, size + table.nbytes, groups + 1
    checksum, digest = checksums_of(path)
    entry = FileEntry(
        name=checked_name(f"{name}{_SUFFIX}"),
        # A manifest names no owner twice; here the owner of a file is the table that it regroups.
        instrument_id=name,
        rows=rows,
        size=path.stat().st_size,
        crc32c=checksum,
        sha256=digest,
        row_groups=groups,
        uncompressed_bytes=size,
        min_timestamp=None,
        max_timestamp=None,
        source_version="",
        staged="",
    )
    return entry, path
