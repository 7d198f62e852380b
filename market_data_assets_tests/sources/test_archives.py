"""Compressed files give back exactly what was packed, or an error; never less, and never more than memory allows."""

import gzip
import io
import random
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.errors import Retryable, SchemaDrift, TooLarge, Unusable
from market_data_assets.sources.archives import gunzip, read_pieces, unzip
from market_data_assets.sources.limits import Limits

TEXT = b"".join(b"%d,%d\n" % (number, number * number % 9_973) for number in range(4_000))
PACKED = gzip.compress(TEXT, mtime=0)


def unpacked(content: bytes, pieces: int = 1 << 20, limits: Limits | None = None) -> bytes:
    return b"".join(gunzip("file", (content[at : at + pieces] for at in range(0, len(content), pieces)), limits or Limits()))


@given(st.binary(max_size=5_000), st.integers(1, 700), st.integers(0, 9))
def test_what_was_packed_comes_back(content: bytes, pieces: int, level: int) -> None:
    assert unpacked(gzip.compress(content, level), pieces) == content


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(1, 50))
def test_members_follow_each_other(contents: list[bytes], pieces: int) -> None:
    assert unpacked(b"".join(gzip.compress(content) for content in contents), pieces) == b"".join(contents)


def test_more_than_a_piece_comes_back() -> None:
    content = random.Random(1).randbytes(3 << 20) + bytes(5 << 20)
    assert unpacked(gzip.compress(content, 1)) == content


def test_a_gzip_of_nothing_is_nothing() -> None:
    assert unpacked(gzip.compress(b"")) == b""


def test_zero_bytes_may_be_retried_and_are_no_empty_file() -> None:
    with pytest.raises(Retryable, match="0 bytes"):
        unpacked(b"")


@pytest.mark.parametrize("keep", sorted({*range(1, 30), *range(30, len(PACKED), 997), *range(len(PACKED) - 12, len(PACKED))}))
@pytest.mark.parametrize("pieces", [1 << 20, 7])
def test_a_truncated_gzip_is_damaged_wherever_it_ends(keep: int, pieces: int) -> None:
    with pytest.raises(Unusable):
        unpacked(PACKED[:keep], pieces)


@given(st.integers(0, len(PACKED) * 8 - 1))
def test_a_flipped_bit_never_changes_what_is_read(bit: int) -> None:
    damaged = bytearray(PACKED)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        found = unpacked(bytes(damaged))
    except (Unusable, Retryable):
        return
    # The time, the extra flags and the system of the header may change without harm.
    assert found == TEXT
    assert bit // 8 < 10


@pytest.mark.parametrize("junk", [b"\0", b"\0" * 512, b"junk", b"\x1f", b"\x1f\x8b", b"\x1f\x8bx", PACKED[:40], b"<html>"])
@pytest.mark.parametrize("pieces", [1 << 20, 1])
def test_bytes_after_the_end_are_damage(junk: bytes, pieces: int) -> None:
    with pytest.raises(Unusable):
        unpacked(PACKED + junk, pieces)


@pytest.mark.parametrize(
    ("page", "shown"),
    [(b"<!DOCTYPE html><html>", "HTML"), (b'{"code": 1}', "JSON"), (b"exchange,symbol\n", "something else"), (b"P", "something")],
)
@pytest.mark.parametrize("pieces", [1 << 20, 1])
def test_what_is_no_gzip_is_drift_and_shown(page: bytes, shown: str, pieces: int) -> None:
    with pytest.raises(SchemaDrift if len(page) > 1 else Unusable, match=shown if pieces > 1 and len(page) > 1 else "file"):
        unpacked(page, pieces)


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return memory.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dump.zip"


def content_of(path: Path, content: bytes, limits: Limits | None = None) -> bytes:
    path.write_bytes(content)
    return b"".join(unzip("dump", path, limits or Limits()))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
@pytest.mark.parametrize("content", [TEXT, b"", bytes(3 << 20)])
def test_the_member_of_a_zip_comes_back(path: Path, method: int, content: bytes) -> None:
    assert content_of(path, zipped(("a.csv", content), method=method)) == content


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_another_compression_is_drift(path: Path, method: int) -> None:
    with pytest.raises(SchemaDrift, match="unknown way"):
        content_of(path, zipped(("a.csv", TEXT), method=method))


@pytest.mark.parametrize("members", [(), (("a.csv", b"1\n"), ("b.csv", b"2\n"))])
def test_a_zip_of_none_or_several_members_is_drift(path: Path, members: tuple[tuple[str, bytes], ...]) -> None:
    with pytest.raises((SchemaDrift, Unusable)):
        content_of(path, zipped(*members))


def test_a_truncated_zip_is_damaged_wherever_it_ends(path: Path) -> None:
    whole = zipped(("a.csv", TEXT))
    for keep in range(4, len(whole), 211):
        with pytest.raises(Unusable):
            content_of(path, whole[:keep])


def test_a_flipped_bit_in_a_zip_never_changes_what_is_read(path: Path) -> None:
    whole = zipped(("a.csv", TEXT))
    for bit in range(0, len(whole) * 8, 509):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            assert content_of(path, bytes(damaged)) == TEXT
        except (Unusable, Retryable):
            continue


def test_an_empty_zip_file_may_be_retried(path: Path) -> None:
    with pytest.raises(Retryable, match="0 bytes"):
        content_of(path, b"")


def test_a_page_in_place_of_a_zip_is_drift(path: Path) -> None:
    with pytest.raises(SchemaDrift, match="HTML"):
        content_of(path, b"<html>not here</html>")


def test_too_much_after_unpacking_is_too_large(path: Path) -> None:
    limits = Limits(unpacked_bytes=10_000)
    with pytest.raises(TooLarge, match="10000 bytes unpacked"):
        unpacked(PACKED, limits=limits)
    with pytest.raises(TooLarge, match="10000 bytes unpacked"):
        content_of(path, zipped(("a.csv", TEXT)), limits)


def test_too_much_as_delivered_is_too_large() -> None:
    with pytest.raises(TooLarge, match="100 bytes as delivered"):
        unpacked(PACKED, pieces=60, limits=Limits(delivered_bytes=100))


def write_bomb(path: Path, size: int) -> None:
    """``size`` bytes of zeros, packed a thousandfold."""
    packer = zlib.compressobj(9, wbits=31)
    with path.open("wb") as file:
        for _ in range(size >> 20):
            file.write(packer.compress(bytes(1 << 20)))
        file.write(packer.flush())


BOMB_READER = """
import resource, sys
from pathlib import Path
from market_data_assets.errors import TooLarge
from market_data_assets.sources.archives import gunzip, read_pieces, unzip
from market_data_assets.sources.limits import Limits
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
path = Path(sys.argv[1])
pieces = unzip("bomb", path, Limits()) if path.suffix == ".zip" else gunzip("bomb", read_pieces(path), Limits())
try:
    for piece in pieces:
        assert len(piece) <= 1 << 20
except TooLarge as error:
    print(error)
"""


@pytest.mark.parametrize("ending", [".gz", ".zip"])
def test_a_bomb_is_too_large_and_memory_stays_bounded(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"bomb{ending}"
    if ending == ".gz":
        write_bomb(path, 512 << 20)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w", force_zip64=True) as member:
            for _ in range(128):
                member.write(bytes(1 << 20))
    answer = subprocess.run([sys.executable, "-c", BOMB_READER, str(path)], capture_output=True, text=True, check=False)
    assert answer.stdout.startswith("bomb: larger than the limit of 200 bytes unpacked for each delivered"), answer.stderr


def test_a_zip_directory_of_many_entries_is_refused_before_it_is_read(path: Path) -> None:
    with pytest.raises(SchemaDrift, match="40000 members"):
        content_of(path, zipped(*((f"{number}.csv", b"") for number in range(40_000))))


def test_pieces_of_a_file_are_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(TEXT * 200)
    pieces: Iterator[bytes] = read_pieces(path)
    assert b"".join(pieces) == TEXT * 200
