"""Manifests as JSON. Reading is strict: what is not exactly a manifest is refused, never guessed at."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from typing import Any, TypeVar

from market_data_assets.domain.datasets import Finality
from market_data_assets.errors import CorruptPartition, UnsafeName, UnsupportedFormat
from market_data_assets.storage.layout import STAGING
from market_data_assets.storage.manifest import (
    FORMAT,
    AbsentEntry,
    DayContent,
    FailedEntry,
    FileEntry,
    Manifest,
    Part,
    QuarantinedEntry,
    distinct_files,
)
from market_data_assets.storage.names import checked_name

T = TypeVar("T")
_LARGEST = 2**63 - 1


class _NotAManifestError(ValueError):
    """A value that has no place in a manifest; the message says which."""


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as JSON text: sorted keys, one line, the same bytes for the same manifest."""
    content = manifest.content
    body = {
        "format": FORMAT,
        "partition": manifest.partition,
        "version": manifest.version,
        "tx": manifest.tx,
        "run_id": manifest.run_id,
        "code_version": manifest.code_version,
        "committed_at": manifest.committed_at,
        "content_hash": content.content_hash,
        "schema_fingerprint": content.schema_fingerprint,
        "finality": content.finality,
        "inputs": dict(content.inputs),
        "quality": content.quality,
        **{key: [asdict(entry) for entry in getattr(content, key)] for key in _ENTRIES},
        "files": [_file_body(entry) for entry in content.files if entry.part is None],
        "quarantine_files": [_file_body(entry) for entry in content.quarantine_files],
        "shards": _shard_bodies(content.files),
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def decode_manifest(data: bytes, partition: str) -> Manifest:
    """The manifest of ``partition`` that ``data`` holds.

    Raises:
        UnsupportedFormat: written by a newer version of this package.
        CorruptPartition: anything else that is not a manifest of this partition.
    """
    try:
        body = json.loads(data, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise CorruptPartition(partition, f"the manifest is not valid JSON ({error})") from error
    found = body.get("format") if isinstance(body, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and found > FORMAT:
        raise UnsupportedFormat(partition, found, FORMAT)
    try:
        return _manifest(_object(body, "manifest", _KEYS), partition)
    except (_NotAManifestError, UnsafeName) as error:
        raise CorruptPartition(partition, f"the manifest is not valid: {error}") from error


_ENTRIES = ("absent", "quarantined", "failed")
_FILES = ("files", "quarantine_files")
_ABOUT_THE_COMMIT = ("format", "partition", "version", "tx", "run_id", "code_version", "committed_at")
_ABOUT_THE_CONTENT = ("content_hash", "schema_fingerprint", "finality", "inputs", "quality")
_KEYS = frozenset((*_ABOUT_THE_COMMIT, *_ABOUT_THE_CONTENT, *_ENTRIES, *_FILES, "shards"))


@dataclass(frozen=True, slots=True)
class _Shard:
    """A file of several instruments. Sizes and checksums stand once, not with each of them."""

    name: str
    size: int
    crc32c: int
    sha256: str
    staged: str
    contracts: list[object]


@dataclass(frozen=True, slots=True)
class _Contract:
    """What is of one instrument in a shard; ``sha256`` and ``size`` are of its rows."""

    instrument_id: str
    rows: int
    first_row_group: int
    row_groups: int
    sha256: str
    size: int
    uncompressed_bytes: int
    min_timestamp: int | None
    max_timestamp: int | None
    source_version: str


_OF_THE_FILE = tuple(each.name for each in fields(_Shard) if each.name != "contracts")
_OF_THE_CONTRACT = tuple(each.name for each in fields(_Contract) if each.name not in {"first_row_group", "sha256", "size"})


def _file_body(entry: FileEntry) -> Mapping[str, object]:
    return {key: value for key, value in asdict(entry).items() if key != "part"}


def _shard_bodies(files: Iterable[FileEntry]) -> Sequence[Mapping[str, object]]:
    parts = sorted((entry for entry in files if entry.part is not None), key=lambda entry: (entry.name, entry.instrument_id or ""))
    grouped = [list(group) for _, group in groupby(parts, key=lambda entry: entry.name)]
    return [
        {**{key: getattr(group[0], key) for key in _OF_THE_FILE}, "contracts": [_contract_body(entry) for entry in group]}
        for group in grouped
    ]


def _contract_body(entry: FileEntry) -> Mapping[str, object]:
    assert entry.part is not None  # only parts are grouped into shards
    return {
        **{key: getattr(entry, key) for key in _OF_THE_CONTRACT},
        "first_row_group": entry.part.first_row_group,
        "sha256": entry.part.sha256,
        "size": entry.part.size,
    }


def _parts(body: Mapping[str, Any]) -> Sequence[FileEntry]:
    """The entries of every instrument in every shard."""
    return [entry for shard in _entries(body, "shards", _Shard) for entry in _parts_of(shard)]


def _parts_of(shard: _Shard) -> Sequence[FileEntry]:
    contracts = _entries({"contracts": shard.contracts}, "contracts", _Contract)
    if not contracts:
        raise _NotAManifestError(f"shard {shard.name} holds no instrument")
    of_the_file = {key: getattr(shard, key) for key in _OF_THE_FILE}
    return [
        FileEntry(
            **of_the_file,
            **{key: getattr(contract, key) for key in _OF_THE_CONTRACT},
            part=Part(contract.first_row_group, contract.sha256, contract.size),
        )
        for contract in contracts
    ]


def _manifest(body: Mapping[str, Any], partition: str) -> Manifest:
    if not isinstance(body["format"], int) or isinstance(body["format"], bool) or body["format"] != FORMAT:
        raise _NotAManifestError(f"format is {body['format']!r}, expected {FORMAT}")
    if body["partition"] != partition:
        raise _NotAManifestError(f"it belongs to {body['partition']!r}")
    files, parts = _entries(body, "files", FileEntry), _parts(body)
    content = DayContent(
        files=tuple(sorted((*files, *parts), key=lambda entry: entry.instrument_id or "")) if parts else files,
        absent=_entries(body, "absent", AbsentEntry),
        quarantined=_entries(body, "quarantined", QuarantinedEntry),
        failed=_entries(body, "failed", FailedEntry),
        quarantine_files=_entries(body, "quarantine_files", FileEntry),
        finality=_finality(body["finality"]),
        inputs=_texts(body["inputs"]),
        schema_fingerprint=_text(body["schema_fingerprint"], "schema_fingerprint"),
    )
    for entry in (*distinct_files(content.files), *distinct_files(content.quarantine_files)):
        _check_file(entry, partition)
    for entry in parts:
        _check_digest(entry.rows_sha256, f"rows of {entry.instrument_id}")
    _distinct([entry.name for entry in files] + sorted({entry.name for entry in parts}), "a file")
    for entries in (content.files, content.quarantine_files):
        _distinct([entry.instrument_id for entry in entries], "an instrument")
        _distinct([name for name, *_ in {_bytes_of(entry) for entry in entries}], "with other bytes, a file")
    if body["content_hash"] != content.content_hash:
        raise _NotAManifestError("content_hash does not match the content")
    if body["quality"] != content.quality:
        raise _NotAManifestError("quality does not match the quarantined rows")
    return Manifest(
        partition=partition,
        version=_count(body["version"], "version"),
        tx=checked_name(_text(body["tx"], "tx")),
        run_id=_text(body["run_id"], "run_id"),
        code_version=_text(body["code_version"], "code_version"),
        content=content,
        committed_at=_count(body["committed_at"], "committed_at"),
    )


def _check_file(entry: FileEntry, partition: str) -> None:
    if "/" in checked_name(entry.name):
        raise _NotAManifestError(f"file {entry.name!r} lies in a folder of its own")
    if not checked_name(entry.staged).startswith(STAGING + partition):
        raise _NotAManifestError(f"file {entry.name} was staged for another partition: {entry.staged!r}")
    _check_digest(entry.sha256, entry.name)


def _check_digest(digest: str, what: str) -> None:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise _NotAManifestError(f"sha256 of {what} is {digest!r}")


def _distinct(found: Sequence[object], what: str) -> None:
    if len(set(found)) != len(found):
        raise _NotAManifestError(f"{what} is named twice")


def _bytes_of(entry: FileEntry) -> tuple[str, int, int, str]:
    return (entry.name, entry.size, entry.crc32c, entry.sha256)


def _entries(body: Mapping[str, Any], key: str, kind: type[T]) -> Sequence[T]:
    found = _list(body[key], key)
    # A part is not written with its entry: shards are.
    names = frozenset(each.name for each in fields(kind) if each.name != "part")  # type: ignore[arg-type]
    return tuple(_entry(_object(each, key, names), key, kind) for each in found)


def _entry(found: Mapping[str, Any], key: str, kind: type[T]) -> T:
    types = {each.name: each.type for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: _CHECKS[types[name]](value, f"{name} in {key}") for name, value in found.items()})


def _object(found: object, what: str, keys: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(found, dict) or found.keys() != keys:
        difference = sorted(found.keys() ^ keys) if isinstance(found, dict) else type(found).__name__
        raise _NotAManifestError(f"{what} does not have exactly the expected keys ({difference})")
    return found


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise _NotAManifestError(f"{what} is {value!r}, expected text")
    return value


def _count(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise _NotAManifestError(f"{what} is {value!r}, expected a whole number")
    return value


def _instant(value: object, what: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        raise _NotAManifestError(f"{what} is {value!r}, expected microseconds or null")
    return value


def _optional_text(value: object, what: str) -> str | None:
    return None if value is None else _text(value, what)


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise _NotAManifestError(f"{what} is {type(value).__name__}, expected a list")
    return value


_CHECKS: Mapping[Any, Callable[[object, str], Any]] = {
    str: _text,
    int: _count,
    int | None: _instant,
    str | None: _optional_text,
    list[object]: _list,
}


def _texts(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise _NotAManifestError("inputs is not an object")
    return {key: _text(each, f"input {key}") for key, each in value.items()}


def _finality(value: object) -> Finality:
    if not isinstance(value, str) or value not in set(Finality):
        raise _NotAManifestError(f"finality is {value!r}, expected one of {', '.join(Finality)}")
    return Finality(value)


def _unique_keys(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is not JSON")
