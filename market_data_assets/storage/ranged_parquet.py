"""Parquet from a distant store: the footer first, then the wanted chunks of all columns at once."""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.storage.ranged_file import RangedFile
from market_data_assets.storage.ranged_plan import chunk_ranges

TAIL_BYTES = 64 << 10
"""Fetched to find the footer: that of 200 candle columns takes 31 KiB, of a day of trades 4 to 20 KiB."""
_ENDING = 8
_MAGIC = b"PAR1"


class RangedParquet(pq.ParquetFile):
    """A Parquet file in a distant store. The checksums of its pages, where it has them, are compared."""

    def __init__(self, file: RangedFile, footer: pq.FileMetaData) -> None:
        # Arrow's own buffering would read across small gaps, which may not have been fetched.
        source = pa.PythonFile(file, mode="r")
        super().__init__(source, metadata=footer, pre_buffer=False, page_checksum_verification=True)
        self._ranged = file

    def ensure(self, groups: Iterable[int] | None, columns: Sequence[str]) -> None:
        """Have what decoding needs in memory; errors as :meth:`RangedFile.ensure`."""
        self._ranged.ensure(chunk_ranges(self.metadata, groups, columns))

    def expect(self, groups: Iterable[int], columns: Sequence[str]) -> None:
        """Begin to fetch what decoding will soon need."""
        self._ranged.expect(chunk_ranges(self.metadata, groups, columns))

    def drop(self, group: int, columns: Sequence[str]) -> None:
        """Let go of a row group that has been decoded."""
        ranges = chunk_ranges(self.metadata, [group], columns)
        if ranges:
            self._ranged.drop(ranges[0][0], ranges[-1][1])


def tail_of(size: int) -> tuple[int, int]:
    """The range of a file of ``size`` bytes in which its footer is looked for."""
    return max(size - TAIL_BYTES, 0), size


def read_footer(file: RangedFile) -> pq.FileMetaData:
    """The footer of a Parquet file.

    Raises:
        pa.ArrowInvalid: not a Parquet file.
    """
    file.ensure([tail_of(file.size)])
    ending = bytes(file.bytes_of(max(file.size - _ENDING, 0), file.size))
    start = file.size - _ENDING - int.from_bytes(ending[:4], "little")
    if ending[4:] != _MAGIC or start < 0:
        raise pa.ArrowInvalid("it does not end as a Parquet file does")
    return pq.read_metadata(pa.BufferReader(file.bytes_of(start, file.size)))
