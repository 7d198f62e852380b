"""Which bytes of a Parquet file a read needs, and in which requests to fetch them. Ranges are half-open, ``[start, end)``."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import pyarrow.parquet as pq

Range = tuple[int, int]

GAP_BYTES = 128 << 10
"""Ranges closer than this are fetched together: the client spends on a request what it takes to receive as much."""
PIECE_BYTES = 4 << 20
"""Most bytes of one request. About what one connection receives while a request is answered, so more of them go faster."""

_FIRST_CHUNK = len(b"PAR1")


def chunk_ranges(footer: pq.FileMetaData, groups: Iterable[int] | None, columns: Iterable[str]) -> list[Range]:
    """Where ``columns`` lie in some row groups (None: in all of them), in the order of the file."""
    wanted = set(columns)
    leaves = [leaf for leaf in range(footer.num_columns) if _column_of(footer.schema.column(leaf).path) in wanted]
    chosen = range(footer.num_row_groups) if groups is None else groups
    return sorted(_chunk_range(footer.row_group(group).column(leaf)) for group in chosen for leaf in leaves)


def missing_ranges(wanted: Iterable[Range], held: Sequence[Range]) -> list[Range]:
    """The parts of ``wanted`` that none of ``held`` covers. Both ascend without overlap."""
    missing, position = [], 0
    for start, end in wanted:
        at = start
        while position < len(held) and held[position][1] <= at:
            position += 1
        while at < end:
            begin, until = held[position] if position < len(held) else (end, end)
            if begin > at:
                missing.append((at, min(begin, end)))
            at = max(at, until)
            if at < end:
                position += 1
    return missing


def joined(ranges: Iterable[Range], gap: int) -> list[Range]:
    """Ranges that are no more than ``gap`` bytes apart made one, ascending and without overlap. Empty ones are left out."""
    found: list[Range] = []
    for start, end in sorted(each for each in ranges if each[0] < each[1]):
        if found and start - found[-1][1] <= gap:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def pieces(ranges: Iterable[Range], largest: int) -> Iterator[Range]:
    """The same bytes in equal pieces of at most ``largest``. No range is empty."""
    for start, end in ranges:
        count = -(-(end - start) // largest)
        borders = [start + (end - start) * number // count for number in range(count + 1)]
        yield from pairwise(borders)


def _column_of(path: str) -> str:
    """The Arrow column of a leaf, whose path names the levels below it too: ``ask_prices.list.element``."""
    return path.partition(".")[0]


def _chunk_range(chunk: pq.ColumnChunkMetaData) -> Range:
    # As Arrow itself computes it: the dictionary, where there is one, stands before the data.
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        start = min(start, chunk.dictionary_page_offset)
    end = start + chunk.total_compressed_size
    # The four bytes before the first chunk come with it: who reads everything can then check the file as a whole.
    return (0 if start == _FIRST_CHUNK else start), end
