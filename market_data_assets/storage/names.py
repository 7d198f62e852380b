"""Which object names are allowed. What is accepted here stays inside its root on every store."""

import re

from market_data_assets.errors import UnsafeName

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")

MAX_PART_BYTES = 255
"""Longest part of a path that local file systems take."""
MAX_NAME_BYTES = 1_024
"""Longest object name that GCS takes."""


def checked_name(name: str) -> str:
    """``name`` itself, if it is a relative path of plain parts.

    Raises:
        UnsafeName: empty, absolute, with ``..``, hidden or empty parts, control characters, or too long.
    """
    if not name or name.startswith("/") or name.endswith("/") or "//" in name:
        raise UnsafeName(name, "it is empty, or a part between its slashes is")
    if name.startswith(".") or "/." in name:
        raise UnsafeName(name, "a part starts with a dot")
    if _FORBIDDEN.search(name):
        raise UnsafeName(name, "it holds a backslash or a control character")
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        raise UnsafeName(name, "it is not valid Unicode") from None
    if len(encoded) > MAX_NAME_BYTES:
        raise UnsafeName(name, f"longer than {MAX_NAME_BYTES} bytes")
    if len(encoded) > MAX_PART_BYTES and max(map(len, encoded.split(b"/"))) > MAX_PART_BYTES:
        raise UnsafeName(name, f"a part is longer than {MAX_PART_BYTES} bytes")
    return name


def checked_prefix(prefix: str) -> str:
    """``prefix`` itself, if it is empty or the beginning of an allowed name."""
    if prefix:
        checked_name(prefix.removesuffix("/"))
    return prefix
