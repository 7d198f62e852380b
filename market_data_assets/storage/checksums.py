"""CRC32C, which object stores verify, and SHA-256, which identifies content."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import google_crc32c

CHUNK_BYTES = 1 << 20


def crc32c(data: bytes | memoryview, checksum: int = 0) -> int:
    """CRC32C of ``data``, or of what has ``checksum`` and ``data`` after it."""
    for start in range(0, len(data), CHUNK_BYTES):
        # The library takes bytes only; whole-file copies of a mapped file would double its memory.
        checksum = google_crc32c.extend(checksum, bytes(data[start : start + CHUNK_BYTES]))
    return checksum


def checksums_of(path: Path) -> tuple[int, str]:
    """CRC32C and hexadecimal SHA-256 of a local file, in one pass."""
    checksum, digest = 0, hashlib.sha256()
    for chunk in chunks_of(path):
        checksum = google_crc32c.extend(checksum, chunk)
        digest.update(chunk)
    return checksum, digest.hexdigest()


def chunks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a local file, piece by piece."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
