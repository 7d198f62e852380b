"""Manifests as JSON. Reading is strict: what is not exactly a manifest is refused, never guessed at."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, TypeVar

from market_data_assets.domain.datasets import Finality
from market_data_assets.errors import CorruptPartition, UnsafeName, UnsupportedFormat
from market_data_assets.storage.layout import STAGING
from market_data_assets.storage.manifest import FORMAT, AbsentEntry, DayContent, FailedEntry, FileEntry, Manifest, QuarantinedEntry
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
        "content_hash": content.content_hash,
        "schema_fingerprint": content.schema_fingerprint,
        "finality": content.finality,
        "inputs": dict(content.inputs),
        "quality": content.quality,
        **{key: [asdict(entry) for entry in getattr(content, key)] for key in _ENTRIES},
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


_ENTRIES = ("files", "absent", "quarantined", "quarantine_files", "failed")
_ABOUT_THE_COMMIT = ("format", "partition", "version", "tx", "run_id", "code_version")
_ABOUT_THE_CONTENT = ("content_hash", "schema_fingerprint", "finality", "inputs", "quality")
_KEYS = frozenset((*_ABOUT_THE_COMMIT, *_ABOUT_THE_CONTENT, *_ENTRIES))


def _manifest(body: Mapping[str, Any], partition: str) -> Manifest:
    if body["format"] != FORMAT or isinstance(body["format"], bool):
        raise _NotAManifestError(f"format is {body['format']!r}, expected {FORMAT}")
    if body["partition"] != partition:
        raise _NotAManifestError(f"it belongs to {body['partition']!r}")
    content = DayContent(
        files=_entries(body, "files", FileEntry),
        absent=_entries(body, "absent", AbsentEntry),
        quarantined=_entries(body, "quarantined", QuarantinedEntry),
        failed=_entries(body, "failed", FailedEntry),
        quarantine_files=_entries(body, "quarantine_files", FileEntry),
        finality=_finality(body["finality"]),
        inputs=_texts(body["inputs"]),
        schema_fingerprint=_text(body["schema_fingerprint"], "schema_fingerprint"),
    )
    for entry in (*content.files, *content.quarantine_files):
        _check_file(entry, partition)
    for entries in (content.files, content.quarantine_files):
        _distinct(entries)
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
    )


def _check_file(entry: FileEntry, partition: str) -> None:
    if "/" in checked_name(entry.name):
        raise _NotAManifestError(f"file {entry.name!r} lies in a folder of its own")
    if not checked_name(entry.staged).startswith(STAGING + partition):
        raise _NotAManifestError(f"file {entry.name} was staged for another partition: {entry.staged!r}")
    if not re.fullmatch(r"[0-9a-f]{64}", entry.sha256):
        raise _NotAManifestError(f"sha256 of {entry.name} is {entry.sha256!r}")


def _distinct(entries: Sequence[FileEntry]) -> None:
    if len({entry.name for entry in entries}) != len(entries) or len({entry.instrument_id for entry in entries}) != len(entries):
        raise _NotAManifestError("a file or an instrument is named twice")


def _entries(body: Mapping[str, Any], key: str, kind: type[T]) -> Sequence[T]:
    found = body[key]
    if not isinstance(found, list):
        raise _NotAManifestError(f"{key} is not a list")
    names = frozenset(each.name for each in fields(kind))  # type: ignore[arg-type]
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


_CHECKS: Mapping[Any, Callable[[object, str], Any]] = {
    str: _text,
    int: _count,
    int | None: _instant,
    str | None: _optional_text,
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
