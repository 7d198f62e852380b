"""Gzip and zip files as a stream of verified bytes, unpacked piece by piece in bounded memory."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from isal import igzip_lib, isal_zlib

from market_data_assets.errors import DamagedFile, Retryable, SchemaDrift
from market_data_assets.sources.limits import Limits

PIECE_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
_END_OF_DIRECTORY = struct.Struct("<4s4H2LH")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")


def read_pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file as they stand on disk.

    Raises:
        Retryable: the file is empty: a copy or a download that has not finished, never an empty day.
    """
    with path.open("rb") as file:
        yield from _pieces(file)


def gunzip(what: str, pieces: Iterable[bytes], limits: Limits) -> Iterator[bytes]:
    """The content of a gzip stream of one or more members, in pieces of at most 1 MiB.

    Raises:
        Retryable: the stream is empty.
        SchemaDrift: it is not gzip at all; the message shows how it begins.
        Unusable: truncated, no trailer, wrong checksum or length, or bytes after the end.
        TooLarge: it unpacks to more than the limits allow.
    """
    delivered = unpacked = 0
    member: igzip_lib.IgzipDecompressor | None = None
    held = b""
    for piece in pieces:
        limits.check_delivered(what, delivered := delivered + len(piece))
        held += piece
        while held:
            if member is None:
                if len(held) < len(GZIP_MAGIC):
                    break
                _check_gzip_magic(what, held, first=unpacked == 0 and delivered == len(held))
                member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            for output in _inflate(what, member, held):
                limits.check_unpacked(what, unpacked := unpacked + len(output), delivered)
                yield output
            held = b""
            if member.eof:
                held, member = member.unused_data, None
    if not delivered:
        raise Retryable(f"{what}: the file is empty (0 bytes), expected gzip; an empty day is a gzip of nothing")
    if member is not None:
        raise DamagedFile(f"{what}: the gzip stream is truncated after {delivered} bytes")
    if held:
        raise DamagedFile(f"{what}: bytes after the end of the gzip stream: {held[:40]!r}")


def unzip(what: str, path: Path, limits: Limits) -> Iterator[bytes]:
    """The content of the only member of a zip file, in pieces of at most 1 MiB.

    Raises:
        Retryable: the file is empty.
        SchemaDrift: it is not a zip file, or not of one member.
        Unusable: truncated, damaged, wrong checksum or length.
        TooLarge: it unpacks to more than the limits allow.
    """
    member = _only_member(what, path)
    limits.check_unpacked(what, member.file_size, max(member.compress_size, 1))
    unpacked, checksum = 0, 0
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(ZIP_MAGIC):
            raise DamagedFile(f"{what}: the zip file has no member where its directory says")
        *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        file.seek(name_length + extra_length, 1)
        content = _bounded(file, member.compress_size)
        for output in content if member.compress_type == zipfile.ZIP_STORED else _inflate_all(what, content):
            limits.check_unpacked(what, unpacked := unpacked + len(output), max(member.compress_size, 1))
            checksum = isal_zlib.crc32(output, checksum)
            yield output
    if (unpacked, checksum) != (member.file_size, member.CRC):
        expected = f"{member.file_size} with {member.CRC:08x}"
        raise DamagedFile(f"{what}: {member.filename} unpacks to {unpacked} bytes with crc32 {checksum:08x}, expected {expected}")


def describe_start(start: bytes) -> str:
    """What a file looks like from its first bytes, for a message."""
    text = start.lstrip()[:200]
    if text.startswith(b"<"):
        kind = "an HTML or XML page"
    elif text.startswith((b"{", b"[")):
        kind = "JSON"
    else:
        kind = "something else"
    return f"{kind}, beginning {text[:80]!r}"


def _check_gzip_magic(what: str, start: bytes, *, first: bool) -> None:
    if start.startswith(GZIP_MAGIC):
        return
    if first:
        raise SchemaDrift(f"{what}: expected gzip, got {describe_start(start)}")
    raise DamagedFile(f"{what}: bytes after the end of the gzip stream: {start[:40]!r}")


def _inflate(what: str, member: "igzip_lib.IgzipDecompressor", piece: bytes) -> Iterator[bytes]:
    data = piece
    while True:
        try:
            output = member.decompress(data, max_length=PIECE_BYTES)
        except igzip_lib.IsalError as error:  # type: ignore[misc]  # its stub declares an instance
            raise DamagedFile(f"{what}: the compressed stream is damaged: {error}") from None
        if output:
            yield output
        data = b""
        if member.eof or (member.needs_input and len(output) < PIECE_BYTES):
            return


def _inflate_all(what: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
    for piece in pieces:
        yield from _inflate(what, member, piece)
        if member.eof:
            return
    raise DamagedFile(f"{what}: the zip member is truncated")


def _only_member(what: str, path: Path) -> zipfile.ZipInfo:
    with path.open("rb") as file:
        start = file.read(len(ZIP_MAGIC))
        if not start:
            raise Retryable(f"{what}: the file is empty (0 bytes), expected a zip file")
        if start != ZIP_MAGIC:
            raise SchemaDrift(f"{what}: expected a zip file, got {describe_start(start + file.read(200))}")
        # The count is read before zipfile builds an object for every entry: a directory of a million entries is a bomb too.
        file.seek(-min(path.stat().st_size, _END_OF_DIRECTORY.size), 2)
        end = file.read()
    if len(end) < _END_OF_DIRECTORY.size or not end.startswith(b"PK\x05\x06"):
        raise DamagedFile(f"{what}: the zip file is truncated, it does not end with its directory")
    entries = _END_OF_DIRECTORY.unpack(end)[4]
    if entries != 1:
        raise SchemaDrift(f"{what}: the zip file has {entries} members, expected one")
    try:
        with zipfile.ZipFile(path) as archive:
            member = archive.infolist()[0]
    except (zipfile.BadZipFile, ValueError, IndexError, zlib.error, UnicodeDecodeError, NotImplementedError) as error:
        raise DamagedFile(f"{what}: the zip file is damaged: {error}") from None
    if member.flag_bits & 1 or member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise SchemaDrift(f"{what}: the zip member is encrypted or compressed in an unknown way ({member.compress_type})")
    return member


def _bounded(file: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left and (piece := file.read(min(left, PIECE_BYTES))):
        left -= len(piece)
        yield piece


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    read: Callable[[], bytes] = lambda: file.read(PIECE_BYTES)  # noqa: E731
    yield from iter(read, b"")
