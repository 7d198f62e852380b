"""What is kept of an instrument that was set aside: its refused rows, or the vendor's whole file as it was delivered."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from market_data_assets.domain.datasets import Quarantined
from market_data_assets.errors import DeliveredFile
from market_data_assets.storage.checksums import checksums_of
from market_data_assets.storage.layout import aside_name
from market_data_assets.storage.manifest import FileEntry
from market_data_assets.storage.parquet_write import write_rows
from market_data_assets.storage.stores.disk import refusals

# A strike holds a dot too, but never letters alone behind it.
_SUFFIXES = re.compile(r"(?:\.[a-z][a-z0-9]{0,7}){1,2}$", re.IGNORECASE)
_MAGIC = {b"\x1f\x8b": ".gz", b"PK": ".zip"}
_UNNAMED = ".delivered"


def keep_rows(
    path: Path, owner: str, instrument_id: str | None, quarantined: Sequence[Quarantined], source_version: str
) -> FileEntry | None:
    """Write the rows that were set aside to ``path``; None if there are none to keep.

    Args:
        owner: The instrument, or the table of a whole day, that the file is named for.
    """
    tables = [each.rows for each in quarantined if each.rows is not None and each.rows.num_rows]
    if not tables:
        return None
    facts = write_rows(path, pa.concat_tables(tables, promote_options="permissive"))
    return FileEntry(
        name=aside_name(owner),
        instrument_id=instrument_id,
        rows=facts.rows,
        size=facts.size,
        crc32c=facts.crc32c,
        sha256=facts.sha256,
        row_groups=facts.row_groups,
        uncompressed_bytes=facts.uncompressed_bytes,
        min_timestamp=None,
        max_timestamp=None,
        source_version=source_version,
        staged="",
    )


def keep_delivered(refused: Mapping[str, DeliveredFile]) -> tuple[Sequence[FileEntry], Mapping[str, Path]]:
    """The entries of vendor files that were refused, by instrument, and where their bytes lie, by SHA-256.

    A file is named for its instrument. One that several instruments came in is kept once, named for its content, and
    stays until the last of them is read again without.

    Raises:
        StorageFailed: a file cannot be read any more.
    """
    owners: dict[Path, list[str]] = defaultdict(list)
    for instrument_id, delivered in refused.items():
        owners[delivered.path].append(instrument_id)
    entries: list[FileEntry] = []
    data: dict[str, Path] = {}
    for path, instruments in owners.items():
        with refusals("read", str(path)):
            (checksum, digest), size, suffix = checksums_of(path), path.stat().st_size, _suffix(path)
        data[digest] = path
        name = aside_name(instruments[0] if len(instruments) == 1 else f"shared-{digest[:16]}", suffix)
        entries += [
            FileEntry(
                name=name,
                instrument_id=instrument_id,
                rows=0,
                size=size,
                crc32c=checksum,
                sha256=digest,
                row_groups=0,
                uncompressed_bytes=size,
                min_timestamp=None,
                max_timestamp=None,
                source_version=f"sha256:{digest}",
                staged="",
            )
            for instrument_id in instruments
        ]
    return sorted(entries, key=lambda entry: entry.instrument_id or ""), data


def _suffix(path: Path) -> str:
    """The file's own suffixes, such as ``.csv.gz``; by its first bytes where its name has none."""
    found = _SUFFIXES.search(path.name)
    if found is not None:
        return found[0].lower()
    with path.open("rb") as file:
        magic = file.read(2)
    return _MAGIC.get(magic, _UNNAMED)
