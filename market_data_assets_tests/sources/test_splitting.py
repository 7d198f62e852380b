"""A mixed file on disk, taken apart: every symbol reads as a file of its own, in bounded memory, and leaves nothing behind."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market_data_assets.errors import DamagedFile, StorageFailed, TooLarge
from market_data_assets.sources.download import Downloader
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.splitting import SplitFile, split_by_symbol

HEADER = b"exchange,symbol,n\n"


def split(cache: Path, content: bytes, *, limits: Limits | None = None, size: int = 1 << 21) -> SplitFile:
    scratch = Downloader(cache, Limits()).scratch_file("a file")
    pieces = (content[at : at + (1 << 20)] for at in range(0, len(content), 1 << 20))
    return split_by_symbol("a file", pieces, scratch, limits or Limits(), name=str.upper, size=size)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from("abcDE"), max_size=80))
def test_each_symbol_reads_as_a_file_of_its_own(cache: Path, symbols: list[str]) -> None:
    lines = [f"x,{symbol},{number}\n".encode() for number, symbol in enumerate(symbols)]
    found = split(cache, HEADER + b"".join(lines))
    assert list(found.symbols) == sorted({symbol.upper() for symbol in symbols})
    for symbol in found.symbols:
        mine = [line for line in lines if line.split(b",")[1].upper() == symbol.encode()]
        assert b"".join(found.content(symbol)) == HEADER + b"".join(mine)
        assert (found.rows(symbol), set(found.spellings(symbol))) == (len(mine), {line.split(b",")[1].decode() for line in mine})
    assert b"".join(found.content("Z")) == HEADER
    assert (found.rows("Z"), found.spellings("Z")) == (0, ())


def test_a_symbol_of_many_blocks_and_extents_keeps_its_order(cache: Path) -> None:
    lines = [b"x,%s,%d,%s\n" % (b"AB"[number % 2 :][:1], number, b"y" * 200) for number in range(60_000)]
    found = split(cache, HEADER + b"".join(lines), size=5 << 20)
    for start, symbol in enumerate("AB"):
        pieces = list(found.content(symbol))
        assert max(len(piece) for piece in pieces) <= 1 << 20
        assert b"".join(pieces) == HEADER + b"".join(lines[start::2])


def test_a_symbol_can_be_written_as_a_file(cache: Path, tmp_path: Path) -> None:
    found = split(cache, HEADER + b"x,A,1\nx,B,2\nx,A,3\n")
    found.write("A", tmp_path / "a.csv.gz")
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()) == HEADER + b"x,A,1\nx,A,3\n"


def test_nothing_has_no_symbols_and_no_header(cache: Path) -> None:
    assert (list(split(cache, b"").symbols), list(split(cache, b"").content("A"))) == ([], [])


def test_the_scratch_file_goes_with_the_last_reference(cache: Path) -> None:
    found = split(cache, HEADER + b"x,A,1\n")
    reading = found.content("A")
    assert next(reading) == HEADER
    assert len(list(cache.iterdir())) == 1
    del found
    assert list(reading) == [b"x,A,1\n"]
    del reading
    assert list(cache.iterdir()) == []


def test_a_scratch_file_that_is_gone_is_a_failure_of_storage_and_no_empty_day(cache: Path) -> None:
    found = split(cache, HEADER + b"x,A,1\n")
    found.remove()
    with pytest.raises(StorageFailed, match="rows of A cannot be read"):
        list(found.content("A"))


def test_too_many_rows_and_a_cut_line_are_refused_and_leave_nothing(cache: Path) -> None:
    with pytest.raises(TooLarge, match="2 rows"):
        split(cache, HEADER + b"x,A,1\n" * 3, limits=Limits(rows=2))
    with pytest.raises(DamagedFile, match="no end"):
        split(cache, HEADER + b"x,A,1\nx,A")
    assert list(cache.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_failure_of_storage(cache: Path) -> None:
    scratch = Downloader(cache, Limits()).scratch_file("a file")
    scratch.path.unlink()
    scratch.path.mkdir()
    with pytest.raises(StorageFailed, match="cannot be split"):
        split_by_symbol("a file", [HEADER], scratch, Limits(), name=str)
    scratch.path.rmdir()


MEMORY = """
import resource, sys
from pathlib import Path
from market_data_assets.sources.download import Downloader
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.splitting import split_by_symbol

def pieces(count):
    yield b"exchange,symbol,n\\n"
    for number in range(count):
        yield b"".join(b"x,S%d,%s\\n" % (row % 1000, b"y" * 100) for row in range(number, number + 9000))

downloader = Downloader(Path(sys.argv[1]), Limits())
split_by_symbol("a file", pieces(3), downloader.scratch_file("small"), Limits(), name=str, size=4 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = split_by_symbol("a file", pieces(100), downloader.scratch_file("large"), Limits(), name=str, size=4 << 20)
print(sum(found.rows(symbol) for symbol in found.symbols), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_is_that_of_two_blocks_however_large_the_file_is(cache: Path) -> None:
    answer = subprocess.run([sys.executable, "-c", MEMORY, str(cache)], capture_output=True, text=True, check=True)
    rows, mebibytes = map(int, answer.stdout.split())
    assert rows == 100 * 9_000
    # The file has 100 MB, the blocks 4 MiB.
    assert mebibytes < 40
