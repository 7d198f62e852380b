"""A stream of bytes as blocks of whole lines, in one reused buffer."""

from collections.abc import Iterable, Iterator

import numpy as np

from market_data_assets.errors import DamagedFile, SchemaDrift
from market_data_assets.sources.csv.kernel import Bytes

BLOCK_BYTES = 4 << 20
_HEADER_BYTES = 64 << 10


def line_blocks(what: str, chunks: Iterable[bytes], size: int = BLOCK_BYTES) -> Iterator[Bytes]:
    """Blocks of whole lines, each valid until the next is asked for.

    Args:
        what: The file, dataset, day and instrument, for messages.
        chunks: The stream, in pieces much shorter than ``size``.
        size: Bytes of the buffer. A line may be as long as what a chunk leaves free in it.

    Raises:
        Unusable: the last line has no end, or a line is too long.
    """
    buffer = np.empty(size, dtype=np.uint8)
    held = 0
    lines_end = 0
    for chunk in chunks:
        if held + len(chunk) > size:
            if lines_end:
                yield buffer[:lines_end]
            rest = held - lines_end
            if rest + len(chunk) > size:
                raise DamagedFile(f"{what}: a line is longer than {rest} bytes")
            buffer[:rest] = buffer[lines_end:held].copy()
            held, lines_end = rest, 0
        buffer[held : held + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
        if (last := chunk.rfind(b"\n")) >= 0:
            lines_end = held + last + 1
        held += len(chunk)
    if lines_end:
        yield buffer[:lines_end]
    if held > lines_end:
        rest_of_line = buffer[lines_end : min(held, lines_end + 80)].tobytes()
        raise DamagedFile(f"{what}: the last line is cut, it has no end: {rest_of_line!r}")


def split_header(what: str, block: Bytes) -> tuple[list[str], Bytes]:
    """The column names in the first line of a file's first block, and the block's other lines.

    Raises:
        SchemaDrift: there is no line end where a header would have one.
    """
    line, separator, _ = block[:_HEADER_BYTES].tobytes().partition(b"\n")
    if not separator:
        raise SchemaDrift(f"{what}: no header line in the first {_HEADER_BYTES} bytes: {line[:80]!r}")
    return line.rstrip(b"\r").decode(errors="replace").split(","), block[len(line) + 1 :]
