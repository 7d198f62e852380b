"""One mixed file taken apart by symbol on the local disk, so that each instrument's rows can be read on their own.

The file is read once, in blocks. The lines of each symbol in a block are moved together and appended to one scratch
file as a compressed extent; reading a symbol is reading its extents. So the memory is that of two blocks however large
the file is, nothing is sorted, and every symbol's rows keep the order of the file.
"""

import gzip
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from market_data_assets.errors import StorageFailed
from market_data_assets.sources.csv.kernel import Bytes
from market_data_assets.sources.csv.symbols import labelled_blocks
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.local_file import LocalFile

BLOCK_BYTES = 32 << 20
"""The larger the blocks, the longer the extents: 2,000 contracts have 16 kB each in a block."""
_EXTENT_BYTES = 1 << 20
"""Readers take pieces of at most this size."""


@dataclass(slots=True)
class _Part:
    """Where the lines of one symbol are: offset, compressed and plain bytes of each extent, end to end."""

    spellings: Sequence[str]
    rows: int = 0
    extents: "array[int]" = field(default_factory=lambda: array("q"))


@dataclass(slots=True)
class SplitFile:
    """A mixed file, split. The scratch file is removed with the last reference to this.

    Attributes:
        what: The file, dataset and day, for messages.
        header: The file's column names; empty for a file of nothing at all.
    """

    what: str
    header: Sequence[str]
    scratch: LocalFile
    _parts: Mapping[str, _Part]

    @property
    def symbols(self) -> Sequence[str]:
        """The names of the file's symbols, ascending."""
        return sorted(self._parts)

    def rows(self, symbol: str) -> int:
        """How many rows a symbol has; 0 where the file has none of it."""
        return self._parts[symbol].rows if symbol in self._parts else 0

    def spellings(self, symbol: str) -> Sequence[str]:
        """How the file's rows spell a symbol."""
        return self._parts[symbol].spellings if symbol in self._parts else ()

    def content(self, symbol: str) -> Iterator[bytes]:
        """A file of its own for one symbol: the header and its lines as delivered, in pieces of at most 1 MiB.

        Raises:
            StorageFailed: the scratch file is gone or cannot be read.
        """
        if not self.header:
            return
        yield (",".join(self.header) + "\n").encode()
        yield from self._lines(symbol)

    def write(self, symbol: str, path: Path) -> None:
        """Write :meth:`content` as gzip.

        Raises:
            StorageFailed: the local disk refused.
        """
        try:
            with gzip.open(path, "wb", compresslevel=1) as file:
                for piece in self.content(symbol):
                    file.write(piece)
        except OSError as error:
            raise StorageFailed(f"{self.what}: {symbol} cannot be written to {path}: {error.strerror}") from None

    def remove(self) -> None:
        """Remove the scratch file before the last reference is gone."""
        self.scratch.path.unlink(missing_ok=True)

    def _lines(self, symbol: str) -> Iterator[bytes]:
        part = self._parts.get(symbol)
        if part is None:
            return
        try:
            with self.scratch.path.open("rb") as file:
                for index in range(0, len(part.extents), 3):
                    offset, size, plain = part.extents[index : index + 3]
                    file.seek(offset)
                    yield pa.decompress(file.read(size), plain, "lz4", asbytes=True)
        except OSError as error:
            raise StorageFailed(f"{self.what}: the rows of {symbol} cannot be read from {self.scratch.path}: {error.strerror}") from None


def split_by_symbol(
    what: str, chunks: Iterable[bytes], scratch: LocalFile, limits: Limits, *, name: Callable[[str], str], size: int = BLOCK_BYTES
) -> SplitFile:
    """Take a mixed file apart.

    Args:
        chunks: The uncompressed content, in pieces of at most 1 MiB.
        scratch: An empty file, to be filled.
        name: A symbol's one name, however rows spell it.
        size: Bytes of a block.

    Raises:
        SchemaDrift: no header, or none with a symbol column.
        Unusable: the last line is cut, a line has no symbol, or there are too many rows or symbols.
        StorageFailed: the local disk refused.
    """
    header: Sequence[str] = ()
    names: Sequence[str] = ()
    parts: list[_Part] = []
    try:
        with scratch.path.open("wb") as file:
            for block in labelled_blocks(what, chunks, name, size):
                header, names, spellings = block.header, block.symbols.names, block.symbols.spellings
                parts += [_Part(spellings[number]) for number in range(len(parts), len(spellings))]
                for number, run in block.runs():
                    _append(file, parts[number], run)
                    parts[number].rows = int(block.symbols.rows[number])
                limits.check_rows(what, int(block.symbols.rows.sum()))
    except OSError as error:
        raise StorageFailed(f"{what}: cannot be split in {scratch.path.parent}: {error.strerror}") from None
    return SplitFile(what, header, scratch, dict(zip(names, parts, strict=True)))


def _append(file: BinaryIO, part: _Part, lines: Bytes) -> None:
    for begin in range(0, len(lines), _EXTENT_BYTES):
        extent = lines[begin : begin + _EXTENT_BYTES].tobytes()
        compressed = pa.compress(extent, "lz4", asbytes=True)
        part.extents.extend((file.tell(), len(compressed), len(extent)))
        file.write(compressed)
