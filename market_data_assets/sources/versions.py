"""What tells one delivery of a vendor's file from another without fetching it, and how stored days note it."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_WEAK = "W/"
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class FileVersion:
    """One delivery of a file.

    Attributes:
        name: The last part of the file's address.
        version: What the vendor says identifies its bytes; two that are equal are the same delivery. No spaces.
    """

    name: str
    version: str


def note_version(sha256: str, file: FileVersion | None) -> str:
    """What a stored day notes of a delivery: ``sha256:…`` of its bytes, then the vendor's own words where there are any."""
    return f"sha256:{sha256}" if file is None else f"sha256:{sha256} {file.version} {file.name}"


def noted_version(text: str) -> FileVersion | None:
    """The vendor's own words in :func:`note_version`; None where there are none."""
    digest, _, told = text.partition(" ")
    version, _, name = told.partition(" ")
    return FileVersion(name, version) if digest.startswith("sha256:") and version and name else None


def told_by_headers(url: str, headers: Mapping[str, str]) -> FileVersion | None:
    """What an answer says of the file it brings, or would bring; None where it says nothing.

    Args:
        headers: By names in any case, as HTTP libraries give them.
    """
    etag, modified = headers.get("etag", "").strip(), headers.get("last-modified", "").strip()
    # Proxies weaken a tag on their way; it still changes whenever the file does.
    tag = etag.removeprefix(_WEAK).strip('"')
    if tag:
        return FileVersion(_name(url), f"etag:{_word(tag)}")
    if modified:
        return FileVersion(_name(url), f"modified:{_word(modified)}+{_word(headers.get('content-length', ''))}")
    return None


def told_by_disk(url: str, found: os.stat_result) -> FileVersion:
    """Size and time of the last change of a file that is read in place."""
    return FileVersion(_name(url), f"file:{found.st_size}+{found.st_mtime_ns}")


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def _word(text: str) -> str:
    """``text`` without spaces and at a bounded length, different for different texts."""
    # The digests that vendors send are shorter; a date has spaces, and anything may come from outside.
    return text if len(text) <= _LONGEST and (not text or _VISIBLE.fullmatch(text)) else hashlib.sha256(text.encode()).hexdigest()
